"""What the user agent tells its owner: frozen events, taken with `Agent.take_events()` in order.

`call` is the handle that `Agent.invite` returned or `IncomingInvite` brought. `dialog` names one answering
party of a forked call (its To tag): early media of different parties is told apart by it. Session
descriptions are opaque bytes here. Every `reason_key` is a key of `sip_bridge.core.reasons`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sip_bridge.core.effects import Address, Flow

# --- registration --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RegistrationSucceeded:
    """The registrar holds our binding for `expires` seconds. Given on every refresh too.

    `public_address` is what the server saw of us (RFC 3581), or None when it did not say.
    """

    flow: Flow
    expires: int
    contact: str
    public_address: Address | None = None


@dataclass(frozen=True, slots=True)
class RegistrationFailed:
    """Not registered now. `retry_in` seconds until the next try; None: refused for good, nothing follows.

    `status` is the SIP status or 0 when nobody answered; then `reason_key` is "timeout" or one of the
    REFUSED_* words of `effects`. Statuses 401, 407 and 403 have keys "wrong-credentials" and "forbidden".
    """

    status: int
    reason_key: str
    retry_in: float | None


@dataclass(frozen=True, slots=True)
class Unregistered:
    """The binding is removed, or the registrar did not answer our removal in time."""


@dataclass(frozen=True, slots=True)
class LocalAddressChanged:
    """Registered again from another local address: running calls want a re-offer with a new media address."""

    old: Address
    new: Address


# --- a call's life -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IncomingInvite:
    """A call for us; 100 is sent. Next: `ring`, then `answer` or `reject`.

    `offer` None: the caller wants our offer, so the SDP given to `answer` is an offer and `AnswerReceived`
    follows with the ACK. `replaces` is the handle of the call this one takes the place of (RFC 3891): that
    one is ended by the agent when this one is answered. `secure`: it came over TLS.
    """

    call: str
    from_: str
    to: str
    display_name: str
    headers: tuple[tuple[str, str], ...]
    offer: bytes | None
    content_type: str
    replaces: str | None = None
    referred_by: str = ""
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Provisional:
    """A provisional answer to our INVITE (not 100). `sdp`: early answer, or None."""

    call: str
    status: int
    reason: str
    sdp: bytes | None
    dialog: str
    secure: bool = False


@dataclass(frozen=True, slots=True)
class Established:
    """The call stands (2xx sent or received). For an offer of ours `AnswerReceived` has come before.

    `remote` is the peer's address as its headers name it, `secure` whether our hop is TLS.
    """

    call: str
    dialog: str
    remote: str
    secure: bool = False


@dataclass(frozen=True, slots=True)
class AnswerReceived:
    """The peer's answer to our offer: the first INVITE's, a re-offer's, or one brought by an ACK.

    The first INVITE's answer is given at the 2xx even if a provisional carried the same before.
    """

    call: str
    sdp: bytes
    dialog: str


@dataclass(frozen=True, slots=True)
class OfferReceived:
    """The peer offers: reply with `answer_offer` or `refuse_offer`.

    `kind`: "reinvite", "update", or "delayed": the response to our INVITE without offer; the answer goes in
    the ACK (or PRACK).
    """

    call: str
    sdp: bytes
    kind: str


@dataclass(frozen=True, slots=True)
class OfferWanted:
    """A re-INVITE without SDP: reply with `provide_offer` or `refuse_offer`; `AnswerReceived` follows."""

    call: str


@dataclass(frozen=True, slots=True)
class ReofferFailed:
    """Our re-offer was refused; the session stays as it was (RFC 3261 14.1). Glare is retried inside."""

    call: str
    status: int
    reason_key: str


@dataclass(frozen=True, slots=True)
class Ended:
    """The call is over. `status` is the SIP status, or 0; `retry_after` seconds if the peer named them."""

    call: str
    status: int
    reason_key: str
    by_remote: bool
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class InfoReceived:
    """An INFO inside a call (RFC 6086; DTMF relay of older peers). It is answered 200 already."""

    call: str
    content_type: str
    body: bytes


# --- transfer ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReferReceived:
    """The peer asks us to call `target` (RFC 3515): reply with `accept_refer` or `refuse_refer`.

    `replaces` is the text of the Replaces header the new INVITE shall carry, or "".
    """

    call: str
    target: str
    replaces: str
    referred_by: str


@dataclass(frozen=True, slots=True)
class ReferProgress:
    """How a transfer we asked for goes: the status its sipfrag named, or the REFER's own refusal.

    `final`: nothing follows. `status` 200–299 is success; the agent then hangs up `call` (and `other` of
    `refer_to_call`) itself. After a failure the calls stand as they were.
    """

    call: str
    status: int
    final: bool


@dataclass(frozen=True, slots=True)
class Replaced:
    """`call` was ended because `by` took its place (RFC 3891). `Ended` for it follows."""

    call: str
    by: str


# --- outside calls -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NotifyReceived:
    """A NOTIFY outside any subscription of ours, from the registrar (message-summary, RFC 3842)."""

    event: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class RushBegan:
    """More calls come than people make; they are refused until it is over. Said once each time."""


AgentEvent = (
    RegistrationSucceeded
    | RegistrationFailed
    | Unregistered
    | LocalAddressChanged
    | IncomingInvite
    | Provisional
    | Established
    | AnswerReceived
    | OfferReceived
    | OfferWanted
    | ReofferFailed
    | Ended
    | InfoReceived
    | ReferReceived
    | ReferProgress
    | Replaced
    | NotifyReceived
    | RushBegan
)
