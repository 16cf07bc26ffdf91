"""What is told of a run, and what its exit code says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

from fuzz import __main__ as program
from fuzz import running
from fuzz.registry import TARGETS, Target, named
from fuzz.running import Outcome, found

SAID = """INFO: Seed: 1
#2\tINITED cov: 100 ft: 120 corp: 1/1b exec/s: 0 rss: 40Mb
#900\tNEW    cov: 517 ft: 2049 corp: 241/40Kb lim: 400 exec/s: 300 rss: 50Mb L: 3/400 MS: 1 EraseBytes-
{}
stat::number_of_executed_units: 34432
"""
BROKEN = """ === Uncaught Python exception: ===
Finding: what must not be
artifact_prefix='x/'; Test unit written to build/fuzz/broken/sdp/crash-1
"""


def outcome(said: str, code: int) -> Outcome:
    return running._outcome("sdp", SAID.format(said), code)


def test_executions_coverage_and_inputs_are_read_from_what_was_said() -> None:
    told = outcome("Done 34432 runs", 0)
    assert (told.executions, told.edges, told.features, told.inputs) == (34432, 517, 2049, 241)
    assert told.good


def test_a_finding_names_its_file_and_any_other_end_its_code() -> None:
    assert outcome(BROKEN, 77).broken == "build/fuzz/broken/sdp/crash-1"
    assert outcome("", 1).broken == "exit code 1"
    assert not outcome("", 1).good
    assert outcome("slow; Test unit written to build/fuzz/broken/sdp/slow-unit-1", 0).good


def test_a_run_that_never_ran_is_not_good() -> None:
    assert not running._outcome("sdp", "", 0).good


def test_the_exit_code_is_that_of_the_worst(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[tuple[str, int]] = []

    def fuzz(target: Target, seconds: int) -> Outcome:
        asked.append((target.name, seconds))
        return outcome(BROKEN, 77) if target.name == "rtp" else outcome("", 0)

    monkeypatch.setattr(program, "fuzz", fuzz)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    monkeypatch.setattr(sys, "argv", ["fuzz", "--seconds", "3", "--target", "sdp"])
    assert program.main() == 0
    assert asked == [("sdp", 3)]
    monkeypatch.setattr(sys, "argv", ["fuzz"])
    assert program.main() == 1
    assert sorted(asked[1:]) == sorted((target.name, 60) for target in TARGETS)
    printed = capsys.readouterr().out
    assert "BROKEN by build/fuzz/broken/sdp/crash-1" in printed
    assert "Finding: what must not be" in printed


def test_without_atheris_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["fuzz"])
    assert program.main() == 0
    assert "nothing is fuzzed" in capsys.readouterr().out


def test_one_input_can_be_replayed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "crash"
    file.write_bytes(b"v=0")
    monkeypatch.setattr(sys, "argv", ["fuzz", "--target", "sdp", "--replay", str(file)])
    assert program.main() == 0


def test_what_was_found_is_merged_into_what_is_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("fuzz.corpus.KEPT", tmp_path)
    monkeypatch.setattr(running, "FOUND", tmp_path / "found")
    folder = tmp_path / "found" / "sdp"
    folder.mkdir(parents=True)
    (folder / "new").write_bytes(b"v=0\nm=x 99999 y")
    (folder / "nothing new").write_bytes(b"v=0\nm=x 99999 z!")
    assert len(found(named("sdp"))) == 2
    monkeypatch.setattr(sys, "argv", ["fuzz", "--target", "sdp", "--merge"])
    assert program.main() == 0
    assert (tmp_path / "sdp.txt").read_text() == "v=0\\nm=x 99999 y\n"
    assert "2 inputs, 1 kept" in capsys.readouterr().out
