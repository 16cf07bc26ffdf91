"""The mark `conformance`, and the table of what the marked tests showed.

`@pytest.mark.conformance("RFC 3261 9.2", "a CANCEL that crosses the 200")`: where the rule stands, and what
is shown. A test may carry several. `{name}` in either text becomes that parameter of the test; a parameter
may carry the mark itself: `pytest.param(..., marks=pytest.mark.conformance(...))`.

`--conformance-table FILE` puts the verdicts into the table of a Markdown file and leaves the text above it
alone. Tests that were not part of the run keep the verdict they had, for as long as they exist. With
`--collect-only` nothing runs and the table only names what there is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

HEADER = "| Rule | What is shown | Test | Verdict |"
RULER = "|---|---|---|---|"
TITLE = "# Conformance\n\n"
PASSED, NOT_RUN = "passed", "not run"
WORST_FIRST = ("failed", "known difference", "skipped", PASSED)
BAR = r"\|"
CELLS = re.compile(r"(?<!\\)\|")
NUMBERED = re.compile(r"RFC (?P<rfc>\d+)(?: (?P<section>\d+(?:\.\d+)*))?")


@dataclass(frozen=True)
class Row:
    """One line of the table: a rule, what is shown of it, the test's id, and how that ended."""

    source: str
    what: str
    where: str
    verdict: str = NOT_RUN

    def __str__(self) -> str:
        cells = (self.source, self.what, f"`{self.where}`", self.verdict)
        return f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |"

    @property
    def order(self) -> tuple[int, tuple[int, ...], str, str, str]:
        """By RFC and section in numbers, other sources last."""
        found = NUMBERED.match(self.source)
        if found is None:
            return 1 << 30, (), self.source, self.what, self.where
        section = tuple(int(part) for part in (found["section"] or "0").split("."))
        return int(found["rfc"]), section, self.source, self.what, self.where


def parse(text: str) -> list[Row]:
    """The rows of the table in a Markdown text."""
    _, _, table = text.partition(f"{HEADER}\n{RULER}\n")
    rows = (
        [cell.strip().replace(BAR, "|") for cell in CELLS.split(line)[1:-1]] for line in table.splitlines()
    )
    return [Row(row[0], row[1], row[2].strip("`"), row[3]) for row in rows if len(row) == 4]


def render(text: str, rows: Iterable[Row]) -> str:
    """The text with its table replaced, or with a table where it had none."""
    above = text.partition(HEADER)[0] or TITLE
    lines = [str(row) for row in sorted(set(rows), key=lambda row: row.order)]
    return above + "\n".join([HEADER, RULER, *lines]) + "\n"


def rows_of(item: pytest.Item) -> list[Row]:
    """What the marks of one test announce."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    rows = []
    for mark in item.iter_markers("conformance"):
        source, what = mark.args
        rows.append(Row(source.format_map(parameters), what.format_map(parameters), item.nodeid))
    return rows


class ConformanceRun:
    """Collects marks and outcomes of one run, and writes the table at its end."""

    def __init__(self, config: pytest.Config, table: Path) -> None:
        self._root = config.rootpath
        self._picked = any("::" in argument for argument in config.args)
        self._table = table
        self._marked: list[Row] = []
        self._files: set[str] = set()
        self._outcomes: dict[str, str] = {}

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Before anything is deselected: what exists is known even where it does not run."""
        self._files.add(item.nodeid.partition("::")[0])
        self._marked += rows_of(item)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """The worst of a test's setup, call and teardown counts."""
        outcome = "known difference" if hasattr(report, "wasxfail") else report.outcome
        before = self._outcomes.get(report.nodeid, PASSED)
        self._outcomes[report.nodeid] = min(before, outcome, key=WORST_FIRST.index)

    def pytest_sessionfinish(self) -> None:
        """The table as it is now."""
        text = self._table.read_text(encoding="utf-8") if self._table.exists() else ""
        fresh = self._table.with_suffix(".part")
        fresh.write_text(render(text, self._merged(parse(text))), encoding="utf-8", newline="\n")
        fresh.replace(self._table)  # whoever reads meanwhile sees the old table or the new one

    def _merged(self, earlier: list[Row]) -> list[Row]:
        verdicts = {(row.source, row.where): row.verdict for row in earlier}
        named = {row.where for row in self._marked}
        return [
            replace(
                row, verdict=self._outcomes.get(row.where) or verdicts.get((row.source, row.where), NOT_RUN)
            )
            for row in self._marked
        ] + [row for row in earlier if row.where not in named and self._exists(row.where)]

    def _exists(self, where: str) -> bool:
        """Whether a test that was not collected is still there.

        A file collected as a whole has told all its tests; of others the function's name is looked for.
        """
        file, _, name = where.partition("::")
        if file in self._files and not self._picked:
            return False
        function = name.partition("[")[0].rpartition("::")[2]
        path = self._root / file
        return path.exists() and f"def {function}(" in path.read_text(encoding="utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that asks for the table."""
    parser.addoption(
        "--conformance-table", type=Path, metavar="FILE", help="write the verdicts of conformance tests there"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the mark; count only where a table is asked for."""
    config.addinivalue_line(
        "markers", "conformance(rule, what): shows a rule of a standard; a row of the table"
    )
    table: Path | None = config.getoption("--conformance-table")
    if table is not None:
        config.pluginmanager.register(ConformanceRun(config, table.absolute()), "conformance-run")
