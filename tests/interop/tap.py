# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""TAP, and the programs of others: found where they are installed, else fetched."""
import os
import pathlib
import shutil
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
OUT = ROOT / os.environ.get("O", ".output")
WORK = OUT / "tests/interop"
LOCKSCOPE = OUT / "lockscope"
LOAD = OUT / "tests/load"

number = failed = 0


class Skip(Exception):
    """Why a test cannot run here; a failure with CI=true."""


def test(name, run, *args):
    global number, failed
    number += 1
    fault, skip = "", ""
    try:
        run(*args)
    except Skip as why:
        skip = f" # SKIP {why}"
        if os.environ.get("CI") == "true":
            fault, skip = str(why), ""
    except subprocess.CalledProcessError as error:
        fault = f"{error}\n{error.stderr or ''}\n{(error.stdout or '')[-2000:]}"
    except Exception:  # whatever is wrong fails this test, not the others
        fault = traceback.format_exc()
    failed += bool(fault)
    print(f"{'not ' if fault else ''}ok {number} - {name}{skip}", flush=True)
    for line in fault.splitlines():
        print(f"# {line}")


def finish():
    print(f"1..{number}")
    return 1 if failed else 0


def output(*command, **more):
    """stdout of a program that must succeed, as text."""
    more = {"timeout": 60, "encoding": "utf-8"} | more
    return subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=True, **more).stdout


def package(name):
    """The .deb of a package, in its own folder.  Not installed: that would start a service
    on the machine the tests run on, or take half a gigabyte."""
    where = WORK / "debs" / name
    if not list(where.glob("*.deb")):
        where.mkdir(parents=True, exist_ok=True)
        fetch = ["apt-get", "-qq", "download", name]
        if subprocess.run(fetch, cwd=where, capture_output=True, timeout=300).returncode:
            # the lists of packages may be old
            subprocess.run(["apt-get", "-qq", "update"], capture_output=True, timeout=300)
            done = subprocess.run(fetch, cwd=where, encoding="utf-8", stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=300)
            if done.returncode:
                raise Skip(f"package {name} cannot be fetched: {' '.join(done.stdout.split())[:200]}")
    return next(where.glob("*.deb"))


def from_package(name, path):
    """A file of a package, unpacked once."""
    target = WORK / "programs" / pathlib.Path(path).name
    if not target.exists():
        deb = package(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_suffix(".draft")
        with open(draft, "wb") as out:
            source = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
            done = subprocess.run(["tar", "xO", f"./{path}"], stdin=source.stdout, stdout=out)
            source.stdout.close()
            source.wait()
        if done.returncode or not draft.stat().st_size:
            raise Skip(f"package {name} has no {path}")
        draft.chmod(0o755)
        draft.rename(target)
    return target


def program(name, package_name):
    return shutil.which(name) or from_package(package_name, f"usr/bin/{name}")


def go_pprof():
    """`go tool pprof`, or the program that it runs, out of Go's own package."""
    if shutil.which("go"):
        return ["go", "tool", "pprof"]
    known = subprocess.run(["apt-cache", "depends", "golang-go"], stdout=subprocess.PIPE,
                           stderr=subprocess.DEVNULL, encoding="utf-8").stdout.split()
    for word in known:
        if word.startswith("golang-1") and word.endswith("-go"):
            version = word.removeprefix("golang-").removesuffix("-go")
            arch = output("dpkg", "--print-architecture").strip()  # Go calls those of Debian alike
            return [from_package(word, f"usr/lib/go-{version}/pkg/tool/linux_{arch}/pprof")]
    raise Skip("neither Go nor its package is known here")


def npm():
    """The packages that package-lock.json names; returns their folder."""
    for tool in "node", "npm":
        if not shutil.which(tool):
            raise Skip(f"{tool} is missing")
    target, lock = WORK / "npm", HERE / "package-lock.json"
    fetched = target / "fetched"
    if not fetched.exists() or fetched.read_bytes() != lock.read_bytes():
        target.mkdir(parents=True, exist_ok=True)
        for name in "package.json", "package-lock.json", ".npmrc":
            shutil.copy(HERE / name, target)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--prefer-offline"], cwd=target,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=300)
        if done.returncode and any(word in done.stdout for word in (
                "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH")):
            raise Skip("the npm registry cannot be reached")
        assert not done.returncode, done.stdout
        shutil.copy(lock, fetched)
    return target


def browser():
    for name in "chromium", "chromium-browser", "google-chrome":
        if shutil.which(name):
            return shutil.which(name)
    raise Skip("chromium is missing")


def build():
    subprocess.run(["make", "-s", "-C", ROOT, f"O={os.environ.get('O', '.output')}", "all", "load"], check=True,
                   stdout=sys.stderr)
    WORK.mkdir(parents=True, exist_ok=True)
