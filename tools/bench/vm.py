# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""On real kernels in QEMU, by the guest's clock: how soon a deadlock is named, and, with
instructions counted exactly, what an uncontended lock costs while lockscope runs."""
import json
import os
import subprocess

import machine
import pairs
import tracers
from machine import median

LATENCY_S = 1.0
ROOT = os.path.dirname(os.path.dirname(tracers.HERE))


def _tool(table, *argv, **how):
    """Runs a tool of tools/vm; False, with a note of why, when it fails."""
    process = machine.start(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            cwd=ROOT, **how)
    said = process.communicate()[0]
    if process.returncode:
        table.note("%s: exit %d: %s" % (" ".join(argv[:2]), process.returncode, said.strip()[-300:]))
    return process.returncode == 0


def _boot(setup, table, kernel, what, options, script_args=()):
    out = os.path.join(setup.out, "bench", "%s-%s" % (what, kernel))
    guest = "tools/bench/guest-%s.sh" % what
    files = ["--file", setup.lockscope, "--file", setup.lockload,
             "--file", "tests/vm/guest/lib.sh", "--out", out, "--native-spin"]
    good = _tool(table, "tools/vm/run", kernel, *files, *options, "--", guest, *script_args)
    return out if good else None


def _newest_since(finding):
    return max(e["waits_for"]["since_ns"] for e in finding["cycle"])


def _latencies(out):
    """[seconds] from the newest wait of each cycle to the first finding on it; and how many
    scenarios ran."""
    seen, first = [], set()
    with open(os.path.join(out, "watch.ndjson")) as f:
        for line in f:
            r = json.loads(line)
            if r["type"] != "finding" or r["kind"] != "deadlock" or r["id"] in first:
                continue
            first.add(r["id"])
            seen.append((r["t_ns"] - _newest_since(r)) / 1e9)
    with open(os.path.join(out, "scenarios")) as f:
        return seen, len(f.read().split())


def deadlocks(setup, table, kernels):
    table.heading("From the newest wait of a deadlock to its finding (guest's clock, QEMU)")
    for kernel in kernels:
        module = os.path.join(setup.out, "bench", "module-" + kernel)
        if not (_tool(table, "tools/vm/fetch", kernel) and
                _tool(table, "tools/vm/build-module", kernel, "tests/vm/module", module)):
            continue
        options = ["--module", os.path.join(module, "lk_test.ko"), "--thread", "single",
                   "--timeout", "240", "--allow-splat",
                   "rtmutex deadlock detected|rt_mutex_handle_deadlock"]
        out = _boot(setup, table, kernel, "deadlock", options)
        if not out:
            continue
        seen, ran = _latencies(out)
        if not seen:
            table.note("%s: no deadlock was found" % kernel)
            continue
        table.row("deadlock latency", "%s, longest of %d" % (kernel, ran),
                  max(seen) if len(seen) >= ran else 99.0, "s", goal=LATENCY_S, samples=seen,
                  text="%.2f s (median %.2f), %d of %d found" % (max(seen), median(seen),
                                                                 len(seen), ran))


def instructions(setup, table, kernels):
    """What each tracer adds to an uncontended pair, and what attaching takes."""
    table.heading("Instructions added to an uncontended pair (QEMU counts them, one CPU)")
    env = dict(os.environ, O=setup.out, LOCKSCOPE=setup.lockscope)
    for kernel in kernels:
        if not _tool(table, "tools/bench/icount", kernel, env=env):
            continue
        found = pairs.Pairs(os.path.join(setup.out, "bench", "icount-" + kernel))
        table.lines(pairs.report(kernel, found))
        _keep_pairs(table, kernel, found)


def _keep_pairs(table, kernel, found):
    for tracer, kind in found.of:
        if tracer != "none":
            table.keep("icount", "%s, %s, %s" % (kernel, kind, tracer),
                       round(found.added(tracer, kind)), "", samples=found.of[tracer, kind],
                       goal=pairs.goal_of(tracer, kind))
    for tracer, cost in found.attach.items():
        table.keep("icount", "%s, start to traced, a hook, %s" % (kernel, tracer),
                   cost.hook_ms(), "ms", goal=found.attach_goal_ms(tracer))
        table.keep("icount", "%s, linking a hook, %s" % (kernel, tracer), cost.link_ms(), "ms")
    for words in found.failed:
        table.note("%s: did not attach: %s" % (kernel, words))
