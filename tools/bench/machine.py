# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What every part needs of the machine, and putting it back as it was.

Starts programs so that none outlives the run: they get no controlling terminal's
signals but ours, and what they leave behind is adopted and killed here.
"""
import ctypes
import os
import signal
import statistics
import subprocess
import time

PR_SET_CHILD_SUBREAPER = 36
BPF_STATS = "/proc/sys/kernel/bpf_stats_enabled"

median = statistics.median


class Interrupted(Exception):
    """A signal asked for the end."""


def _on_signal(number, _frame):
    raise Interrupted(signal.Signals(number).name)


def own_all_children():
    """To be called once: orphans of what is started here become children of this process,
    and a signal becomes an exception, so that every `finally` runs."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_signal)


def _children():
    with open("/proc/self/task/%d/children" % os.getpid()) as f:
        return [int(pid) for pid in f.read().split()]


def end_all_children():
    """Kills what is left, also what its parents left behind, and waits for it."""
    while True:
        for pid in _children():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def read_file(path):
    with open(path) as f:
        return f.read().strip()


class BpfStats:
    """kernel.bpf_stats_enabled as wanted inside a `with`, as it was after it."""

    def __init__(self, on):
        self.wanted = "1" if on else "0"

    def __enter__(self):
        self.before = read_file(BPF_STATS)
        self._write(self.wanted)

    def __exit__(self, *_):
        self._write(self.before)

    @staticmethod
    def _write(value):
        with open(BPF_STATS, "w") as f:
            f.write(value)


def start(argv, **how):
    """A process in a session of its own, with no input."""
    how.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.Popen([str(a) for a in argv], start_new_session=True, **how)


def stop(process, patience_s=20):
    """SIGINT, as a user would; SIGKILL when that is not heard in time."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def peak_bytes(pid):
    """Most resident memory the program in this process had so far; 0 when it is gone.
    (Not ru_maxrss: that still counts what the process was before its exec.)"""
    try:
        with open("/proc/%d/status" % pid) as f:
            for line in f:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    return 0


def mapped_map_bytes(pid):
    """Resident bytes of BPF maps that this process has mapped; what is mapped twice counts twice,
    as it does in the resident memory. 0 when it is gone."""
    total, of_map = 0, False
    try:
        with open("/proc/%d/smaps" % pid) as f:
            for line in f:
                if line.startswith("Rss:"):
                    total += int(line.split()[1]) * 1024 if of_map else 0
                elif "-" in line.split(":", 1)[0].split(" ", 1)[0]:
                    of_map = line.endswith("anon_inode:bpf-map\n")
    except (OSError, ValueError):
        pass
    return total


def watch_peak(process, patience_s=60):
    """Waits for the process to end; returns the most memory it was seen with."""
    peak, deadline = 0, time.monotonic() + patience_s
    while process.poll() is None:
        if time.monotonic() > deadline:
            process.kill()
            process.wait()
            raise TimeoutError(process.args)
        peak = max(peak, peak_bytes(process.pid))
        time.sleep(0.002)
    return peak
