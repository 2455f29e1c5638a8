# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""lockscope, node_exporter and Prometheus as a monitored machine has them, on loopback
and on ports of their own; all of them end with the test."""
import json
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from tap import HERE, LOAD, LOCKSCOPE, ROOT, WORK, Skip, output, program

PATIENCE_S = 40

CONFIG = """
global: { scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms }
rule_files: [ lockscope.rules.yml ]
scrape_configs:
  - job_name: node
    static_configs: [ { targets: [ "127.0.0.1:%d" ] } ]
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Monitor:
    def __init__(self):
        self.started, self.folder = [], tempfile.TemporaryDirectory(dir=WORK)
        self.textfiles = self.folder.name + "/textfiles"
        subprocess.run(["mkdir", self.textfiles], check=True)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        for process in reversed(self.started):
            process.terminate()
        for process in self.started:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.folder.cleanup()

    def start(self, name, *command):
        with open(WORK / f"{name}.log", "wb") as log:
            process = subprocess.Popen([str(c) for c in command], stdout=log, stderr=log, cwd=self.folder.name)
        self.started.append(process)
        return process

    def await_that(self, what, condition):
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if value := condition():
                return value
            for process in self.started:
                assert process.poll() is None, f"{process.args[0]} has ended: {process.returncode}"
            time.sleep(0.1)
        raise AssertionError(f"in vain waited {PATIENCE_S} s: {what}")

    def ask(self, path, **values):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(values)}"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)["data"]
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return None  # it is not up yet

    def value(self, query):
        """Of the one series that a query gives; None: there is none."""
        data = self.ask("query", query=query)
        result = data["result"] if data else []
        assert len(result) < 2, result
        return float(result[0]["value"][1]) if result else None

    def firing(self, alert):
        data = self.ask("alerts") or {"alerts": []}
        return [a for a in data["alerts"] if a["labels"]["alertname"] == alert and a["state"] == "firing"]

    def begin(self):
        exporter, self.port = free_port(), free_port()
        shutil.copy(ROOT / "doc/prometheus/lockscope.rules.yml", self.folder.name)
        with open(f"{self.folder.name}/prometheus.yml", "w") as config:
            config.write(CONFIG % exporter)
        self.lockscope = self.start("watch", LOCKSCOPE, "watch", "--prometheus", f"{self.textfiles}/lockscope.prom")
        self.start("node_exporter", program("prometheus-node-exporter", "prometheus-node-exporter"),
                   f"--web.listen-address=127.0.0.1:{exporter}", "--collector.disable-defaults",
                   "--collector.textfile", f"--collector.textfile.directory={self.textfiles}")
        self.start("prometheus", program("prometheus", "prometheus"), "--config.file=prometheus.yml",
                   "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{self.port}")


def a_deadlock_is_alarmed():
    for name in "prometheus-node-exporter", "prometheus":
        program(name, name)
    with Monitor() as m:
        m.begin()
        m.await_that("lockscope is scraped", lambda: m.value("lockscope_up") == 1)
        m.await_that("its findings are there", lambda: m.value('lockscope_findings_open{kind="deadlock",confidence="certain"}') == 0)
        assert not m.firing("LockscopeDeadlock")
        scene = m.start("filedeadlock", LOAD / "filedeadlock", "flock-abba", "--hold", "300")
        alert = m.await_that("the alert fires", lambda: m.firing("LockscopeDeadlock"))[0]
        assert alert["labels"]["severity"] == "critical" and "1 deadlock" in alert["annotations"]["summary"], alert
        assert m.value('lockscope_findings_total{kind="deadlock"}') == 1
        assert m.value("node_textfile_scrape_error") == 0
        names = m.ask("label/__name__/values")
        assert {"lockscope_lost_total", "lockscope_info", "lockscope_lock_waits_total"} <= set(names), names
        m.started.remove(scene)
        scene.terminate()
        scene.wait(10)
        m.await_that("the alert ends", lambda: not m.firing("LockscopeDeadlock"))
        m.started.remove(m.lockscope)
        m.lockscope.send_signal(signal.SIGINT)
        assert m.lockscope.wait(10) == 0
        m.await_that("that lockscope has ended is known", lambda: m.value("lockscope_up") == 0)
        left = output("ls", "-A", m.textfiles).split()
        assert left == ["lockscope.prom"], left
        output(program("promtool", "prometheus"), "check", "metrics",
               input=open(f"{m.textfiles}/lockscope.prom").read())


def rules_are_right():
    promtool = program("promtool", "prometheus")
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        shutil.copy(ROOT / "doc/prometheus/lockscope.rules.yml", folder)
        shutil.copy(HERE / "rules.test.yml", folder)
        output(promtool, "check", "rules", "lockscope.rules.yml", cwd=folder)
        output(promtool, "test", "rules", "rules.test.yml", cwd=folder)


def metrics_are_right():
    promtool = program("promtool", "prometheus")
    for path in sorted((ROOT / "tests/golden/out").glob("*.metrics")):
        assert not output(promtool, "check", "metrics", input=path.read_text()), path
    broken = subprocess.run([promtool, "check", "metrics"], input=b"lockscope_up one\n", stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE)
    assert broken.returncode, "promtool takes anything"


def can_trace():
    done = subprocess.run([LOCKSCOPE, "stat", "-q", "--for", "0.1"], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, encoding="utf-8", timeout=60)
    if done.returncode:
        raise Skip(f"nothing can be traced here: {done.stderr.strip()}")
