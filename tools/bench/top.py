# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the full screen of top takes, and how soon it answers a key: over a recording with very
many locks, where only the screen works, and live under load, where all of it does."""
import fcntl
import json
import os
import pty
import select
import struct
import subprocess
import termios
import time

import machine
from alone import Load
from machine import median
from tracers import load_argv

NR_LOCKS = 10000
CPU_PERCENT = 5		# of one core, at the default delay
DELAY_S = 2.0
KEY_MS = 100
QUIET_S = 0.25		# a picture is whole when nothing more came for so long
PATIENCE_S = 30
MANY, MANY_THREADS = "many-locks", 10
WARM_UP_S = 6		# by when all locks were waited for


class Terminal:
    """top on a terminal of 120 x 40 for the length of a `with`."""

    def __init__(self, argv):
        self.argv = argv

    def __enter__(self):
        self.fd, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        environment = dict(os.environ, TERM="xterm-256color", LC_ALL="C.UTF-8",
                           XDG_CONFIG_HOME="/nonexistent")
        self.process = machine.start(self.argv, stdin=far, stdout=far, env=environment)
        os.close(far)
        return self

    def __exit__(self, *_):
        machine.stop(self.process)
        os.close(self.fd)

    def read(self, patience_s):
        """What comes until there is a pause; seconds until the first of it, None for nothing."""
        began, first = time.monotonic(), None
        while select.select([self.fd], [], [], QUIET_S if first else patience_s)[0]:
            if not os.read(self.fd, 65536):
                break
            first = first or time.monotonic() - began
            if time.monotonic() - began > PATIENCE_S:
                break
        return first

    def key(self, key):
        """Seconds from the key to the first of the new picture."""
        os.write(self.fd, key)
        return self.read(PATIENCE_S)

    def cpu_s(self):
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def write_recording(path):
    """Statistics of NR_LOCKS locks, as a machine with 50,000 waits a second gives them."""
    with open(path, "w") as f:
        def write(**record):
            f.write(json.dumps(record) + "\n")
        write(type="header", schema=1, version="bench", kernel="bench", host="bench",
              level="contention", began_at="2026-01-01T00:00:00.000000000Z", command=["bench"],
              thresholds={"long_wait_ns": 10**9, "long_spin_ns": 10**7, "long_hold_ns": 10**9})
        for lock in range(NR_LOCKS):
            count = 10 + lock % 7
            hist = [0] * 64
            hist[10 + lock % 12] = count
            write(type="agg", lock="0x%x" % (0xffff888000000000 + lock * 64), kind="mutex",
                  mode="exclusive", spin=False, stack=None, count=count,
                  total_ns=count * 1500 * (1 + lock % 100), max_ns=4000 * (1 + lock % 100),
                  hist=hist)
        write(type="end", t_ns=2 * 10**9, records=NR_LOCKS + 1, command_status=None)


def _recording(setup, table, path, rounds):
    write_recording(path)
    with Terminal([setup.lockscope, "top", path]) as top:
        top.read(PATIENCE_S)
        moves = [top.key(b"j") * 1000 for _ in range(5 * rounds)]
        before = top.cpu_s()
        remade = [top.key(b"R") * 1000 for _ in range(5 * rounds)]
        update_s = (top.cpu_s() - before) / len(remade)
    table.row("top", "10,000 locks: cursor moves", median(moves), "ms", KEY_MS)
    table.row("top", "10,000 locks: sorted anew", median(remade), "ms", KEY_MS)
    table.row("top", "10,000 locks: the screen alone", 100 * update_s / DELAY_S,
              "% of a core", CPU_PERCENT)


def _live(setup, table, seconds):
    with Load(setup, "messaging"), Terminal([setup.lockscope, "top"]) as top:
        top.read(PATIENCE_S)
        top.key(b"1")
        before, began = top.cpu_s(), time.monotonic()
        keys = []
        while time.monotonic() - began < seconds:
            keys.append(top.key(b"j") * 1000)
        share = 100 * (top.cpu_s() - before) / (time.monotonic() - began)
    table.row("top", "live, messaging load: key", median(keys), "ms", KEY_MS)
    table.row("top", "live, messaging load: all of top", share, "% of a core", CPU_PERCENT)


def _made(setup):
    """What the load of many locks makes here: waits a second, and locks waited for."""
    argv = [setup.lockscope, "stat", "-q", "--json", "--",
            *load_argv(setup, MANY, seconds=WARM_UP_S, threads=MANY_THREADS)]
    said = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          check=True)
    records = [json.loads(line) for line in said.stdout.splitlines() if '"type"' in line]
    waits = sum(r["waits"] for r in records if r["type"] == "cost")
    return waits / WARM_UP_S, len({r["lock"] for r in records if r["type"] == "agg"})


def _many(setup, table, seconds):
    """Live, as many locks and waits as this machine makes; each lock a row of its own."""
    waits, locks = _made(setup)
    table.row("top", "live, many locks: the load", waits, "",
              text="%.0f waits/s of %d locks" % (waits, locks))
    with Load(setup, MANY, threads=MANY_THREADS), \
            Terminal([setup.lockscope, "top"]) as top:
        top.read(PATIENCE_S)
        top.key(b"i")
        end = time.monotonic() + WARM_UP_S
        while time.monotonic() < end:
            top.read(1)
        before, began = top.cpu_s(), time.monotonic()
        while time.monotonic() < began + seconds:
            top.read(1)
        share = 100 * (top.cpu_s() - before) / (time.monotonic() - began)
        keys = [top.key(key) * 1000 for key in (b"j", b"k") * 10]
    table.row("top", "live, many locks: key", median(keys), "ms", KEY_MS)
    table.row("top", "live, many locks: all of top", share, "% of a core", CPU_PERCENT)


def screen(setup, table, rounds, run_s):
    table.heading("The full screen of top")
    path = os.path.join(setup.scratch, "many-locks.ndjson")
    _recording(setup, table, path, rounds)
    _live(setup, table, 10 * run_s)
    _many(setup, table, 10 * run_s)
