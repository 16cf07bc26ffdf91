"""The check before a shift: one click looks at everything a call needs, in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from softphone.domain.account import LineState
from softphone.domain.call import Call, CallState
from softphone.domain.device import Standing
from softphone.domain.errors import DeviceError
from softphone.domain.events import CheckChanged
from softphone.domain.preshift import (
    USES_SOUND,
    CheckFailed,
    CheckReport,
    Facts,
    Finding,
    NotChecked,
    Outcome,
    Step,
    StepResult,
)
from softphone.domain.sound_test import Hearing
from softphone.ports import Clock, LineCheck, Sound
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable
from softphone.services.device_test import DeviceTest
from softphone.services.ring_places import places_away, ring_places
from softphone.services.session import Session
from softphone.services.settings import Settings

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

LISTEN_S = 1.0

MICROPHONE_FAULTS = {
    Hearing.ZEROS: "microphone-muted",
    Hearing.TOO_LOUD: "microphone-too-loud",
}


class Preshift:
    """Runs the steps one after another; whoever asks while it runs gets that run's report.

    A call always goes first: while one is live the steps that use sound are skipped, and one that begins
    meanwhile ends them.
    """

    def __init__(
        self,
        line: LineCheck,
        sound: Sound,
        tests: DeviceTest,
        session: Session,
        table: CallTable,
        settings: Settings,
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
    ) -> None:
        self._line = line
        self._sound = sound
        self._tests = tests
        self._session = session
        self._table = table
        self._settings = settings
        self._bus = bus
        self._clock = clock
        self._tasks = tasks
        self._report = CheckReport()
        self._run: asyncio.Task[None] | None = None
        self._sounding: asyncio.Task[Finding | CheckFailed | NotChecked] | None = None
        table.listen(self._call_changed)
        self._checks: dict[Step, Callable[[], Awaitable[Finding]]] = {
            Step.NAME_LOOKUP: self._look_up,
            Step.CERTIFICATE: self._certificate,
            Step.SIGN_IN: self._sign_in,
            Step.NAT: self._addresses,
            Step.RTP: self._loopback,
            Step.MICROPHONE: self._microphone,
            Step.SPEAKER: self._speaker,
            Step.RING: self._ring,
        }

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
            return await self._checks[step]()
        if self._table.live():
            raise NotChecked("in-call")
        self._sounding = self._tasks.spawn(_told(self._checks[step]()), f"check {step}")
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

    # --- the line ---------------------------------------------------------------------------------------

    def _signed_in(self) -> None:
        if self._session.account.state is LineState.SIGNED_OUT:
            raise NotChecked("not-signed-in")

    async def _look_up(self) -> Finding:
        self._signed_in()
        return await self._line.look_up()

    async def _certificate(self) -> Finding:
        self._signed_in()
        return await self._line.certificate()

    async def _sign_in(self) -> Finding:
        account = self._session.account
        match account.state:
            case LineState.SIGNED_OUT:
                raise CheckFailed("not-signed-in")
            case LineState.REFUSED:
                raise CheckFailed(account.reason or "server-error")
        try:
            return await self._line.confirm()
        except CheckFailed as failed:
            known = account.reason if account.state is LineState.RECONNECTING else ""
            raise CheckFailed(known or failed.code, failed.facts) from failed

    async def _addresses(self) -> Finding:
        self._signed_in()
        if self._report.result(Step.SIGN_IN).outcome is Outcome.FAILED:
            raise NotChecked("no-line")
        return await self._line.addresses()

    async def _loopback(self) -> Finding:
        number = self._settings.text("sip.echo_number")
        if number and self._report.result(Step.SIGN_IN).outcome is Outcome.FAILED:
            raise NotChecked("no-line")
        return await self._line.loopback(number)

    # --- devices ----------------------------------------------------------------------------------------

    async def _microphone(self) -> Finding:
        state = self._sound.state()
        name = state.microphone_used
        facts: Facts = (("device", name),)
        permission = await self._tests.look_at_permission()
        if permission.state == "denied":
            raise CheckFailed("microphone-denied", facts)
        if not name:
            raise CheckFailed("no-microphone")
        try:
            heard = await self._sound.record(LISTEN_S)
        except DeviceError as error:
            raise CheckFailed("microphone-failed", facts) from error
        finally:
            self._sound.forget_recording()
        facts = (*facts, ("level_dbfs", f"{heard.level_dbfs:.0f}"))
        if heard.hearing in MICROPHONE_FAULTS:
            raise CheckFailed(MICROPHONE_FAULTS[heard.hearing], facts)
        return Finding(_note(state.microphone_why), facts)

    async def _speaker(self) -> Finding:
        state = self._sound.state()
        name = state.speaker_used
        if not name:
            raise CheckFailed("no-speaker")
        try:
            await self._sound.tone_on("")
        except DeviceError as error:
            raise CheckFailed("speaker-failed", (("device", name),)) from error
        return Finding(_note(state.speaker_why), (("device", name),))

    async def _ring(self) -> Finding:
        state = self._sound.state()
        if not state.ring_used:
            raise CheckFailed("no-ring")
        for place in ring_places(state):
            try:
                await self._sound.try_ring(place)
            except DeviceError as error:
                raise CheckFailed("ring-failed", (("device", str(error)),)) from error
        note = "place-away" if places_away(state) else ""
        return Finding(note, (("devices", ", ".join(state.ring_used)),))

    # --- telling ----------------------------------------------------------------------------------------

    def _put(self, result: StepResult) -> None:
        results = tuple(result if r.step is result.step else r for r in self._report.results)
        self._tell(replace(self._report, results=results))

    def _tell(self, report: CheckReport) -> None:
        self._report = report
        self._bus.publish(CheckChanged(report))


def _note(standing: Standing) -> str:
    """What to say of a device that works."""
    return "other-device" if standing.instead else ""


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
