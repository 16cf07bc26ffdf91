"""The mark `conformance`: what a run leaves in the table."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance import Row, parse, render

ROOT = Path(__file__).resolve().parents[2]
TESTS = """
import pytest

@pytest.mark.conformance("RFC 3261 18.2", "a second | rule")
def test_late():
    pass

@pytest.mark.conformance("RFC 3261 9.2", "a rule that is broken")
def test_broken():
    assert False

@pytest.mark.parametrize("code", [486, 600])
@pytest.mark.conformance("RFC 3261 21", "{code} is told")
def test_codes(code):
    pass

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.conformance("RFC 959", "older"), id="one")])
def test_own_mark(x):
    pytest.skip("no peer here")

@pytest.mark.conformance("ITU-T G.711", "another body")
@pytest.mark.xfail
def test_known():
    assert False
"""


def run(folder: Path, *arguments: str) -> list[tuple[str, str, str]]:
    """Run the tests of the folder; the table as (what, test's name, verdict)."""
    table = folder / "table.md"
    command = [sys.executable, "-m", "pytest", "-p", "tests.conformance", "--rootdir", str(folder)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    subprocess.run(
        [*command, "--conformance-table", str(table), *(arguments or ["."])],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=60,
    )
    return [(row.what, row.where.partition("::")[2], row.verdict) for row in parse(table.read_text("utf-8"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (tmp_path / "test_rules.py").write_text(TESTS, "utf-8")
    (tmp_path / "table.md").write_text("# Title\n\nIntroduction.\n\n", "utf-8")
    return tmp_path


WHOLE = [
    ("older", "test_own_mark[one]", "skipped"),
    ("a rule that is broken", "test_broken", "failed"),
    ("a second | rule", "test_late", "passed"),
    ("486 is told", "test_codes[486]", "passed"),
    ("600 is told", "test_codes[600]", "passed"),
    ("another body", "test_known", "known difference"),
]


def test_the_table_tells_every_marked_test_by_rfc_and_section(folder: Path) -> None:
    assert run(folder) == WHOLE
    assert (folder / "table.md").read_text("utf-8").startswith("# Title\n\nIntroduction.\n\n| Rule |")


def test_what_was_not_part_of_the_run_keeps_its_verdict_while_it_exists(folder: Path) -> None:
    run(folder)
    (folder / "test_other.py").write_text(TESTS.replace("assert False", "pass"), "utf-8")
    both = run(folder, "test_other.py::test_broken")
    assert [row for row in both if row[1] == "test_broken"] == [
        ("a rule that is broken", "test_broken", "passed"),
        ("a rule that is broken", "test_broken", "failed"),
    ]
    assert len(both) == len(WHOLE) + 1
    (folder / "test_other.py").unlink()
    (folder / "test_rules.py").write_text(TESTS.replace("test_late", "test_later"), "utf-8")
    names = [name for _, name, _ in run(folder, "test_rules.py::test_codes[600]")]
    assert names == [name for _, name, _ in WHOLE if name != "test_late"]


def test_a_file_that_was_collected_has_told_all_its_rows(folder: Path) -> None:
    run(folder)
    (folder / "test_rules.py").write_text(TESTS.replace("[486, 600]", "[486, 603]"), "utf-8")
    rows = run(folder, "-k", "broken")
    assert ("600 is told", "test_codes[600]", "passed") not in rows
    assert ("603 is told", "test_codes[603]", "not run") in rows
    assert ("486 is told", "test_codes[486]", "passed") in rows


def test_collecting_alone_names_what_there_is(folder: Path) -> None:
    assert run(folder, "--collect-only") == [(what, name, "not run") for what, name, _ in WHOLE]


def test_a_table_survives_being_read_and_written() -> None:
    rows = [
        Row("RFC 3261", "a | b", "tests/test_a.py::test_a[x|y]", "passed"),
        Row("RFC 3261 1", "c", "d::e"),
    ]
    assert parse(render("", rows)) == rows
    assert render(render("", rows), rows) == render("", rows)
