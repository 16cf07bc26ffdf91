"""What testing microphone, speaker and echo finds, and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

HEARD_DBFS = -45.0
"""Speech into a headset is louder than this, a quiet room is not."""

FINE_DB = 30.0
"""An echo weaker by this much is not noticed in a call."""

SURE = 0.35
"""From this likeness on it is our own sound that came back."""

DISTURBED_DBFS = -50.0
"""With so much else to be heard nothing can be said of the echo."""

ZEROS_S = 0.5
"""Exact zeros for so long come from no open microphone."""


class Hearing(StrEnum):
    """How the microphone does. ZEROS: not even the noise every microphone makes, so it is muted or denied."""

    FINE = "fine"
    QUIET = "quiet"
    TOO_LOUD = "too-loud"
    ZEROS = "zeros"


@dataclass(frozen=True, slots=True)
class MicrophoneFinding:
    """A recording's loudest 50 ms in dBFS, as recorded, and what that means."""

    hearing: Hearing
    level_dbfs: float
    seconds: float


class EchoVerdict(StrEnum):
    """What the other side would hear of itself. DISTURBED: too noisy to tell; ZEROS: the microphone gives
    nothing."""

    FINE = "fine"
    USE_HEADSET = "use-headset"
    DISTURBED = "disturbed"
    ZEROS = "zeros"


@dataclass(frozen=True, slots=True)
class EchoFinding:
    """The echo that is left is `loss_db` weaker than what the speaker played (96: none); `cancelling` tells
    whether the echo canceller was at work."""

    verdict: EchoVerdict
    loss_db: float
    cancelling: bool = False


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether the system lets us hear a microphone: granted, denied, undetermined or unknown. `place` is a
    URL that opens where a person changes it, "" where there is none."""

    state: str = "unknown"
    place: str = ""


class Activity(StrEnum):
    """What the test page is doing."""

    NOTHING = ""
    RECORDING = "recording"
    PLAYING = "playing"
    TONE = "tone"
    RINGING = "ringing"
    ECHO = "echo"


@dataclass(frozen=True, slots=True)
class DeviceTestState:
    """How the tests stand.

    `progress` 0…1 of what goes on, `place` the output a tone plays on ("" where speech is heard). `heard` is
    what a person answered for each output. `failed` names the activity that came to nothing, with `fault`:
    "device" or "in-call". `recorded` until the page is closed; `played` once it was heard to the end.
    """

    activity: Activity = Activity.NOTHING
    progress: float = 0.0
    place: str = ""
    asking: str | None = None
    heard: tuple[tuple[str, bool], ...] = ()
    recorded: MicrophoneFinding | None = None
    rung: bool = False
    echo: EchoFinding | None = None
    failed: Activity = Activity.NOTHING
    fault: str = ""
    permission: Permission = Permission()


def judge_microphone(level_dbfs: float, *, clipping: bool, zero_for_s: float) -> Hearing:
    """What a level of the microphone means, with the seconds of exact zeros until now."""
    if zero_for_s >= ZEROS_S:
        return Hearing.ZEROS
    if clipping:
        return Hearing.TOO_LOUD
    return Hearing.FINE if level_dbfs > HEARD_DBFS else Hearing.QUIET


def judge_echo(loss_db: float, *, likeness: float, heard_dbfs: float, zero_for_s: float) -> EchoVerdict:
    """What came back of a sound we know: its loss and likeness, and the level of everything heard."""
    if zero_for_s >= ZEROS_S:
        return EchoVerdict.ZEROS
    if loss_db >= FINE_DB:
        return EchoVerdict.FINE
    if likeness >= SURE:
        return EchoVerdict.USE_HEADSET
    return EchoVerdict.DISTURBED if heard_dbfs > DISTURBED_DBFS else EchoVerdict.FINE
