#!/usr/bin/env python3
"""Run and test Softphone from nothing: `python3 dev.py run`, `test [--quick]`, `lint`, `lock`.

Needs only a Python from 3.11 to 3.13 (or an older or newer one beside which such a Python is found). Makes
`.venv` in the project's root, installs what the lock files name, on Debian and Ubuntu installs the missing
system packages, then does the job. A second run finds everything in place and starts at once.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
SUPPORTED = ((3, 11), (3, 12), (3, 13))
APP_LOCK = ROOT / "requirements" / "app.txt"
SERVICE_LOCK = ROOT / "requirements" / "service.txt"
DEV_LOCK = ROOT / "requirements" / "dev.txt"
SOURCE_LOCK = ROOT / "requirements" / "build-from-source.txt"
WINDOWS = sys.platform == "win32"
CORE = "tests/unit/sip_bridge/core"
TABLE = "--conformance-table=docs/conformance.md"
BESIDE = ("tests/ui", "tests/e2e/test_frozen.py")
"""Peer tests that keep a processor busy while the others mostly listen."""

POLITE = 5
"""How much what runs beside gives way (nice): the tests that carry sound go first."""

FUZZ_S = 60
"""For each target; two of them run at a time."""

ENDING_S = 30.0

RUN_PACKAGES = (
    "libportaudio2 libasound2-plugins pulseaudio-utils libegl1 libgl1 libopengl0 libdbus-1-3 libfontconfig1 "
    "libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 "
    "libxcb-render-util0 libxcb-shape0 libxcb-xinerama0 libxcb-xkb1 fonts-dejavu-core"
).split()
TEST_PACKAGES = (
    "kamailio kamailio-tls-modules baresip linphone-cli sip-tester chromium firefox-esr pulseaudio espeak-ng "
    "gnome-keyring dbus xvfb openbox xdotool x11-utils iproute2 openssl binutils build-essential"
).split()


class Trouble(Exception):
    """Something a person has to do first; the text says what."""


def say(text: str) -> None:
    """Tell what happens now."""
    print(f"dev: {text}", flush=True)


def run(*command: str | Path, **environment: str) -> None:
    """Run a command in the project's root; end with its exit code when it fails."""
    finished = subprocess.run([str(part) for part in command], cwd=ROOT, env={**os.environ, **environment})
    if finished.returncode:
        raise SystemExit(finished.returncode)


# --- interpreters ---------------------------------------------------------------------------------


def version_of(python: str | Path) -> tuple[int, int] | None:
    """Major and minor version of an interpreter, None where it can't be asked."""
    question = "import sys; print(*sys.version_info[:2])"
    try:
        answer = subprocess.run([str(python), "-c", question], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return None
    parts = answer.stdout.split()
    return (int(parts[0]), int(parts[1])) if answer.returncode == 0 and len(parts) == 2 else None


def interpreters() -> dict[tuple[int, int], Path]:
    """Supported interpreters on this machine; the one running this file first."""
    found: dict[tuple[int, int], Path] = {}
    candidates = [Path(sys.executable)]
    for major, minor in SUPPORTED:
        if path := shutil.which(f"python{major}.{minor}"):
            candidates.append(Path(path))
        candidates += sorted(Path.home().glob(f".pyenv/versions/{major}.{minor}.*/bin/python"), reverse=True)
    for candidate in candidates:
        version = version_of(candidate)
        if version in SUPPORTED:
            found.setdefault(version, candidate)
    return found


def venv_python(folder: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return folder / ("Scripts/python.exe" if WINDOWS else "bin/python")


# --- what has to be installed --------------------------------------------------------------------


def fingerprint(lock: Path, python: Path) -> str:
    """What is known to be installed once this lock is, for this version of Python."""
    return hashlib.sha256(str(version_of(python)).encode() + lock.read_bytes()).hexdigest()


def environment(folder: Path, python: Path, *, dev: bool, source: bool = False) -> Path:
    """Make or renew a virtual environment that holds the locked packages; return its interpreter.

    Packages come as wheels only. The few that exist only as `source` need a compiler; they are built with
    the locked tools, so nothing unlocked ever runs.
    """
    inside = venv_python(folder)
    mark = folder / "softphone-lock"
    if not inside.exists() or version_of(inside) != version_of(python):
        say(f"making the virtual environment {folder.name}")
        run(python, "-m", "venv", "--clear", folder)
    before = have = mark.read_text(encoding="utf-8").split() if mark.exists() else []
    needed = (APP_LOCK, SERVICE_LOCK)
    if not {fingerprint(lock, python) for lock in ((DEV_LOCK,) if dev else needed)} <= set(have):
        say("installing the locked packages (the first time takes a minute or two)")
        for lock in (DEV_LOCK,) if dev else needed:
            run(*install_with(inside), "--only-binary", ":all:", "-r", lock)
        covered = (DEV_LOCK, *needed) if dev else needed
        have = [fingerprint(lock, python) for lock in covered]
    if source and sys.platform == "linux" and fingerprint(SOURCE_LOCK, python) not in have:
        run(*install_with(inside), "--no-deps", "--no-build-isolation", "-r", SOURCE_LOCK)
        have = [*have, fingerprint(SOURCE_LOCK, python)]
    if have != before:
        mark.write_text("\n".join(have), encoding="utf-8")
    return inside


def install_with(python: Path) -> tuple[str | Path, ...]:
    """The command that installs nothing but what the lock's hashes name."""
    return (python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes")


def system_packages(names: list[str]) -> None:
    """Install missing Debian packages as root; else say the one command. Elsewhere nothing is needed."""
    if not (shutil.which("dpkg-query") and shutil.which("apt-get")):
        return
    query = ["dpkg-query", "-W", "-f=${Package} ${db:Status-Status}\n", *names]
    answer = subprocess.run(query, capture_output=True, text=True)
    present = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    missing = [name for name in names if name not in present]
    if not missing:
        return
    if os.geteuid() != 0:
        raise Trouble(
            "system packages are missing; install them with:\n"
            "  sudo apt-get install --no-install-recommends " + " ".join(missing)
        )
    say("installing system packages: " + " ".join(missing))
    run("apt-get", "update", "-qq")
    apt = ("apt-get", "install", "-y", "-qq", "--no-install-recommends", "-o", "Dpkg::Use-Pty=0")
    run(*apt, *missing, DEBIAN_FRONTEND="noninteractive")


def debian_names(*, test: bool) -> list[str]:
    """System packages for the job; Debian's own Python keeps venv and headers in packages of their own."""
    names = [*RUN_PACKAGES, *(TEST_PACKAGES if test else ())]
    if str(Path(sys.base_prefix)) == "/usr":
        names.append("python3-venv")
        if test:
            names.append("python3-dev")
    return names


def prepared(*, dev: bool, peers: bool = False) -> Path:
    """Everything in place; returns the interpreter to use."""
    available = interpreters()
    if not available:
        raise Trouble("no supported Python found: install Python 3.11, 3.12 or 3.13 and start again")
    system_packages(debian_names(test=peers))
    python = next(iter(available.values()))
    inside = environment(ROOT / ".venv", python, dev=dev, source=peers)
    run(inside, ROOT / "tools" / "words.py", "compile")
    return inside


# --- jobs -----------------------------------------------------------------------------------------


def job_run(arguments: list[str]) -> None:
    """Start the demo: a registrar with people to call, and the program signed in."""
    python = prepared(dev=False)
    run(python, ROOT / "main.py", "demo", *arguments)


def lint(python: Path) -> None:
    """ruff, mypy and the import contracts."""
    say("lint")
    run(python, "-m", "ruff", "check", ".")
    run(python, "-m", "ruff", "format", "--check", ".")
    run(python, "-m", "mypy")
    run(python, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()")


def quick(python: Path) -> None:
    """Tests that need no peer; the SIP core's branches must all be covered."""
    cover = (
        "--cov=sip_bridge.core",
        "--cov-branch",
        "--cov-fail-under=100",
        "--cov-report=term:skip-covered",
    )
    say("quick tests")
    run(python, "-m", "pytest", "-q", CORE, *cover, TABLE)
    run(python, "-m", "pytest", "-q", "-m", "not peer", f"--ignore={CORE}", TABLE)


def job_test(arguments: list[str]) -> None:
    """Lint, the quick tests on every supported Python here, then everything with its peers."""
    only_quick = "--quick" in arguments
    rest = [argument for argument in arguments if argument != "--quick"]
    python = prepared(dev=True, peers=not only_quick)
    if rest:
        run(python, "-m", "pytest", *rest)
        return
    lint(python)
    with meanwhile("beside", *arguments):
        quick(python)
        if not only_quick:
            say("tests with real peers")
            others = (f"--ignore={path}" for path in BESIDE)
            run(python, "-m", "pytest", "-m", "peer", *others, TABLE, "--durations=15")


def job_beside(arguments: list[str]) -> None:
    """What `test` does meanwhile: screens, the frozen program, fuzzing, quick tests on the other Pythons."""
    if sys.platform != "win32":
        os.nice(POLITE)
    python = venv_python(ROOT / ".venv")
    if "--quick" not in arguments:
        say("tests of the screens and of the frozen program")
        run(python, "-m", "pytest", "-q", *BESIDE)
        say("fuzzing what takes bytes from strangers")
        run(python, "-m", "fuzz", "--seconds", str(FUZZ_S))
    for version, other in interpreters().items():
        if version != version_of(python):
            say(f"quick tests on Python {version[0]}.{version[1]}")
            inside = environment(ROOT / ".venvs" / f"{version[0]}.{version[1]}", other, dev=True)
            run(inside, "-m", "pytest", "-q", "-m", "not peer")


@contextmanager
def meanwhile(*job: str) -> Iterator[None]:
    """Another job of this file while the block runs; what it printed comes afterwards, its failure is ours.

    Where the block fails the other job is told to end, as by Ctrl+C, so that its tests end their peers.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as printed:
        command = [sys.executable, __file__, *job]
        other = subprocess.Popen(command, stdout=printed, stderr=printed, start_new_session=True)
        try:
            yield
            say("waiting for what runs beside")
            other.wait()
        finally:
            end(other)
        printed.seek(0)
        print(printed.read(), end="", flush=True)
    if other.returncode:
        raise SystemExit(other.returncode)


def end(job: subprocess.Popen[bytes]) -> None:
    """End a job and everything it started, for good where asking does not help."""
    if job.poll() is not None:
        return
    if sys.platform == "win32":
        job.terminate()
        job.wait()
        return
    os.killpg(job.pid, signal.SIGINT)
    try:
        job.wait(ENDING_S)
    except subprocess.TimeoutExpired:
        os.killpg(job.pid, signal.SIGKILL)
        job.wait()


def job_lint(arguments: list[str]) -> None:
    """Lint alone."""
    lint(prepared(dev=True))


def job_lock(arguments: list[str]) -> None:
    """Renew the lock files (needs the `uv` program)."""
    uv = shutil.which("uv")
    if uv is None:
        raise Trouble("renewing the locks needs uv: https://docs.astral.sh/uv/")
    flags = (
        "--universal --python-version 3.11 --generate-hashes --no-annotate --no-header -q --upgrade".split()
    )
    folder = APP_LOCK.parent
    run(uv, "pip", "compile", *flags, folder / "app.in", "-o", APP_LOCK)
    run(uv, "pip", "compile", *flags, "-c", APP_LOCK, folder / "service.in", "-o", SERVICE_LOCK)
    run(uv, "pip", "compile", *flags, "-c", APP_LOCK, "-c", SERVICE_LOCK, folder / "dev.in", "-o", DEV_LOCK)
    run(uv, "pip", "compile", *flags, "--no-deps", folder / "build-from-source.in", "-o", SOURCE_LOCK)


JOBS = {"run": job_run, "test": job_test, "lint": job_lint, "lock": job_lock, "beside": job_beside}


def main() -> int:
    """Do the job named on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument(
        "job", choices=JOBS, help="; ".join(f"{name}: {job.__doc__}" for name, job in JOBS.items())
    )
    chosen, rest = parser.parse_known_args()
    try:
        JOBS[chosen.job](rest)
    except Trouble as trouble:
        print(f"dev: {trouble}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
