"""What each step of the check before a shift looks at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from softphone.domain.account import LineState
from softphone.domain.device import Standing
from softphone.domain.errors import DeviceError
from softphone.domain.preshift import CheckFailed, CheckReport, Facts, Finding, NotChecked, Outcome, Step
from softphone.domain.sound_test import Hearing
from softphone.ports import LineCheck, Sound
from softphone.services.device_test import DeviceTest
from softphone.services.ring_places import places_away, ring_places
from softphone.services.session import Session
from softphone.services.settings import Settings

LISTEN_S = 1.0

MICROPHONE_FAULTS = {
    Hearing.ZEROS: "microphone-muted",
    Hearing.TOO_LOUD: "microphone-too-loud",
}


class CheckSteps:
    """Finds what a step has to tell; the report so far is at hand, as some steps need an earlier one."""

    def __init__(
        self, line: LineCheck, sound: Sound, tests: DeviceTest, session: Session, settings: Settings
    ) -> None:
        self._line = line
        self._sound = sound
        self._tests = tests
        self._session = session
        self._settings = settings
        self._checks: dict[Step, Callable[[CheckReport], Awaitable[Finding]]] = {
            Step.NAME_LOOKUP: self._look_up,
            Step.CERTIFICATE: self._certificate,
            Step.SIGN_IN: self._sign_in,
            Step.NAT: self._addresses,
            Step.RTP: self._loopback,
            Step.MICROPHONE: self._microphone,
            Step.SPEAKER: self._speaker,
            Step.RING: self._ring,
        }

    async def find(self, step: Step, report: CheckReport) -> Finding:
        """What a step found. Raises CheckFailed, NotChecked."""
        return await self._checks[step](report)

    # --- the line ---------------------------------------------------------------------------------------

    def _signed_in(self) -> None:
        if self._session.account.state is LineState.SIGNED_OUT:
            raise NotChecked("not-signed-in")

    async def _look_up(self, report: CheckReport) -> Finding:
        self._signed_in()
        return await self._line.look_up()

    async def _certificate(self, report: CheckReport) -> Finding:
        self._signed_in()
        return await self._line.certificate()

    async def _sign_in(self, report: CheckReport) -> Finding:
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

    async def _addresses(self, report: CheckReport) -> Finding:
        self._signed_in()
        if report.result(Step.SIGN_IN).outcome is Outcome.FAILED:
            raise NotChecked("no-line")
        return await self._line.addresses()

    async def _loopback(self, report: CheckReport) -> Finding:
        number = self._settings.text("sip.echo_number")
        if number and report.result(Step.SIGN_IN).outcome is Outcome.FAILED:
            raise NotChecked("no-line")
        return await self._line.loopback(number)

    # --- devices ----------------------------------------------------------------------------------------

    async def _microphone(self, report: CheckReport) -> Finding:
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

    async def _speaker(self, report: CheckReport) -> Finding:
        state = self._sound.state()
        name = state.speaker_used
        if not name:
            raise CheckFailed("no-speaker")
        try:
            await self._sound.tone_on("")
        except DeviceError as error:
            raise CheckFailed("speaker-failed", (("device", name),)) from error
        return Finding(_note(state.speaker_why), (("device", name),))

    async def _ring(self, report: CheckReport) -> Finding:
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


def _note(standing: Standing) -> str:
    """What to say of a device that works."""
    return "other-device" if standing.instead else ""
