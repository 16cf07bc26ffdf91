"""What is wrong with a message that was parsed (RFC 3261 sections 8.2, 16.3 and 20).

Kept apart from the parser: a request that is recognisable but wrong deserves its 400, and a response
with any problem is dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import parse_number
from sip_bridge.core.message import TOO_LARGE, VERSION, Message, Request
from sip_bridge.core.reasons import phrase
from sip_bridge.core.uri import SipUri

_REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")
_SINGLE = (
    "From", "To", "Call-ID", "CSeq", "Max-Forwards", "Content-Length", "Content-Type", "Expires",
    "Event", "Subscription-State", "Refer-To", "Replaces", "Session-Expires", "Min-SE", "RSeq", "RAck",
)  # fmt: skip
_SCHEMES = ("sip", "sips", "tel")


@dataclass(frozen=True, slots=True)
class Problem:
    """The response a request with this fault gets."""

    status: int
    reason: str


def validate(message: Message, *, forwarding: bool = False) -> Problem | None:
    """The first fault found, None when there is none; never raises.

    With `forwarding` the receiver would pass the request on, so Max-Forwards 0 is a 483.
    """
    if message.version.upper() != VERSION:
        return Problem(505, phrase(505))
    if message.defect == TOO_LARGE:
        return Problem(413, phrase(413))
    try:
        for check in _CHECKS:
            check(message)
        if isinstance(message, Request):
            return _request_problem(message, forwarding)
    except MessageError as fault:
        # The texts quote what the peer sent; a reason phrase takes only what is safe there.
        return Problem(400, "".join(c if " " <= c <= "~" else "?" for c in str(fault)))
    return None


def _frame(message: Message) -> None:
    if message.defect:
        raise MessageError(message.defect)


def _presence(message: Message) -> None:
    for name in _REQUIRED:
        if not (message.headers.get(name) or "").strip():
            raise MessageError(f"Missing {name}")
    for name in _SINGLE:
        if len(message.headers.get_lines(name)) > 1:
            raise MessageError(f"More Than One {name}")


def _numbers(message: Message) -> None:
    length = message.headers.get("Content-Length")
    if length is not None and parse_number(length) > len(message.body):
        raise MessageError("Content-Length Beyond the Message")
    hops = message.headers.get("Max-Forwards")
    if hops is not None:
        parse_number(hops, 255)


def _addresses(message: Message) -> None:
    if not message.vias:
        raise MessageError("Missing Via")
    for address in (message.from_, message.to, *message.routes, *message.record_routes):
        if address.uri is None:
            raise MessageError("Address Without URI")


def _contacts(request: Request) -> None:
    contacts = request.addresses("Contact")
    if len(contacts) > 1 and any(contact.uri is None for contact in contacts):
        raise MessageError("Contact * Beside Others")


def _sequence(message: Message) -> None:
    sequence = message.cseq
    if isinstance(message, Request) and sequence.method != message.method:
        raise MessageError("CSeq Method Mismatch")


_CHECKS: tuple[Callable[[Message], None], ...] = (_frame, _presence, _numbers, _sequence, _addresses)


def _request_problem(request: Request, forwarding: bool) -> Problem | None:
    uri = SipUri.parse(request.uri)
    if uri.scheme not in _SCHEMES:
        return Problem(416, phrase(416))
    if uri.headers:
        raise MessageError("Request-URI With Headers")
    _contacts(request)
    if request.method == "REGISTER":
        _wildcard(request)
    if forwarding and request.max_forwards == 0:
        return Problem(483, phrase(483))
    return None


def _wildcard(request: Request) -> None:
    """RFC 3261 10.3 step 6: `Contact: *` removes all bindings and asks for Expires: 0."""
    if any(contact.uri is None for contact in request.contacts) and request.expires != 0:
        raise MessageError("Contact * Without Expires 0")
