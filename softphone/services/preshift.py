"""The check before a shift: one click looks at everything a call needs, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import replace

from softphone.domain.call import Call, CallState
from softphone.domain.events import CheckChanged
from softphone.domain.preshift import (
    USES_SOUND,
    CheckFailed,
    CheckReport,
    Finding,
    NotChecked,
    Outcome,
    Step,
    StepResult,
)
from softphone.ports import Clock, Sound
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable
from softphone.services.check_steps import CheckSteps
from softphone.services.device_test import DeviceTest

log = logging.getLogger(__name__)

PATIENCE_S = {
    Step.NAME_LOOKUP: 4.0,
    Step.CERTIFICATE: 3.0,
    Step.SIGN_IN: 4.0,
    Step.NAT: 1.0,
    Step.RTP: 9.0,
    Step.MICROPHONE: 5.0,
    Step.SPEAKER: 6.0,
    Step.RING: 5.0,
}
"""What a step may take at most; each usually takes far less."""

TOTAL_S = 15.0
LEAST_S = 3.0
"""However slow the steps before were, each gets so long."""


class Preshift:
    """Runs the steps one after another; whoever asks while it runs gets that run's report.

    A call always goes first: while one is live the steps that use sound are skipped, and one that begins
    meanwhile ends them.
    """

    def __init__(
        self,
        steps: CheckSteps,
        sound: Sound,
        tests: DeviceTest,
        table: CallTable,
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._steps = steps
        self._sound = sound
        self._tests = tests
        self._table = table
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._report = CheckReport()
        self._run: asyncio.Task[None] | None = None
        self._sounding: asyncio.Task[Finding | CheckFailed | NotChecked] | None = None
        table.listen(self._call_changed)

    @property
    def report(self) -> CheckReport:
        """What is known so far, of the run going on or the last one."""
        return self._report

    def start(self) -> None:
        """Begin, unless it runs already."""
        if self._run is None or self._run.done():
            self._run = self._tasks.spawn(self._all(), "pre-shift check")

    async def run(self) -> CheckReport:
        """Check everything and return the report, which is unfinished when somebody cancelled."""
        self.start()
        if self._run is not None:
            await asyncio.wait([self._run])
        return self._report

    def cancel(self) -> None:
        """Stop; what is known stays."""
        if self._run is not None and not self._run.done():
            self._run.cancel()
            self._sound.stop_trying()

    async def _all(self) -> None:
        self._tests.stop()
        self._tell(CheckReport(at=self._clock.time(), running=True))
        deadline = self._clock.monotonic() + TOTAL_S
        try:
            for step in Step:
                self._put(StepResult(step, Outcome.RUNNING))
                self._put(await self._result(step, deadline))
        finally:
            waiting = (Outcome.WAITING, Outcome.RUNNING)
            stopped = (r if r.outcome not in waiting else StepResult(r.step) for r in self._report.results)
            self._tell(replace(self._report, results=tuple(stopped), running=False))

    async def _result(self, step: Step, deadline: float) -> StepResult:
        began = self._clock.monotonic()
        patience = min(PATIENCE_S[step], max(LEAST_S, deadline - began))
        try:
            async with asyncio.timeout(patience):
                found = await self._find(step)
            outcome, code, facts = Outcome.PASSED, found.code, found.facts
        except CheckFailed as failed:
            outcome, code, facts = Outcome.FAILED, failed.code, failed.facts
        except NotChecked as skipped:
            outcome, code, facts = Outcome.SKIPPED, skipped.code, ()
        except TimeoutError:
            outcome, code, facts = Outcome.FAILED, "too-slow", ()
        log.info("check %s: %s %s", step, outcome, code)
        return StepResult(step, outcome, code, facts, round(1000 * (self._clock.monotonic() - began)))

    async def _find(self, step: Step) -> Finding:
        """One step's finding; a step with sound in a task of its own that a call can end."""
        if step not in USES_SOUND:
            return await self._steps.find(step, self._report)
        if self._table.live():
            raise NotChecked("in-call")
        self._sounding = self._tasks.spawn(_told(self._steps.find(step, self._report)), f"check {step}")
        try:
            found = await self._sounding
        except asyncio.CancelledError:
            if self._table.live() and not _asked_to_stop():
                raise NotChecked("in-call") from None
            self._sounding.cancel()
            raise
        finally:
            self._sounding = None
        if isinstance(found, Finding):
            return found
        raise found

    def _call_changed(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            return
        if call.answered_at is None:
            self._sound.stop_trying()  # it may ring on after the last step
        if self._sounding is not None:
            self._sounding.cancel()

    # --- telling ----------------------------------------------------------------------------------------

    def _put(self, result: StepResult) -> None:
        results = tuple(result if r.step is result.step else r for r in self._report.results)
        self._tell(replace(self._report, results=results))

    def _tell(self, report: CheckReport) -> None:
        self._report = report
        self._bus.publish(CheckChanged(report))


async def _told(check: Awaitable[Finding]) -> Finding | CheckFailed | NotChecked:
    """What a check found, a fault too: for the task it runs in that is no failure."""
    try:
        return await check
    except (CheckFailed, NotChecked) as found:
        return found


def _asked_to_stop() -> bool:
    """Whether it is the whole check that somebody cancels, not only the step with sound."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
