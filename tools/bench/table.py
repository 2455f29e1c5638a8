# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The rows of the result: what was measured, the value, the goal, met or not."""


class Table:
    """Prints rows as they come and keeps them for the JSON file."""

    def __init__(self):
        self.rows = []
        self.notes = []

    def heading(self, text):
        print("\n" + text, flush=True)

    def note(self, text):
        self.notes.append(text)
        print("  note: " + text, flush=True)

    def lines(self, lines):
        """What prints its own way; keep() has its values."""
        print("\n".join(lines), flush=True)

    def keep(self, part, what, value, unit, goal=None, samples=None):
        """goal: a number the value must not exceed, or None where there is none. Whether it is
        met, None when there is no goal or value."""
        met = None if goal is None or value is None else value <= goal
        self.rows.append({"part": part, "what": what, "value": value, "unit": unit,
                          "goal": goal, "met": met, "samples": samples})
        return met

    def row(self, part, what, value, unit, goal=None, text=None, samples=None):
        """keep(), printed. text: how to print the value where the number alone would say too
        little."""
        met = self.keep(part, what, value, unit, goal, samples)
        shown = text or ("-" if value is None else number(value, unit))
        aim = "" if goal is None else "goal <= %s" % number(goal, unit)
        word = {None: "", True: "met", False: "NOT MET"}[met]
        print(("  %-44s %-34s %-20s %s" % (what, shown, aim, word)).rstrip(), flush=True)

    def summary(self):
        judged = [r for r in self.rows if r["met"] is not None]
        missed = [r for r in judged if not r["met"]]
        print("\n%d of %d goals met" % (len(judged) - len(missed), len(judged)))
        for r in missed:
            print("  not met: %s: %s is %s, goal %s" % (
                r["part"], r["what"], number(r["value"], r["unit"]), number(r["goal"], r["unit"])))


def number(value, unit):
    digits = 0 if unit in ("ns", "") else 1 if unit in ("MB", "ms") else 2
    return ("%.*f %s" % (digits, value, unit)).strip()
