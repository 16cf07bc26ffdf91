"""What a client sends."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter

from service_api.meeting.view import Equipment
from service_api.model import Line, Message, Sdp, Secret, Token, Wire
from service_api.states import ClientKind

Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class Command(Wire):
    """Root of what a client sends."""

    id: Token


class Hello(Command):
    """First message. `resume_token` takes the former place back, in the state it had."""

    type: Literal["hello"] = "hello"
    client: ClientKind
    resume_token: Secret | None = Field(default=None, repr=False)


class Resync(Command):
    """A number was missed."""

    type: Literal["resync"] = "resync"


class Knock(Command):
    """From the test page into the lobby; the host knocks nowhere and is let in."""

    type: Literal["knock"] = "knock"
    equipment: Equipment = Equipment()
    camera: bool = False
    microphone: bool = False


class Leave(Command):
    """Goodbye; coming again starts at the test page."""

    type: Literal["leave"] = "leave"


class MediaState(Command):
    """Whether camera and microphone are truly on; others are shown it."""

    type: Literal["media-state"] = "media-state"
    camera: bool
    microphone: bool


class Admit(Command):
    """Host: let one in."""

    type: Literal["admit"] = "admit"
    session: Token


class AdmitAll(Command):
    """Host: let everybody in who has the demanded level; done carries how many were passed over."""

    type: Literal["admit-all"] = "admit-all"


class Decline(Command):
    """Host: not this time; `reason` is shown to the person."""

    type: Literal["decline"] = "decline"
    session: Token
    reason: Line = ""


class PutBack(Command):
    """Host: from the meeting to the lobby; media ends at once."""

    type: Literal["put-back"] = "put-back"
    session: Token


class Remove(Command):
    """Host: out, media ends at once, no coming back by this link unless the host lets in again."""

    type: Literal["remove"] = "remove"
    session: Token
    reason: Line = ""


class End(Command):
    """Host: end the meeting for everybody."""

    type: Literal["end"] = "end"


class Say(Command):
    """To everybody in the meeting; refused with code-in-chat where it holds a live confirmation code.

    In a participant's line, in any chat, that also ends the code: hosts are told code-tried, no tries left.
    """

    type: Literal["say"] = "say"
    text: Message


class LobbySay(Command):
    """Host to one who waits (or all, `session` None); one who waits to the host (`session` None)."""

    type: Literal["lobby-say"] = "lobby-say"
    text: Message
    session: Token | None = None


class NewCode(Command):
    """Host: a confirmation code for one person in the meeting; the former one ends. Done carries it."""

    type: Literal["new-code"] = "new-code"
    session: Token


class ConfirmCode(Command):
    """A participant types the code they heard."""

    type: Literal["confirm-code"] = "confirm-code"
    code: Code = Field(repr=False)


class Redeem(Command):
    """The ticket, once, within its time."""

    type: Literal["redeem"] = "redeem"
    ticket: Secret = Field(repr=False)


class Publish(Command):
    """Offer what is sent: at most one audio and one video line. Again: the former connection ends."""

    type: Literal["publish"] = "publish"
    sdp: Sdp = Field(repr=False)


class Unpublish(Command):
    """Nothing more is sent."""

    type: Literal["unpublish"] = "unpublish"


class Subscribe(Command):
    """Ask for a feed; done carries `subscription` and the engine's offer."""

    type: Literal["subscribe"] = "subscribe"
    feed: Token
    video: bool = True
    height: int = Field(default=720, ge=0, le=4320)


class Answer(Command):
    """The answer to a subscription's offer."""

    type: Literal["answer"] = "answer"
    subscription: Token
    sdp: Sdp = Field(repr=False)


class Adjust(Command):
    """How the feed is shown now: no picture while hidden, less where small (pixels)."""

    type: Literal["adjust"] = "adjust"
    subscription: Token
    video: bool
    height: int = Field(ge=0, le=4320)


class Unsubscribe(Command):
    """No more of this feed."""

    type: Literal["unsubscribe"] = "unsubscribe"
    subscription: Token


AnyCommand = Annotated[
    Hello
    | Resync
    | Knock
    | Leave
    | MediaState
    | Admit
    | AdmitAll
    | Decline
    | PutBack
    | Remove
    | End
    | Say
    | LobbySay
    | NewCode
    | ConfirmCode
    | Redeem
    | Publish
    | Unpublish
    | Subscribe
    | Answer
    | Adjust
    | Unsubscribe,
    Field(discriminator="type"),
]
COMMANDS: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand, config=ConfigDict(hide_input_in_errors=True))
