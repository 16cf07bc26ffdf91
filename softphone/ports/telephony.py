"""The user agent: what the core tells it and hears from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from softphone.domain.call import Encryption, EndReason
from softphone.domain.quality import CallQuality


@dataclass(frozen=True, slots=True)
class SipAccount:
    """What the user agent registers with. `secret` never shows in a repr.

    `host`/`port` as typed (port 0: found by DNS); `number` is the user part; `auth_user` answers challenges.
    `tls_required` is set where TLS once worked: then nothing less is tried.
    """

    host: str
    number: str
    secret: str = field(repr=False)
    port: int = 0
    transport: str = "auto"
    auth_user: str = ""
    display_name: str = ""
    ca_file: str = ""
    tls_required: bool = False
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """The registrar accepted us over `transport`."""

    transport: str
    server: str


@dataclass(frozen=True, slots=True)
class RegistrationLost:
    """Not registered now, and the user agent keeps trying by itself. `refusal` names why (Refusal value)."""

    refusal: str


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """The registrar said no for good (wrong secret, no right): nothing is tried again."""

    refusal: str
    status_code: int


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Somebody calls; the user agent has sent 100 and waits for `ring`, `answer` or `reject`."""

    call_id: str
    uri: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class CallFlood:
    """More calls come than people make; the user agent refuses them as busy until it is over."""


@dataclass(frozen=True, slots=True)
class CallProgress:
    """An outgoing call: the far end rings; `early_media` when it sends sound already."""

    call_id: str
    status_code: int
    early_media: bool


@dataclass(frozen=True, slots=True)
class CallEstablished:
    """Answered on either side; sound flows."""

    call_id: str
    codec: str
    encryption: Encryption


@dataclass(frozen=True, slots=True)
class CallMediaChanged:
    """A re-INVITE or UPDATE changed the call's media."""

    call_id: str
    codec: str
    encryption: Encryption
    held: bool
    remote_held: bool


@dataclass(frozen=True, slots=True)
class CallTransferProgress:
    """A transfer we asked for: `state` is trying, ringing, done or failed."""

    call_id: str
    state: str
    status_code: int


@dataclass(frozen=True, slots=True)
class CallReplaced:
    """The far end's transfer replaced `old_call_id` with `call_id`: same conversation, other peer."""

    old_call_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class CallRemoteChanged:
    """The other side is now somebody else (after a transfer at their side)."""

    call_id: str
    uri: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over; sent exactly once for each call."""

    call_id: str
    reason: EndReason
    status_code: int


@dataclass(frozen=True, slots=True)
class CallDtmf:
    """The far end pressed a key."""

    call_id: str
    digit: str


TelephonyEvent = (
    Registered
    | RegistrationLost
    | RegistrationRefused
    | IncomingCall
    | CallFlood
    | CallProgress
    | CallEstablished
    | CallMediaChanged
    | CallTransferProgress
    | CallReplaced
    | CallRemoteChanged
    | CallEnded
    | CallDtmf
)


class Telephony(Protocol):
    """A SIP user agent with its sound already joined to the chosen devices."""

    def listen(self, callback: Callable[[TelephonyEvent], None]) -> None:
        """Call `callback` for every event, on the engine loop."""
        ...

    async def sign_in(self, account: SipAccount) -> Registered:
        """Register. Raises SignInRefused; afterwards keeps the registration alive by itself."""
        ...

    async def sign_out(self) -> None:
        """End all calls and unregister; never raises for a dead server."""
        ...

    async def dial(self, target: str, *, emergency: bool = False) -> str:
        """Start a call to a number or SIP URI and return its id at once. Raises BadTarget, NotSignedIn."""
        ...

    async def ring(self, call_id: str) -> None:
        """Tell the caller that it rings here (180)."""
        ...

    async def answer(self, call_id: str) -> None:
        """Accept an incoming call."""
        ...

    async def reject(self, call_id: str, *, busy: bool = False) -> None:
        """Decline an incoming call (603, or 486 when busy)."""
        ...

    async def hang_up(self, call_id: str) -> None:
        """End a call in any state (CANCEL, BYE or a refusal as it fits)."""
        ...

    async def hold(self, call_id: str) -> None:
        """Put a call on hold; returns when the far end agreed. Raises CommandRefused."""
        ...

    async def resume(self, call_id: str) -> None:
        """Take a call off hold."""
        ...

    async def mute(self, call_id: str, muted: bool) -> None:
        """Stop or resume sending the microphone's sound into this call."""
        ...

    async def set_volume(self, call_id: str, gain_db: float) -> None:
        """Loudness of the far end in the speaker, -40…+12 dB, 0 as it came."""
        ...

    async def send_dtmf(self, call_id: str, digits: str) -> None:
        """Send keys 0-9 * # A-D one after another (RFC 4733)."""
        ...

    async def transfer(self, call_id: str, target: str) -> None:
        """Blind transfer; progress comes as CallTransferProgress."""
        ...

    async def transfer_to_call(self, call_id: str, other_call_id: str) -> None:
        """Attended transfer: join the two far ends; on failure both calls come back."""
        ...

    def quality(self, call_id: str) -> CallQuality | None:
        """Figures of the last seconds, or None where no media flows."""
        ...

    def network_changed(self) -> None:
        """The system says that addresses or routes changed, or the machine woke up."""
        ...
