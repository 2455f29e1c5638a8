#!/usr/bin/python3 -B
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""usage: pairs.py KERNEL FOLDER

What tools/bench/icount left in FOLDER: prints the instructions each tracer adds to an
uncontended pair of each kind of lock, those that miss their goal marked with "!", and
what attaching took.
"""
import os
import sys
from dataclasses import dataclass
from statistics import median

SLEEPING = ("mutex", "mutex_trylock", "rwsem_read", "rwsem_write")
SPINNING = ("spinlock", "spinlock_irqsave", "rwlock_read")
SLEEPING_GOAL, SPINNING_GOAL = 650, 450


def goal_of(tracer, kind):
    """Instructions a pair may cost more under that tracer; None where nothing is asked."""
    if tracer == "contention" or (tracer == "held" and kind in SPINNING):
        return 0
    if tracer.startswith(("held", "stat")) and kind in SLEEPING:
        return SLEEPING_GOAL
    if tracer in ("held+spin", "stat+spin") and kind in SPINNING:
        return SPINNING_GOAL
    return None


@dataclass
class Attach:
    """seconds: from the tracer's start until it traces; linking_s: how much of that is in the
    system calls that link a program to its hook. The rest loads and verifies programs."""
    hooks: int
    seconds: float
    linking_s: float

    def hook_ms(self):
        return self.seconds * 1000 / max(1, self.hooks)

    def link_ms(self):
        return self.linking_s * 1000 / max(1, self.hooks)


class Pairs:
    """of[tracer, kind]: the medians of the rounds, instructions for one pair; tracers and kinds
    in the order measured, "none" is the kernel's own cost. attach: {tracer: Attach}. failed:
    what those said that did not attach."""

    def __init__(self, folder):
        self.of, self.attach, self.failed = {}, {}, []
        with open(os.path.join(folder, "pairs")) as f:
            for tracer, kind, _, middle, _, pairs in map(str.split, f):
                self.of.setdefault((tracer, kind), []).append(int(middle) / int(pairs))
        with open(os.path.join(folder, "attach")) as f:
            for tracer, hooks, *seconds in map(str.split, f):
                self.attach[tracer] = Attach(int(hooks), *map(float, seconds))
        if os.path.exists(os.path.join(folder, "failed")):
            with open(os.path.join(folder, "failed")) as f:
                self.failed = f.read().splitlines()
        self.tracers = list(dict.fromkeys(tracer for tracer, _ in self.of))
        self.kinds = list(dict.fromkeys(kind for _, kind in self.of))

    def added(self, tracer, kind):
        return median(self.of[tracer, kind]) - median(self.of["none", kind])

    def spread(self):
        """Per cent between the lowest and the highest round, the worst of all."""
        return max((max(v) - min(v)) / median(v) for v in self.of.values()) * 100

    def attach_goal_ms(self, tracer):
        """What klockstat takes for a hook; None where nothing is asked."""
        judged = tracer.startswith("held") and "klockstat" in self.attach
        return self.attach["klockstat"].hook_ms() if judged else None

    def attaches_slower(self, tracer):
        goal = self.attach_goal_ms(tracer)
        return goal is not None and self.attach[tracer].hook_ms() > goal

    def cell(self, tracer, kind):
        """As shown in the table."""
        if tracer == "none":
            return "%.0f" % median(self.of[tracer, kind])
        added, goal = self.added(tracer, kind), goal_of(tracer, kind)
        return "%.0f%s" % (added, "!" if goal is not None and round(added) > goal else " ")


def matrix(kernel, pairs):
    """The table as lines."""
    row = "  %-17s" + " %11s" * len(pairs.tracers)
    yield row % (kernel, *("pair alone" if t == "none" else t for t in pairs.tracers))
    for kind in pairs.kinds:
        yield row % (kind, *(pairs.cell(t, kind) for t in pairs.tracers))
    yield "  goals: contention 0; mutex or rwsem %d; spinlock or rwlock with --spin %d, " \
        "without 0;\n  attaching a hook no slower than klockstat; ! is a miss" % (
            SLEEPING_GOAL, SPINNING_GOAL)
    yield "  rounds differ by %.2f %% at most" % pairs.spread()


def attaching(pairs):
    for tracer, a in pairs.attach.items():
        yield "  attach %-12s %3d hooks in %6.2f s, %4.0f ms a hook (linking %4.1f)%s" % (
            tracer, a.hooks, a.seconds, a.hook_ms(), a.link_ms(),
            " !" if pairs.attaches_slower(tracer) else "")


def report(kernel, pairs):
    """All of it as lines."""
    yield from matrix(kernel, pairs)
    yield from attaching(pairs)
    for words in pairs.failed:
        yield "  did not attach: " + words


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for line in report(sys.argv[1], Pairs(sys.argv[2])):
        print(line)


if __name__ == "__main__":
    main()
