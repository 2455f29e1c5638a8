# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""The names of locks against what the module tests/vm/names says they are.

A name is right, a guess that is right, wrong, or a guess that is wrong. To say less than
could be said (the cache instead of the type) is not wrong; how often is counted.
"""
import re

STACK, VMALLOC = "lock on the stack in ", "lock in vmalloc memory in "
# What a name by the one who waits says of where the lock is.
SITE = {"own stack": (STACK,), "vmalloc": (VMALLOC,),
        # By the end of the wait nothing tells whose it was; stacks are vmalloc'ed.
        "holder's stack": (STACK, VMALLOC),
        # The first chunk of per-CPU memory lies among the pages, later ones are vmalloc'ed.
        "pages": ("lock in ",), "alloc_percpu": ("lock in ", VMALLOC)}


def spins(kind):
    return kind in ("spinlock", "rwlock")


def is_right(truth, name):
    """Whether what the name says is so."""
    text, source, place = name["name"], name["name_source"], truth["place"]
    # BTF as pahole makes it has arrays of arrays as one.
    path = "%s.%s" % (truth.get("type"), (truth.get("path") or "").replace("grid[1][2]", "grid[5]"))
    symbols = (truth.get("symbol"), "%s+0x%x" % (truth.get("symbol"), truth["off"]),
               "%s.%s" % (truth.get("symbol"), truth.get("path")))
    if source == "symbol":
        good = text in symbols
        return good and (place != "percpu" or name.get("object") == "CPU %d" % truth["cpu"])
    if source == "type":
        return text == path
    if source == "cache":
        cache, _, off = text.partition("+0x")
        if off != "%x" % truth["off"]:
            return False
        if place == "kmalloc":
            return bool(re.match(r"(dma-)?kmalloc-", cache))
        return cache == truth.get("cache") or place == "merged"
    if source == "site":
        ends = "%s [lk_names]" % truth["site"]
        starts = SITE.get(place, ("static lock in ",) if place == "static" else ())
        return text in [s + ends for s in starts]
    return False


def judge(truths, names):
    """[(truth, name or None, "right" "guessed" "wrong" "misguessed" "unnamed")]"""
    out = []
    for t in truths:
        name = names.get((t["lock"], spins(t["kind"])))
        if not name:
            out.append((t, None, "unnamed"))
            continue
        guess = name.get("name_guess", False)
        good = is_right(t, name)
        out.append((t, name, ("guessed" if guess else "right") if good else
                    ("misguessed" if guess else "wrong")))
    return out
