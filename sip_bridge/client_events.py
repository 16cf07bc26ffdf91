"""What the SIP client tells its listener. All frozen, all on the event loop.

`reason` values are the keys of sip_bridge.core.reasons; `refusal` values those of RegistrationError.code.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sip_bridge.client_types import Encryption


@dataclass(frozen=True, slots=True)
class Registered:
    """The registrar holds our binding again (not said on refreshes)."""

    transport: str
    server: str


@dataclass(frozen=True, slots=True)
class RegistrationLost:
    """Not registered now; the client keeps trying."""

    refusal: str
    status: int = 0


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """Refused for good; nothing is tried again."""

    refusal: str
    status: int


@dataclass(frozen=True, slots=True)
class Incoming:
    """Somebody calls and could be answered. Next: ring, answer or reject."""

    call_id: str
    uri: str
    name: str


@dataclass(frozen=True, slots=True)
class RushBegan:
    """More calls come than people make; they are refused as busy until it is over. Said once each time."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A provisional response to our call."""

    call_id: str
    status: int


@dataclass(frozen=True, slots=True)
class MediaReady:
    """The call's sound is negotiated, perhaps anew: join it to the ear. `early`: not answered yet."""

    call_id: str
    early: bool


@dataclass(frozen=True, slots=True)
class Established:
    """The call is answered."""

    call_id: str
    codec: str
    encryption: Encryption


@dataclass(frozen=True, slots=True)
class MediaChanged:
    """What flows, how it is protected or who holds has changed."""

    call_id: str
    codec: str
    encryption: Encryption
    held: bool
    remote_held: bool


@dataclass(frozen=True, slots=True)
class TransferProgress:
    """Our transfer: `state` is trying, ringing, done or failed."""

    call_id: str
    state: str
    status: int


@dataclass(frozen=True, slots=True)
class CallReplaced:
    """The far end transferred us: `call_id` goes on where `old_call_id` was; Ended for that one follows."""

    old_call_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class RemoteChanged:
    """Another party is at the far end now."""

    call_id: str
    uri: str
    name: str


@dataclass(frozen=True, slots=True)
class DtmfReceived:
    """The far end pressed a key."""

    call_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over; said exactly once."""

    call_id: str
    reason: str
    status: int


@dataclass(frozen=True, slots=True)
class MessagesWaiting:
    """The server's message summary (RFC 3842), as it came."""

    summary: str = field(repr=False)


ClientEvent = (
    Registered
    | RegistrationLost
    | RegistrationRefused
    | Incoming
    | RushBegan
    | Progress
    | MediaReady
    | Established
    | MediaChanged
    | TransferProgress
    | CallReplaced
    | RemoteChanged
    | DtmfReceived
    | Ended
    | MessagesWaiting
)
