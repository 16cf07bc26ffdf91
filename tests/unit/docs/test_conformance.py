"""The table of conformance names exactly the tests that carry the mark."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.conformance import Row, parse
from tests.lab.printed import DATA

ROOT = Path(__file__).resolve().parents[3]


def marked_tests(table: Path) -> list[Row]:
    """What collecting the files that use the mark tells, in the table's order."""
    files = [
        path for path in (ROOT / "tests").rglob("test_*.py") if "mark.conformance(" in path.read_text("utf-8")
    ]
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "--conformance-table"]
    subprocess.run(
        [*command, str(table), *map(str, files)], cwd=ROOT, check=True, capture_output=True, timeout=110
    )
    return parse(table.read_text("utf-8"))


def test_the_page_names_the_tests_there_are(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "conformance.md").read_text("utf-8")
    told = [(row.source, row.what, row.where) for row in parse(page)]
    assert told == [(row.source, row.what, row.where) for row in marked_tests(tmp_path / "table.md")]


def test_every_message_the_rfcs_print_has_a_row() -> None:
    rows = parse((ROOT / "docs" / "conformance.md").read_text("utf-8"))
    wire = [row for row in rows if row.where.startswith("tests/integration/test_rfc")]
    told = {("".join(row.source.lower().split()[:2]), row.what.partition(":")[0]) for row in wire}
    assert told == {(path.parent.name, path.stem) for path in DATA.glob("rfc*/*.dat")}
