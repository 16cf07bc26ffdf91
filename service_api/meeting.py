"""A meeting's WebSocket: `{service}/meetings/{appointment}/socket`, subprotocol SUBPROTOCOL.

The client speaks first (`hello`, within HELLO_S). It sends commands, each with an `id` of its own: sent
twice, a command works once and has the same answer. Every command is answered by `done` or `refused` with
its id, but `hello`: its answer is `welcome` with the whole picture, the first of the events, which are
numbered from 1 for each connection. A client that misses a number sends `resync` and is given `snapshot`.

Media: the client that is ADMITTED is sent `ticket`, redeems it within `expires_in` seconds, then offers one
sending PeerConnection (`publish`), and is offered one receiving PeerConnection for each feed it asks for
(`subscribe`, then `answer`). After a resume, or `media-lost`, it is sent a new ticket and does it again.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, TypeAdapter

from service_api.appointments import Appointment
from service_api.model import Line, Message, Sdp, Secret, Token, Wire
from service_api.states import Assurance, ClientKind, DeviceCheck, MeetingRefusal, Seat, SessionState

SUBPROTOCOL = "softphone.meeting.v1"
HELLO_S = 5.0
SIZE_LIMIT = 96 * 1024
PING_S = 5.0
"""Each side sends a WebSocket ping this often and gives the other up after two without an answer."""


class Close(IntEnum):
    """Why the service closes a meeting's WebSocket (RFC 6455 section 7.4). A client comes back by itself
    after GOING_AWAY, TOO_SLOW, SERVER_ERROR, RESTART and a connection that broke, and after nothing else.

    Where the service says no to a whole connection, `refused` with the reason goes before.
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    RESTART = 1012
    BAD_REQUEST = 4400
    NOT_SIGNED_IN = 4401
    REFUSED = 4403
    NO_HELLO = 4408
    TAKEN_OVER = 4409
    OVER = 4410
    TOO_FAST = 4429
    TOO_SLOW = 4430


Code = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class Equipment(Wire):
    """What the test page found."""

    camera: DeviceCheck = DeviceCheck.UNKNOWN
    microphone: DeviceCheck = DeviceCheck.UNKNOWN
    speaker: DeviceCheck = DeviceCheck.UNKNOWN


class Person(Wire):
    """Somebody's place as the receiver may see it.

    `waiting_since` and `equipment` are for the host. `code_confirmed`: this session typed the host's code.
    `other_device`: the link was used on another device before.
    """

    session: Token
    participant: str
    name: str
    seat: Seat
    state: SessionState
    assurance: Assurance
    code_confirmed: bool = False
    camera: bool = False
    microphone: bool = False
    other_device: bool = False
    client: ClientKind = ClientKind.BROWSER
    waiting_since: AwareDatetime | None = None
    equipment: Equipment = Equipment()


class ChatLine(Wire):
    """`lobby`: between the host and one who waits; `to` is that one's session, or "" for all who wait."""

    id: Token
    session: str
    name: str
    text: str
    at: AwareDatetime
    lobby: bool = False
    to: str = ""


class Feed(Wire):
    """What one session sends. `audio`, `video`: which it has at all, not whether it is muted."""

    id: Token
    session: Token
    audio: bool
    video: bool


class Picture(Wire):
    """The whole of what a client may know. `place` counts from 1 while waiting, 0 otherwise."""

    appointment: Appointment
    server: str
    you: Person
    place: int = 0
    people: tuple[Person, ...] = ()
    chat: tuple[ChatLine, ...] = ()
    feeds: tuple[Feed, ...] = ()
    reason: Line = ""
    started_at: AwareDatetime | None = None


# --- commands -------------------------------------------------------------------------------------


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
    """To everybody in the meeting; refused with code-in-chat where it holds a live confirmation code."""

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


# --- answers --------------------------------------------------------------------------------------


class Done(Wire):
    """The command worked. Members a command says nothing about stay as they are here."""

    type: Literal["done"] = "done"
    id: Token
    passed_over: int = 0
    code: str = Field(default="", repr=False)
    expires_in: int = 0
    subscription: str = ""
    sdp: str = Field(default="", repr=False)


class Refused(Wire):
    """It did not, and nothing changed. `tries_left` goes with wrong-code."""

    type: Literal["refused"] = "refused"
    id: str
    code: MeetingRefusal
    tries_left: int = 0


# --- events ---------------------------------------------------------------------------------------


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
