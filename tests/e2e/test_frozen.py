"""The program as a folder: it builds, finds everything it needs, and makes a call."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from softphone.control.cli import EXIT_NOT_RUNNING
from tests.e2e.test_demo import assert_tour_is_whole, take_tour
from tests.lab.keyring import SecretService, secret_service

ROOT = Path(__file__).resolve().parents[2]
LARGEST_MB = 560
"""OpenCV, which opens cameras, is 150 of them: its build brings codecs and linear algebra of its own."""
pytestmark = [pytest.mark.peer, pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The frozen program, built once."""
    folder = tmp_path_factory.mktemp("frozen")
    command = [sys.executable, "-m", "PyInstaller", "-y", "--log-level", "ERROR"]
    places = ["--distpath", str(folder / "dist"), "--workpath", str(folder / "work")]
    subprocess.run([*command, *places, str(ROOT / "installer" / "softphone.spec")], cwd=ROOT, check=True)
    return folder / "dist" / "Softphone" / "Softphone"


def test_size_and_start(program: Path, capsys: pytest.CaptureFixture[str]) -> None:
    size = sum(path.stat().st_size for path in program.parent.rglob("*") if not path.is_symlink())
    began = time.perf_counter()
    subprocess.run([str(program), "--help"], check=True, capture_output=True, timeout=60)
    with capsys.disabled():
        print(
            f"\nfrozen program: {size / 1e6:.0f} MB, starts in {time.perf_counter() - began:.2f} s", end=" "
        )
    assert size < LARGEST_MB * 1e6


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[SecretService]:
    """A real, open keyring."""
    with secret_service(tmp_path / "keyring") as service:
        yield service


def selftest(program: Path, profile: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the frozen selftest."""
    return subprocess.run(
        [str(program), "--profile", str(profile), "selftest"],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_nothing_is_missing(program: Path, tmp_path: Path, keyring: SecretService) -> None:
    finished = selftest(program, tmp_path / "profile", **keyring.environment)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "MISSING" not in finished.stdout
    assert "opus, G722, PCMA, PCMU" in finished.stdout


def test_selftest_fails_where_something_is_missing(program: Path, tmp_path: Path) -> None:
    in_the_way = tmp_path / "profile"
    in_the_way.write_text("a file where the folder should be", encoding="utf-8")
    finished = selftest(program, in_the_way)
    assert finished.returncode != 0
    assert "MISSING data" in finished.stdout


def test_the_control_program_stands_beside_it(program: Path, tmp_path: Path) -> None:
    command = [
        str(program.with_name("softphonectl")),
        "--profile",
        str(tmp_path / "none"),
        "status",
        "--json",
    ]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == EXIT_NOT_RUNNING, finished.stderr
    assert json.loads(finished.stdout)["error"]["code"] == "not-running"


def test_frozen_sign_in_and_echo_call(program: Path, tmp_path: Path) -> None:
    assert_tour_is_whole(take_tour([str(program)], tmp_path), tmp_path)
