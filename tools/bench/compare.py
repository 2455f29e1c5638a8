# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""lockscope against perf in paired rounds: A B C D, A B C D, ... so that what else the
machine does meets all alike; ratios are taken within a round, medians over rounds."""
import machine
import tracers
from machine import median

SLOWDOWN = ("none", "lockscope", "perf -ab", "perf -abl", "perf record")
BPF_TIME = ("lockscope", "perf -ab", "lockscope, no stacks", "perf -abl")


# A round in which others kept this much of a CPU busy says more about them: a contended load
# needs all CPUs to contend.
DISTURBED_CPUS = 0.25


def rounds_of(table, what, rounds, run, names):
    """{name: [result]} of paired rounds; run(name) gives one result. Disturbed rounds are
    taken again while most are not disturbed; when most are, all count, and a note says so."""
    good, bad = [], []
    while len(good) + len(bad) < rounds or len(bad) <= len(good) < rounds:
        results = {name: run(name) for name in names}
        disturbed = max(r["others"] for r in results.values()) > DISTURBED_CPUS
        (bad if disturbed else good).append(results)
    if len(good) < rounds:
        table.note("%s: others were busy in %d of %d rounds; all are counted" % (
            what, len(bad), len(bad) + len(good)))
        good += bad
    return {name: [r[name] for r in good] for name in names}


def slow_down(setup, table, rounds, seconds):
    """Wall time of fixed work over that of the same round without a tracer."""
    table.heading("Slow-down: time of fixed work, over no tracer in the same round")
    for load in tracers.LOADS:
        argv = tracers.load_argv(setup, load, ops=tracers.ops_for(setup, load, seconds))
        with machine.BpfStats(False):
            seen = rounds_of(table, load, rounds, lambda t: tracers.run(setup, t, argv), SLOWDOWN)
        times = {t: [r["load"]["seconds"] for r in seen[t]] for t in SLOWDOWN}
        factors = {t: [s / base for s, base in zip(times[t], times["none"])] for t in SLOWDOWN}
        for t in SLOWDOWN[1:]:
            goal = None
            if t == "lockscope":
                goal = min(median(factors["perf -ab"]), median(factors["perf record"]))
            f = factors[t]
            table.row("slow-down", "%s, %s" % (load, t), median(f), "x", goal=goal,
                      text="%.2f x (%.2f to %.2f)" % (median(f), min(f), max(f)), samples=f)
        paired = [a / b for a, b in zip(times["lockscope"], times["perf -ab"])]
        table.row("slow-down", "%s, lockscope / perf -ab, paired" % load, median(paired), "x",
                  text="%.2f x (%.2f to %.2f)" % (median(paired), min(paired), max(paired)),
                  samples=paired)


def of_prog(progs, name):
    """The kernel keeps 15 characters of a name."""
    return progs.get(name[:15], {"ns": 0, "runs": 0, "missed": 0})


def wait_cost(result):
    """(begin ns, end ns, both for each wait, waits a second) of one run; None when no wait
    was seen. A mutex can begin twice and ends once, so ends are the waits."""
    begin = of_prog(result["progs"], "contention_begin")
    end = of_prog(result["progs"], "contention_end")
    if not begin["runs"] or not end["runs"]:
        return None
    return (begin["ns"] / begin["runs"], end["ns"] / end["runs"],
            (begin["ns"] + end["ns"]) / end["runs"], end["runs"] / result["load"]["seconds"])


def bpf_time(setup, table, rounds, seconds):
    """What the programs of begin and end take, by the kernel's own count."""
    table.heading("BPF time of one contended wait (kernel.bpf_stats_enabled): begin + end")
    ratios = {}
    with machine.BpfStats(True):
        for load in tracers.LOADS:
            argv = tracers.load_argv(setup, load, seconds=seconds)
            runs = rounds_of(table, load, rounds, lambda t: tracers.run(setup, t, argv), BPF_TIME)
            costs = {t: [wait_cost(r) for r in runs[t]] for t in BPF_TIME}
            for t in BPF_TIME:
                seen = [c for c in costs[t] if c]
                if seen:
                    begin, end, both, rate = (median(column) for column in zip(*seen))
                    table.row("BPF time", "%s, %s" % (load, t), both, "ns",
                              text="%.0f ns (%.0f + %.0f), %.0f k/s" % (both, begin, end, rate / 1e3),
                              samples=[c[2] for c in seen])
            for ours, theirs, goal in ((BPF_TIME[0], BPF_TIME[1], 0.8), (BPF_TIME[2], BPF_TIME[3], 1.0)):
                paired = [a[2] / b[2] for a, b in zip(costs[ours], costs[theirs]) if a and b]
                if not paired:
                    table.note("%s: no wait seen under %s or %s" % (load, ours, theirs))
                    continue
                ratios.setdefault((ours, theirs, goal), []).extend(paired)
                table.row("BPF time", "%s, %s / %s" % (load, ours, theirs), median(paired), "x",
                          goal=goal, samples=paired)
    for (ours, theirs, goal), all_of_them in ratios.items():
        table.row("BPF time", "all loads, %s / %s" % (ours, theirs), median(all_of_them), "x",
                  goal=goal)
