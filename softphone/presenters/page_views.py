"""View states of the meeting page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from resources.words import Words
from softphone.presenters.meeting_people import ChatRow
from softphone.presenters.parts import Advice, Sign


class Stage(StrEnum):
    """How far the way into the meeting is."""

    NONE = "none"
    LINK = "link"
    SERVER = "server"
    OFFER = "offer"
    TEST = "test"
    LOBBY = "lobby"
    INSIDE = "inside"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Toggle:
    """Camera or microphone: `word` says how it is, `hint` what a press does."""

    on: bool
    word: str
    hint: str


@dataclass(frozen=True, slots=True)
class TestView:
    """Before joining."""

    camera: Toggle
    microphone: Toggle
    recommendation: str


@dataclass(frozen=True, slots=True)
class LobbyView:
    """For the one who waits. `lines` went between them and the host."""

    title: str
    text: str
    reason: str
    equipment: str
    lines: tuple[ChatRow, ...]
    can_reply: bool
    trouble: Advice | None


@dataclass(frozen=True, slots=True)
class CodeView:
    """The field for the expert's code; `done` once it was right."""

    fault: str
    done: Sign | None


@dataclass(frozen=True, slots=True)
class ExpertView:
    """Whom to call in trouble; without a line the number is shown large."""

    text: str
    number: str
    can_call: bool
    called: bool


@dataclass(frozen=True, slots=True)
class PageView:
    """`opened` grows whenever the page is to come to the front; `main` is the word of its main action."""

    stage: Stage
    opened: int
    heading: str
    when: str
    who: str
    description: str
    lock: Sign | None
    warning: Advice | None
    advice: Advice | None
    busy: bool
    link_fault: str
    main: str
    can_main: bool
    note: str
    test: TestView | None
    lobby: LobbyView | None
    code: CodeView | None
    expert: ExpertView | None
    said: Sign | None


def camera_toggle(words: Words, *, on: bool, flows: bool = True, failed: bool = False) -> Toggle:
    """The camera as a button tells it; `flows` is false while it is wanted but gives no picture (yet)."""
    if on and failed:
        return Toggle(True, words._("No picture"), words._("Switch the camera off"))
    if on and not flows:
        return Toggle(True, words._("Camera starts"), words._("Switch the camera off"))
    if on:
        return Toggle(True, words._("Camera on"), words._("Switch the camera off"))
    return Toggle(False, words._("Camera off"), words._("Switch the camera on"))


def microphone_toggle(words: Words, *, on: bool) -> Toggle:
    """The microphone as a button tells it."""
    if on:
        return Toggle(True, words._("Mic on"), words._("Switch the microphone off"))
    return Toggle(False, words._("Mic off"), words._("Switch the microphone on"))
