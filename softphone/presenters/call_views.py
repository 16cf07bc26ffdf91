"""How one call looks: pure functions from calls to view states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words, marked
from softphone.domain.call import Call, CallState, Direction, TransferState
from softphone.domain.quality import QualityWord
from softphone.presenters import sentences
from softphone.presenters.moments import timer
from softphone.presenters.parts import Advice, Sign, Tone

STATES = {
    CallState.DIALLING: marked("Calling …"),
    CallState.EARLY: marked("Ringing at the other side …"),
    CallState.RINGING: marked("Incoming call"),
    CallState.ANSWERING: marked("Answering …"),
    CallState.ENDING: marked("Ending …"),
}
TRANSFERS = {
    TransferState.TRYING: marked("Transferring …"),
    TransferState.RINGING: marked("Transferring: it rings there"),
    TransferState.DONE: marked("Transferred"),
    TransferState.FAILED: marked("The transfer did not succeed"),
}
QUALITY = {
    QualityWord.GOOD: ("signal-good", marked("Good sound"), Tone.GOOD),
    QualityWord.FAIR: ("signal-fair", marked("Fair sound"), Tone.WARN),
    QualityWord.POOR: ("signal-poor", marked("Poor sound"), Tone.BAD),
}


@dataclass(frozen=True, slots=True)
class Who:
    """A party as shown: `number` is empty where it would only repeat the name."""

    name: str
    number: str


@dataclass(frozen=True, slots=True)
class OtherCall:
    """A second call in the strip; `action` is swap, answer or hang-up."""

    id: str
    name: str
    state: str
    action: str
    action_text: str


@dataclass(frozen=True, slots=True)
class CallView:
    """The call in the window. `state` is the line under the name; `timer` is "" before the answer;
    `outgoing` where this person dialled. `scores`: MOS of the last minute, the newest last."""

    id: str
    who: Who
    state: Sign
    timer: str
    lock: Sign | None
    quality: Sign | None
    muted: bool
    held: bool
    talking: bool
    ended: bool
    others: tuple[OtherCall, ...]
    join: tuple[OtherCall, ...]
    volume: int
    outgoing: bool
    trouble: Advice | None = None
    scores: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class IncomingView:
    """A call that rings here. `note` says what answering does to a running call."""

    id: str
    title: str
    who: Who
    waiting: str
    note: str
    silenced: bool


def who(words: Words, call: Call, display: Callable[[str], str], name_for: Callable[[str], str]) -> Who:
    """Name and number of the other side, from the contacts first."""
    address = call.remote.number or call.remote.uri
    number = display(address) if address else ""
    name = name_for(address) or call.remote.name
    if not name:
        return Who(number or words._("Unknown number"), "")
    return Who(name, number if number != name else "")


def state_sign(words: Words, call: Call) -> Sign:
    """What the call is doing, in one line."""
    if call.state is CallState.ENDED:
        return Sign("hang-up", sentences.ending(words, call.reason), Tone.QUIET)
    if call.state is not CallState.ACTIVE:
        return Sign("phone", words._(STATES[call.state]), Tone.QUIET)
    if call.transfer in TRANSFERS:
        tone = Tone.WARN if call.transfer is TransferState.FAILED else Tone.ACCENT
        return Sign("forward", words._(TRANSFERS[call.transfer]), tone)
    if call.held:
        return Sign("pause", words._("On hold: they don't hear you"), Tone.WARN)
    if call.remote_held:
        return Sign("pause", words._("The other side put you on hold"), Tone.WARN)
    if call.muted:
        return Sign("microphone-off", words._("Muted: they don't hear you"), Tone.WARN)
    return Sign("phone", words._("Talking"), Tone.GOOD)


def lock_sign(words: Words, call: Call) -> Sign | None:
    """The lock only where it is true; it names the server and claims no more."""
    if call.state is not CallState.ACTIVE:
        return None
    if call.encryption.trusted:
        text = words._("Encrypted to {server}").format(server=call.encryption.to)
        return Sign("lock", text if call.encryption.to else words._("Encrypted"), Tone.GOOD)
    return Sign("lock-open", words._("Not encrypted"), Tone.QUIET)


def quality_sign(words: Words, call: Call) -> Sign | None:
    """How it sounds, in a word."""
    if call.quality is None or call.state is not CallState.ACTIVE:
        return None
    icon, text, tone = QUALITY[call.quality.word]
    return Sign(icon, words._(text), tone)


def other_call(words: Words, call: Call, name: str) -> OtherCall:
    """A call beside the one in the window."""
    if call.state is CallState.ACTIVE:
        state = words._("On hold") if call.held else words._("Talking")
        return OtherCall(call.id, name, state, "swap", words._("Swap"))
    if call.state is CallState.RINGING and call.direction is Direction.INCOMING:
        return OtherCall(call.id, name, words._("Waiting for your answer"), "answer", words._("Answer"))
    return OtherCall(call.id, name, words._("Calling …"), "hang-up", words._("Hang up"))


def talk_time(call: Call, now: float) -> str:
    """The timer of an answered call."""
    return timer(call.duration_ms(now) / 1000) if call.answered_at is not None else ""
