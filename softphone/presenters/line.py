"""The main window's frame: line state, the promise about devices, advice, calls in progress, dialling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.account import Account, LineState
from softphone.domain.device import DeviceState
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import AccountChanged, CallChanged, DevicesChanged, Event, HistoryChanged, Notice
from softphone.presenters import sentences
from softphone.presenters.parts import Advice, Sign, Tone
from softphone.presenters.presenter import Presenter
from softphone.presenters.targets import resolve
from softphone.services.calls import Calls
from softphone.services.contacts import Contacts
from softphone.services.history import History
from softphone.services.numbers import Numbers
from softphone.services.session import Session
from softphone.services.sound_devices import SoundDevices


@dataclass(frozen=True, slots=True)
class DialQuestion:
    """A link or another program asks to dial: the person decides."""

    target: str
    text: str


@dataclass(frozen=True, slots=True)
class LineView:
    """`promise` says where speech and ring go now; `tray_text` is the same line state for the tray."""

    line: Sign
    number: str
    promise: Sign
    advice: tuple[Advice, ...]
    question: DialQuestion | None
    missed: int
    missed_text: str
    calls: int
    calls_text: str
    tray_text: str


class LinePresenter(Presenter[LineView]):
    """Always true about the line and the devices."""

    def __init__(
        self,
        session: Session,
        calls: Calls,
        devices: SoundDevices,
        history: History,
        contacts: Contacts,
        numbers: Numbers,
        words: Words,
        emit: Callable[[LineView], None],
    ) -> None:
        super().__init__(words, emit)
        self._session, self._calls, self._numbers = session, calls, numbers
        self._history, self._contacts = history, contacts
        self._account: Account = session.account
        self._devices: DeviceState = devices.state()
        self._notices: dict[str, dict[str, str]] = {}
        self._failure: SoftphoneError | None = None
        self._question = ""
        self._missed = 0

    def compose(self) -> LineView:
        """The frame as it stands."""
        line = self._line()
        running = sum(1 for call in self._calls.calls() if call.live)
        missed_text = self.words.n("{count} missed call", "{count} missed calls", self._missed)
        missed_text = missed_text.format(count=self._missed)
        return LineView(
            line=line,
            number=self._numbers.display(self._account.user) if self._account.user else "",
            promise=self._promise(),
            advice=self._advice(),
            question=self._ask(),
            missed=self._missed,
            missed_text=missed_text,
            calls=running,
            calls_text=self.words.n("{count} call in progress", "{count} calls in progress", running).format(
                count=running
            ),
            tray_text=f"{line.text}\n{missed_text}" if self._missed else line.text,
        )

    def _line(self) -> Sign:
        match self._account.state:
            case LineState.REGISTERED:
                return Sign("available", self._("Available · Registered"), Tone.GOOD)
            case LineState.SIGNING_IN:
                return Sign("connecting", self._("Signing in …"), Tone.QUIET)
            case LineState.RECONNECTING:
                return Sign("connecting", self._("No connection · Trying again"), Tone.WARN)
            case LineState.REFUSED:
                return Sign("unavailable", self._("Not available · Sign-in refused"), Tone.BAD)
            case LineState.SIGNED_OUT:
                return Sign("unavailable", self._("Signed out"), Tone.QUIET)

    def _promise(self) -> Sign:
        devices = self._devices
        if not devices.microphone_used or not devices.speaker_used:
            missing = self._("No microphone") if devices.speaker_used else self._("No headset")
            return Sign("warning", self._("{missing}: choose one here").format(missing=missing), Tone.BAD)
        ear = devices.speaker_used
        if devices.microphone_used != ear:
            ear = f"{ear} + {devices.microphone_used}"
        rings = " + ".join(dict.fromkeys(devices.ring_used)) or self._("nowhere")
        text = self._("Headset: {headset} · Rings: {ring}").format(headset=ear, ring=rings)
        return Sign("headset", text, Tone.QUIET if devices.ring_used else Tone.WARN)

    def _advice(self) -> tuple[Advice, ...]:
        failed = (sentences.failure(self.words, self._failure),) if self._failure is not None else ()
        told = (sentences.notice(self.words, code, about) for code, about in self._notices.items())
        known = [advice for advice in told if advice is not None]
        return (*failed, *sorted(known, key=lambda advice: advice.tone is not Tone.BAD))

    def _forget_solved(self, devices: DeviceState) -> None:
        """What has been plugged in again is no trouble any more."""
        lost = self._notices.get("device-lost", {}).get("device", "")
        if any(device.name == lost for device in devices.devices):
            self._notices.pop("device-lost")
        if devices.inputs and devices.outputs:
            self._notices.pop("device-none", None)

    def _ask(self) -> DialQuestion | None:
        if not self._question:
            return None
        shown = self._numbers.display(self._question)
        return DialQuestion(self._question, self._("Call {number}?").format(number=shown))

    def hear(self, event: Event) -> None:
        """Follow the line, the devices, calls and notices."""
        match event:
            case AccountChanged(account):
                self._account = account
            case DevicesChanged(devices):
                self._devices = devices
                self._forget_solved(devices)
            case HistoryChanged(_, missed):
                self._missed = missed
            case Notice("dial-confirm", parameters):
                self._question = parameters.get("target", "")
            case Notice(code, parameters):
                self._notices.pop(code.replace("recovered", "failed"), None)
                self._notices[code] = parameters
            case CallChanged():
                pass
            case _:
                return
        self.render()

    async def count_missed(self) -> None:
        """Missed calls from before this start."""
        self._missed = await self._history.missed()
        self.render()

    async def dial(self, text: str) -> bool:
        """Start a call; False when it could not, and the advice says why."""
        self._failure, self._question = None, ""
        try:
            await self._calls.dial(await resolve(text, self._contacts))
        except SoftphoneError as error:
            self._failure = error
        self.render()
        return self._failure is None

    async def typing(self, text: str) -> str:
        """The dial field's text, grouped as a number while it is one; names keep every blank."""
        return text if any(sign.isalpha() for sign in text) else self._numbers.typing(text)

    async def answer_question(self, yes: bool) -> None:
        """Dial what was asked about, or forget it."""
        target, self._question = self._question, ""
        self.render()
        if yes and target:
            await self.dial(target)

    async def put_away(self, advice_id: str) -> None:
        """The person has read it."""
        self._notices.pop(advice_id, None)
        if advice_id.startswith("failure-"):
            self._failure = None
        self.render()

    async def sign_out(self) -> None:
        """Forget the secret, leave the server."""
        await self._session.sign_out()
