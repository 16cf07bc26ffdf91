"""What a client may know of a meeting."""

from __future__ import annotations

from pydantic import AwareDatetime

from service_api.appointments import Appointment
from service_api.model import Line, Token, Wire
from service_api.states import Assurance, ClientKind, DeviceCheck, Seat, SessionState


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
