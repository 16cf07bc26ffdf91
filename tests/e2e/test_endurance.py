"""The long run in short: every kind of call, lost servers, changed addresses, kills; figures that stay."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.endurance import calls, hour, kills
from benchmarks.endurance.figures import Verdict
from tests.lab.disk import mountable

pytestmark = [pytest.mark.peer, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
CALLS, KILLS, RESTARTS = 24, 10, 5
SETTLED_S = 2.0
SECONDS = 16.0


def assert_holds(verdicts: list[Verdict]) -> None:
    failed = [str(verdict) for verdict in verdicts if not verdict.holds]
    assert not failed, "\n".join(failed)


def test_every_kind_of_call(tmp_path: Path) -> None:
    """So few calls tell of no slope; none goes wrong, each is in the history, nothing stays open."""
    course = calls.go_on(tmp_path, CALLS, settled_s=SETTLED_S)
    assert (course.failures, course.logged) == ([], [])
    assert course.calls >= CALLS
    assert course.in_history == course.calls
    first, last = course.at_rest
    assert last.files <= first.files + calls.SPARE_FILES
    assert last.tasks <= first.tasks + calls.SPARE_TASKS
    assert last.threads <= first.threads + calls.SPARE_THREADS


def test_a_call_with_pauses_drift_and_holds(tmp_path: Path) -> None:
    course = hour.go_on(tmp_path, SECONDS, every_s=SECONDS / 2)
    assert course.holds == 2
    assert_holds(hour.judged(course))


@pytest.mark.skipif(not mountable(), reason="only root may make a network of its own")
def test_servers_lost_and_addresses_changed() -> None:
    """One turn of each kind, in a network of its own."""
    command = ["unshare", "-n", sys.executable, "-m", "benchmarks.endurance.restarts", str(RESTARTS)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=100, check=True)
    assert_holds([Verdict(**verdict) for verdict in json.loads(done.stdout)])


def test_killed_again_and_again(tmp_path: Path) -> None:
    course = kills.go_on(tmp_path, KILLS)
    assert course.kills == KILLS
    assert_holds(kills.judged(course))
