# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What names of locks cost in the kernel: where a lock lies is noted once, when its first
wait is counted (first_sight.c)."""
import json
import os
import subprocess
import time

from alone import Load
from machine import median

FIRST_SIGHT_US = 10
GROWTH = 1.1
MANY, MANY_THREADS = "many-locks", 10
STANDARD = ("shared-offset", "pipe", "rename", "messaging")
WARM_UP_S = 60
FEWEST_WAITS = 500


def _spells(setup, rounds, spell_ms):
    """[(noted, not noted), ...], pairs of spells next to each other."""
    argv = [os.path.join(setup.out, "bench/first_sight"), str(rounds), str(spell_ms)]
    said = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True, timeout=300).stdout
    rows = [json.loads(line) for line in said.splitlines()]
    pairs = zip(rows[::2], rows[1::2])
    return [(a, b) if a["noted"] else (b, a) for a, b in pairs]


def _warm(setup, spell_ms):
    """Until the load makes waits."""
    end = time.monotonic() + WARM_UP_S
    while time.monotonic() < end:
        if all(s["waits"] >= FEWEST_WAITS for s in _spells(setup, 1, spell_ms)[0]):
            return
    raise RuntimeError("the load makes too few waits")


def _per_wait(spell):
    return spell["run_ns"] / max(1, spell["waits"])


def first_sight(setup, table, rounds, quick):
    table.heading("Noting where a lock lies, at its first wait: BPF run time")
    spell_ms = 300
    with Load(setup, MANY, threads=MANY_THREADS):
        _warm(setup, spell_ms)
        pairs = [p for p in _spells(setup, 4 * rounds, spell_ms) if p[0]["places"] >= FEWEST_WAITS]
    if not pairs:
        raise RuntimeError("too few locks were waited for")
    costs = [(_per_wait(on) - _per_wait(off)) * on["waits"] / on["places"] / 1e3 for on, off in pairs]
    table.row("sight", "one lock, its first wait", median(costs), "us", goal=FIRST_SIGHT_US, samples=costs,
              text="%.2f us (%.2f to %.2f), %d locks a spell" % (
                  median(costs), min(costs), max(costs), median([on["places"] for on, _ in pairs])))
    for load in STANDARD:
        with Load(setup, load):
            _warm(setup, spell_ms)
            pairs = _spells(setup, 4 * rounds, spell_ms if quick else 1000)
        growth = [_per_wait(on) / _per_wait(off) for on, off in pairs if min(on["waits"], off["waits"]) >= FEWEST_WAITS]
        if not growth:
            table.note("sight: %s makes too few waits" % load)
            continue
        table.row("sight", "%s: a wait with it to one without" % load, median(growth), "times", goal=GROWTH,
                  samples=growth, text="%.3f (%.3f to %.3f)" % (median(growth), min(growth), max(growth)))
