# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""A large recording: how long `report` takes to read it and how much memory, as text, as a
page and in each form it exports; and how long a browser takes to open such a page."""
import os
import resource
import shutil
import subprocess
import time

import machine
import vm
from machine import median

RECORDS, RECORDS_OPENED = 1000000, 100000
REPORT_S, REPORT_MB, OPEN_S = 10, 300, 3
PATIENCE_S = 300
FORMS = ("folded", "pprof", "csv", "chrome", "dot", "json")


def _generate(setup, records):
    path = os.path.join(setup.scratch, "made-%d.ndjson" % records)
    with open(path, "wb") as out:
        subprocess.run([os.path.join(vm.ROOT, "tests/html/generate"), str(records)], stdout=out,
                       check=True)
    return path


def _cpu_s():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _run(argv):
    """(seconds, peak MB, seconds of processor time) of one run."""
    began, cpu_s = time.monotonic(), _cpu_s()
    process = machine.start(argv, stdout=subprocess.DEVNULL)
    peak = machine.watch_peak(process, PATIENCE_S)
    if process.returncode:
        raise RuntimeError("%s: status %d" % (" ".join(argv), process.returncode))
    return time.monotonic() - began, peak / 1e6, _cpu_s() - cpu_s


def _open(setup, page, rounds):
    """Seconds until the page is drawn, each round in a window of its own; None: no browser."""
    driver = os.path.join(setup.out, "tests/html/driver")
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if not browser or not os.path.isdir(os.path.join(driver, "node_modules")):
        return None
    shutil.copy(os.path.join(vm.ROOT, "tests/html/driver.mjs"), driver)
    shutil.copy(os.path.join(vm.ROOT, "tests/html/open.mjs"), driver)
    said = subprocess.run(["node", os.path.join(driver, "open.mjs"), page, str(rounds)],
                          env={**os.environ, "BROWSER": browser}, stdout=subprocess.PIPE,
                          text=True, check=True)
    return [float(ms) / 1000 for ms in said.stdout.split()]


def all_of(setup, table, rounds):
    table.heading("A large recording read, and its page opened")
    path, page = _generate(setup, RECORDS), os.path.join(setup.scratch, "page.html")
    out = os.path.join(setup.scratch, "out")
    for what, options in [("report", ["-o", out]), ("report --html", ["--html", page])] + [
            ("report --" + form, ["--" + form, "-o", out]) for form in FORMS]:
        runs = [_run([setup.lockscope, "report", "-q", path] + options) for _ in range(rounds)]
        seconds, peaks, cpu_s = zip(*runs)
        table.row("report", "%s, %d records" % (what, RECORDS), median(seconds), "s", REPORT_S,
                  text="%.2f s (%.2f s of processor)" % (median(seconds), median(cpu_s)),
                  samples=seconds)
        table.row("report", "%s: peak memory" % what, max(peaks), "MB", REPORT_MB)
        if os.path.exists(out):
            os.remove(out)
    os.remove(path)
    _run([setup.lockscope, "report", "-q", _generate(setup, RECORDS_OPENED), "--html", page])
    opened = _open(setup, page, rounds)
    if opened is None:
        table.note("no page was opened: run  tests/run html  first, for the browser's driver")
        return
    table.row("report", "page of %d records opened" % RECORDS_OPENED, median(opened), "s", OPEN_S,
              samples=opened)
