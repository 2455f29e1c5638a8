# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What lockscope takes by itself: time to its first record, memory, what it loses under the
heaviest load, the graph's algorithms, and a lock that nobody contends for."""
import json
import os
import signal
import subprocess
import threading
import time

import machine
import tracers
from machine import median

FIRST_RECORD_S = 0.5
MEMORY_MB = 40
GRAPH_MS = 30
DIAGNOSE_S = 2
# a machine with 5,000 blocked threads
PASS_KERNEL_MS, PASS_MS, PASS_MEMORY_MB = 15, 50, 60
PATIENCE_S = 5


class Load:
    """A load that goes on for the length of a `with`."""

    def __init__(self, setup, name, threads=None):
        self.argv = tracers.load_argv(setup, name, seconds=600, threads=threads)

    def __enter__(self):
        self.process = machine.start(self.argv, stdout=subprocess.DEVNULL)
        return self.process

    def __exit__(self, *_):
        machine.stop(self.process)


def _line_times(argv, kinds):
    """Seconds from exec until the first line of each kind came out of argv, then ends it;
    those that did not come in time are PATIENCE_S."""
    began = time.monotonic()
    process = machine.start(argv, stdout=subprocess.PIPE, text=True)
    deadline = threading.Timer(PATIENCE_S, process.kill)
    deadline.start()
    seen = {}
    try:
        for line in process.stdout:
            kind = json.loads(line)["type"]
            seen.setdefault(kind, time.monotonic() - began)
            if all(k in seen for k in kinds):
                break
        process.stdout.close()
        machine.stop(process)
    finally:
        deadline.cancel()
        if process.poll() is None:
            process.kill()
            process.wait()
    return [seen.get(k, PATIENCE_S) for k in kinds]


def first_record(setup, table, rounds):
    """From exec to the first line, and to the first wait, while a load runs."""
    table.heading("Time to first record, from exec, while the messaging load runs")
    rows = {
        "record: header": ([setup.lockscope, "record", "-q", "-o", "-"], "header"),
        "record: first wait": ([setup.lockscope, "record", "-q", "-o", "-"], "wait"),
        "watch: header": ([setup.lockscope, "watch", "-q", "--json"], "header"),
        "stat: header": ([setup.lockscope, "stat", "-q", "--json"], "header"),
        "top -b: first table": ([setup.lockscope, "top", "-b", "--json", "-d", "0.1"], "top"),
    }
    times = {what: [] for what in rows}
    attach = {t: [] for t in ("lockscope", "perf -ab", "perf record")}
    short = tracers.load_argv(setup, "idle", seconds=0.01)
    with Load(setup, "messaging"):
        for _ in range(rounds):
            for what, (argv, kind) in rows.items():
                times[what] += _line_times(argv, [kind])
            for t in attach:
                attach[t].append(tracers.run(setup, t, short)["attach_s"])
    for what, seen in times.items():
        goal = FIRST_RECORD_S if not what.startswith("top") else None
        text = "%.2f s (%.2f to %.2f)" % (median(seen), min(seen), max(seen))
        if median(seen) >= PATIENCE_S:
            text = "not within %d s" % PATIENCE_S
        table.row("first record", what, median(seen), "s", goal=goal, text=text, samples=seen)
    for t, seen in attach.items():
        table.row("first record", "attached and command started, %s" % t, median(seen), "s",
                  samples=seen)


def _memory_of(argv, seconds):
    """Most resident memory, and what of it was pages of maps just before the end."""
    process = machine.start(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    of_maps = []

    def end():
        of_maps.append(machine.mapped_map_bytes(process.pid))
        process.send_signal(signal.SIGINT)

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        return machine.watch_peak(process), sum(of_maps)
    finally:
        timer.cancel()


def _maps_of(setup, command):
    """Map bytes as lockscope itself says them; 0 when that command does not."""
    said = subprocess.run([setup.lockscope, *command], stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.DEVNULL, timeout=60)
    for line in said.stdout.splitlines():
        row = json.loads(line)
        if row["type"] == "cost":
            return row["map_bytes"]
    return 0


def memory(setup, table, seconds):
    table.heading("Peak memory (resident) while the messaging and rename loads run")
    commands = {
        "stat": ["stat", "-q", "-o", os.devnull],
        "watch": ["watch", "-q", "-o", os.devnull],
        "record": ["record", "-q", "-o", os.path.join(setup.scratch, "memory.ndjson")],
        "top -b": ["top", "-b", "-d", "0.5"],
    }
    with Load(setup, "messaging"), Load(setup, "rename"):
        for what, command in commands.items():
            peak, of_maps = (b / 1e6 for b in _memory_of([setup.lockscope, *command], seconds))
            table.row("memory", "lockscope %s" % what, peak - of_maps, "MB", goal=MEMORY_MB,
                      text="%.1f MB, and %.1f MB of mapped maps" % (peak - of_maps, of_maps))
        maps = _maps_of(setup, ["stat", "--json", "--for", "0.5"]) / 1e6
        table.row("memory", "lockscope's BPF maps, beside it", maps, "MB")
        spell = tracers.load_argv(setup, "idle", seconds=seconds)
        for t in ("perf -ab", "perf -abl", "perf record"):
            seen = tracers.run(setup, t, spell)
            table.row("memory", "%s" % t, seen["peak_bytes"] / 1e6, "MB",
                      text="%.1f MB, maps %.1f MB" % (seen["peak_bytes"] / 1e6,
                                                      seen["map_bytes"] / 1e6))
    for name in os.listdir(setup.scratch):
        if name.startswith("memory"):
            os.unlink(os.path.join(setup.scratch, name))


def _looks(setup):
    said = subprocess.run([os.path.join(setup.out, "bench/one_pass"), "20"], stdout=subprocess.PIPE,
                          text=True, check=True, timeout=120)
    return json.loads(said.stdout)


def one_pass(setup, table, rounds):
    """A look at a machine on which 5,000 threads wait for one pipe."""
    table.heading("One look at 5,000 blocked threads: processor time")
    without = [_looks(setup)["first"] for _ in range(rounds)]
    folder = os.path.join(setup.scratch, "crowd")
    os.makedirs(folder, exist_ok=True)
    crowd = machine.start([os.path.join(setup.out, "tests/load/stuckwait"), folder, "crowd", "5000"],
                          stdout=subprocess.PIPE, text=True)
    try:
        crowd.stdout.readline()  # they stand
        seen = [_looks(setup) for _ in range(rounds)]
    finally:
        crowd.kill()
        crowd.wait()
        crowd.stdout.close()
    fewest = min(s["tasks"] for s in seen)
    if fewest < 5000:
        raise RuntimeError("only %d tasks were seen" % fewest)
    for what, key, unit, goal in (
            ("the pass that tells who is blocked", "snapshot_pass", "ms", PASS_KERNEL_MS),
            ("the pass that tells all sleepers' stacks", "before_pass", "ms", PASS_KERNEL_MS),
            ("a look, with all that is done with it", "later", "ms", PASS_MS),
            ("the first look, with the search", "first", "ms", PASS_MS),
            ("memory", "rss_mb", "MB", PASS_MEMORY_MB)):
        values = [s[key] for s in seen]
        table.row("pass", what, median(values), unit, goal=goal, samples=values,
                  text="%.1f %s (%.1f to %.1f)" % (median(values), unit, min(values), max(values)))
    table.row("pass", "the first look, before those threads came", median(without), "ms",
              samples=without)


def diagnose(setup, table, rounds):
    """From exec to exit, on a machine that is well."""
    table.heading("diagnose, on a machine that is well")
    times = []
    for _ in range(rounds):
        began = time.monotonic()
        subprocess.run([setup.lockscope, "diagnose"], stdout=subprocess.DEVNULL, timeout=60)
        times.append(time.monotonic() - began)
    table.row("diagnose", "time, exec to exit", median(times), "s", goal=DIAGNOSE_S, samples=times)


def _last(path, kind):
    row = {}
    with open(path) as f:
        for line in f:
            if line.startswith('{"type":"%s"' % kind):
                row = json.loads(line)
    return row


def _lost_text(lost):
    return ", ".join("%s %d" % (k, v) for k, v in lost.items() if k not in ("type", "t_ns") and v)


def losses(setup, table, seconds):
    """Every load in turn; stat must lose nothing, record counts what it loses."""
    table.heading("Losses under load (default map sizes)")
    path = os.path.join(setup.scratch, "lost.ndjson")
    inside = os.path.join(tracers.HERE, "inside")
    for load in tracers.LOADS:
        for command in ("stat", "record"):
            argv = [setup.lockscope, command, "-q", "-o", path]
            argv += ["--json"] if command == "stat" else []
            argv += ["--", inside, os.path.join(setup.scratch, "lost.json"), "--"]
            process = machine.start(argv + tracers.load_argv(setup, load, seconds=seconds),
                                    stderr=subprocess.DEVNULL)
            machine.watch_peak(process, patience_s=120)
            lost, cost = _last(path, "lost"), _last(path, "cost")
            waits = cost.get("waits", 0)
            all_lost = sum(v for k, v in lost.items() if k not in ("type", "t_ns"))
            text = "%d of %d lost, %.0f k waits/s" % (all_lost, waits, waits / seconds / 1e3)
            if all_lost:
                text += " (%s)" % _lost_text(lost)
            if command == "record":
                text += ", %d MB" % (os.path.getsize(path) >> 20)
            table.row("losses", "%s, %s" % (load, command), all_lost, "",
                      goal=0 if command == "stat" else None, text=text)
            os.unlink(path)


def graph(setup, table):
    """The program's own medians; see tests/unit/bench_graph.c."""
    table.heading("The graph alone: 100,000 tasks, built and searched")
    said = subprocess.run([os.path.join(setup.out, "tests/unit/bench_graph")], check=True,
                          stdout=subprocess.PIPE, text=True, timeout=120)
    for line in said.stdout.splitlines():
        words = line.split()
        try:
            both = float(words[-1])
        except (IndexError, ValueError):
            continue  # its heading
        table.row("graph", " ".join(words[:-4]), both, "ms",
                  goal=GRAPH_MS)


def uncontended(setup, table, rounds, seconds):
    """A lock that nobody waits for fires no tracepoint: the programs do not run, and the
    kernel's code around it is not changed, since nothing is attached to it."""
    table.heading("A lock nobody contends for: fixed work, over no tracer in the same round")
    argv = tracers.load_argv(setup, "uncontended",
                             ops=tracers.ops_for(setup, "uncontended", seconds))
    times = {t: [] for t in ("none", "lockscope", "perf -ab")}
    with machine.BpfStats(False):
        for _ in range(rounds):
            for t in times:
                times[t].append(tracers.run(setup, t, argv)["load"]["seconds"])
    for t in ("lockscope", "perf -ab"):
        f = [s / base for s, base in zip(times[t], times["none"])]
        table.row("uncontended", "time, %s" % t, median(f), "x", samples=f,
                  text="%.3f x (%.3f to %.3f)" % (median(f), min(f), max(f)))
    with machine.BpfStats(True):
        seen = tracers.run(setup, "lockscope", argv)
    runs = sum(p["runs"] for name, p in seen["progs"].items() if name.startswith("contention_"))
    table.row("uncontended", "BPF programs run for each lock taken", runs / seen["load"]["ops"],
              "", text="%d in %d locks taken" % (runs, seen["load"]["ops"]), goal=0.001)
