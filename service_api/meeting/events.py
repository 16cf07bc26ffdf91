"""What the service tells: answers to commands, and news by itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, TypeAdapter

from service_api.meeting.view import ChatLine, Feed, Person, Picture
from service_api.model import Line, Secret, Token, Wire
from service_api.states import MeetingRefusal


class Done(Wire):
    """The command worked. Members a command says nothing about stay as they are here."""

    type: Literal["done"] = "done"
    id: Token
    passed_over: int = 0
    code: str = Field(default="", repr=False)
    expires_in: int = 0
    subscription: str = ""
    sdp: str = Field(default="", repr=False)


_REASONS = frozenset(MeetingRefusal)


def _known(code: object) -> object:
    """A newer service has more reasons; whoever waits for an answer is given one all the same."""
    return MeetingRefusal.SERVER_ERROR if isinstance(code, str) and code not in _REASONS else code


class Refused(Wire):
    """It did not, and nothing changed. `tries_left` goes with wrong-code."""

    type: Literal["refused"] = "refused"
    id: str
    code: Annotated[MeetingRefusal, BeforeValidator(_known)]
    tries_left: int = 0


class MeetingEvent(Wire):
    """Root of what the service tells by itself."""

    seq: int = Field(default=0, ge=0)


class Welcome(MeetingEvent):
    """The place is taken. `resume_token` replaces the former one."""

    type: Literal["welcome"] = "welcome"
    resume_token: Secret = Field(repr=False)
    picture: Picture


class Snapshot(MeetingEvent):
    """Everything anew."""

    type: Literal["snapshot"] = "snapshot"
    picture: Picture


class YouChanged(MeetingEvent):
    """Your own state. `reason` is the host's word where you were declined, put back or removed."""

    type: Literal["you-changed"] = "you-changed"
    you: Person
    place: int = 0
    reason: Line = ""


class PersonChanged(MeetingEvent):
    """Somebody came or changed. For those in the lobby the host alone is told."""

    type: Literal["person-changed"] = "person-changed"
    person: Person


class PersonGone(MeetingEvent):
    """Somebody is no longer to be seen."""

    type: Literal["person-gone"] = "person-gone"
    session: Token


class Knocked(MeetingEvent):
    """Host: somebody has come to the lobby now: make it heard."""

    type: Literal["knocked"] = "knocked"
    session: Token


class OtherDevice(MeetingEvent):
    """Host: a participant's link was used on a second device."""

    type: Literal["other-device"] = "other-device"
    participant: Token
    name: str


class ChatAdded(MeetingEvent):
    """A line of chat, your own as well."""

    type: Literal["chat-added"] = "chat-added"
    line: ChatLine


class CodeTried(MeetingEvent):
    """Host: a code was typed; `confirmed`, or how many tries are left."""

    type: Literal["code-tried"] = "code-tried"
    session: Token
    confirmed: bool
    tries_left: int = 0


class Ticket(MeetingEvent):
    """You may send and see. Valid once, for `expires_in` seconds."""

    type: Literal["ticket"] = "ticket"
    ticket: Secret = Field(repr=False)
    expires_in: int


class FeedAdded(MeetingEvent):
    """Something to subscribe to."""

    type: Literal["feed-added"] = "feed-added"
    feed: Feed


class FeedRemoved(MeetingEvent):
    """It is over; its subscriptions end by themselves."""

    type: Literal["feed-removed"] = "feed-removed"
    feed: Token


class MediaLost(MeetingEvent):
    """The media engine started anew: a new ticket follows."""

    type: Literal["media-lost"] = "media-lost"


class TakenOver(MeetingEvent):
    """The same device opened the meeting elsewhere (another tab): this connection ends."""

    type: Literal["taken-over"] = "taken-over"


class Ended(MeetingEvent):
    """The meeting is over for everybody."""

    type: Literal["ended"] = "ended"
    reason: Line = ""


AnyEvent = Annotated[
    Done
    | Refused
    | Welcome
    | Snapshot
    | YouChanged
    | PersonChanged
    | PersonGone
    | Knocked
    | OtherDevice
    | ChatAdded
    | CodeTried
    | Ticket
    | FeedAdded
    | FeedRemoved
    | MediaLost
    | TakenOver
    | Ended,
    Field(discriminator="type"),
]
EVENTS: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent, config=ConfigDict(hide_input_in_errors=True))
