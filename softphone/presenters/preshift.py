"""Settings → Audio → Before a shift: everything a call needs, green or with the sentence that helps."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from resources.words import Words
from softphone import __version__
from softphone.domain.events import CheckChanged, Event
from softphone.domain.preshift import CheckReport, Outcome, StepResult
from softphone.presenters import check_words
from softphone.presenters.parts import Sign, Tone
from softphone.presenters.presenter import Presenter
from softphone.services.preshift import Preshift
from softphone.services.session import Session

WARNING_NOTES = frozenset({"expires-soon", "other-device", "place-away"})
"""Notes on a step that passed which somebody should do something about."""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One step: what it is called, and how it stands."""

    step: str
    title: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class PreshiftView:
    """The report. `progress` 0…1 while it runs; `plain` is the text to copy, "" where there is none yet."""

    summary: Sign
    rows: tuple[CheckRow, ...]
    running: bool
    progress: float
    plain: str


class PreshiftPresenter(Presenter[PreshiftView]):
    """Follows the check wherever it was begun."""

    def __init__(
        self,
        preshift: Preshift,
        session: Session,
        words: Words,
        emit: Callable[[PreshiftView], None],
    ) -> None:
        super().__init__(words, emit)
        self._preshift, self._session = preshift, session

    def compose(self) -> PreshiftView:
        """The page as things stand."""
        report = self._preshift.report
        done = [r for r in report.results if r.outcome not in (Outcome.WAITING, Outcome.RUNNING)]
        return PreshiftView(
            summary=self._summary(report),
            rows=tuple(
                CheckRow(r.step.value, check_words.title(self.words, r.step), self._sign(r))
                for r in report.results
            ),
            running=report.running,
            progress=len(done) / len(report.results) if report.running else 0.0,
            plain=plain_text(report, self._session.account.server) if done and not report.running else "",
        )

    def _summary(self, report: CheckReport) -> Sign:
        if report.running:
            return Sign("clock", self._("Checking… you will hear a tone and a ring."), Tone.ACCENT)
        if not report.at:
            return Sign("info", self._("One click, about ten seconds. You will hear a tone and a ring."))
        if not report.finished:
            return Sign("info", self._("The check was stopped."))
        if not report.ok:
            return Sign("warning", self._("Something needs your attention."), Tone.BAD)
        if any(r.code == "in-call" for r in report.results):
            return Sign("info", self._("So far all is well. The rest is checked after the call."))
        return Sign("available", self._("All is well. Have a good shift!"), Tone.GOOD)

    def _sign(self, result: StepResult) -> Sign:
        text = check_words.sentence(self.words, result, self._session.account.server)
        match result.outcome:
            case Outcome.WAITING:
                return Sign("", "", Tone.QUIET)
            case Outcome.RUNNING:
                return Sign("clock", self._("Checking…"), Tone.ACCENT)
            case Outcome.PASSED if result.code in WARNING_NOTES:
                return Sign("warning", text, Tone.WARN)
            case Outcome.PASSED:
                return Sign("check", text, Tone.GOOD)
            case Outcome.FAILED:
                return Sign("warning", text, Tone.BAD)
        return Sign("info", text, Tone.QUIET)

    def hear(self, event: Event) -> None:
        """Follow the check."""
        if isinstance(event, CheckChanged):
            self.render()

    async def start(self) -> None:
        """Check everything now."""
        self._preshift.start()

    async def cancel(self) -> None:
        """Stop checking."""
        self._preshift.cancel()


def plain_text(report: CheckReport, server: str) -> str:
    """The report in English for whoever helps, with codes and figures; it holds no secret."""
    words = Words("en")
    at = datetime.fromtimestamp(report.at, UTC)
    lines = [
        f"Softphone {__version__} on {platform.system()} {platform.release()}",
        f"Check of {at:%Y-%m-%d %H:%M} UTC",
        f"Result: {'all is well' if report.ok else 'not all is well'}",
    ]
    for result in report.results:
        code = f" [{result.code}]" if result.code else ""
        lines.append(f"{result.outcome.upper():8} {result.step} ({result.took_ms} ms){code}")
        lines += [f"         {said}" for said in [check_words.sentence(words, result, server)] if said]
        lines += [f"         {name}: {value}" for name, value in result.facts if value]
    return "\n".join(lines) + "\n"
