# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The tracers compared, and one run of a load under one of them.

Every tracer is told to run the command `inside`, which it starts when it is attached; only
the time the load itself reports counts, so neither attaching nor printing is in it.
"""
import json
import os
import shutil
import subprocess
import tempfile
import time

import machine

HERE = os.path.dirname(os.path.abspath(__file__))
LOADS = ("shared-offset", "pipe", "rename", "pipe-create", "messaging")


class Setup:
    """Where things are; scratch is a folder in memory. The programs measured are copies, so
    that a build meanwhile changes nothing; they lie below out, since memory may be noexec."""

    def __init__(self, out, scratch, perf, perf_l):
        os.makedirs(os.path.join(out, "bench"), exist_ok=True)
        self.programs = tempfile.mkdtemp(prefix="bin.", dir=os.path.join(out, "bench"))
        self.lockscope = shutil.copy2(os.path.join(out, "lockscope"), self.programs)
        self.lockload = shutil.copy2(os.path.join(out, "tests/load/lockload"), self.programs)
        self.out, self.scratch, self.perf, self.perf_l = out, scratch, perf, perf_l
        self.perf_data = os.path.join(scratch, "perf.data")

    def remove(self):
        for folder in (self.programs, self.scratch):
            shutil.rmtree(folder, ignore_errors=True)

    def tracer(self, name):
        """Its argv, to be followed by the command; empty for none."""
        return {
            "none": [],
            "lockscope": [self.lockscope, "stat", "--json", "-o", os.devnull, "--"],
            "lockscope, no stacks": [self.lockscope, "stat", "--stacks", "none", "--json",
                                     "-o", os.devnull, "--"],
            "perf -ab": [self.perf, "lock", "contention", "-a", "-b", "--"],
            "perf -abl": [self.perf_l, "lock", "contention", "-a", "-b", "-l", "--"],
            "perf record": [self.perf, "lock", "record", "-o", self.perf_data, "--"],
        }[name]


def load_argv(setup, load, seconds=None, ops=None, threads=None):
    how = ["-s", seconds] if ops is None else ["-n", ops]
    if threads:
        how += ["-t", threads]
    return [str(a) for a in [setup.lockload, load, *how, "--json", "--dir", setup.scratch]]


def run(setup, tracer, load):
    """One run of a load (see load_argv) under a tracer. Gives what `inside` wrote, with
    attach_s (from the tracer's exec to the command's start) and peak_bytes of the tracer.
    Raises RuntimeError with the tracer's own words when it fails."""
    result = os.path.join(setup.scratch, "inside.json")
    if os.path.exists(result):
        os.unlink(result)
    argv = setup.tracer(tracer) + [os.path.join(HERE, "inside"), result, "--", *load]
    began_ns = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    with open(os.path.join(setup.scratch, "tracer.err"), "w+") as said:
        process = machine.start(argv, stdout=subprocess.DEVNULL, stderr=said)
        peak = machine.watch_peak(process) if tracer != "none" else process.wait() * 0
        said.seek(0)
        words = said.read()
    if os.path.exists(setup.perf_data):
        os.unlink(setup.perf_data)
    if not os.path.exists(result):
        raise RuntimeError("%s: %s" % (tracer, words.strip()[-400:] or "said nothing"))
    with open(result) as f:
        out = json.load(f)
    out["attach_s"] = (out["began_ns"] - began_ns) / 1e9
    out["peak_bytes"] = peak
    return out


def ops_for(setup, load, seconds):
    """Fixed work for one thread of a load that takes about so long with no tracer."""
    argv = load_argv(setup, load, seconds=max(0.3, seconds / 2))
    found = json.loads(subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout)
    workers = found["threads"] if load != "messaging" else found["threads"] / 2
    return max(1, int(found["ops_per_second"] * seconds / workers))
