"""One datagram: parsed, judged and written again; every header value read by everything that reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from fuzz.judge import require
from fuzz.wire import MESSAGES
from sip_bridge.core.digest import DigestAuth, parse_challenges
from sip_bridge.core.digest_values import Answer, Challenge
from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import (
    CSeq,
    EventHeader,
    NameAddr,
    RAck,
    Reason,
    ReplacesHeader,
    SessionExpires,
    SubscriptionState,
    Via,
    parse_list,
    parse_number,
)
from sip_bridge.core.message import Message, Request, parse_message
from sip_bridge.core.uri import SipUri
from sip_bridge.core.validate import validate

PROPERTIES = (
    "call_id from_ to cseq vias top_via contacts routes record_routes content_type max_forwards expires "
    "require supported allow"
).split()

VALUES: tuple[Callable[[str], object], ...] = (
    SipUri.parse,
    NameAddr.parse,
    Via.parse,
    CSeq.parse,
    RAck.parse,
    ReplacesHeader.parse,
    SessionExpires.parse,
    Reason.parse,
    EventHeader.parse,
    SubscriptionState.parse,
    Challenge.parse,
    Answer.parse,
)

UNASKED = {"expires"}
"""Properties whose fault `validate` leaves to who reads them."""


def run(data: bytes) -> None:
    """Raises for a finding."""
    try:
        message = parse_message(data)
    except MessageError:
        return
    fault = validate(message, forwarding=True)
    for name in PROPERTIES:
        _read(message, name, sound=fault is None)
    written = bytes(message)
    again = parse_message(written)
    require(bytes(again) == written, "written, read and written it is another message")
    if fault is None:
        require(validate(again, forwarding=True) is None, "it was sound and what is written is not")
    if isinstance(message, Request):
        answer = parse_message(bytes(message.reply(400, to_tag="t")))
        require(fault is not None or validate(answer) is None, "the answer to a sound request is not")
    for _, value in list(message.headers)[:12]:
        read_values(value)
    _digest(message)


def _read(message: Message, name: str, *, sound: bool) -> None:
    try:
        getattr(message, name)
    except MessageError:
        require(not sound or name in UNASKED, f"{name} can't be read though nothing was found wrong")


def read_values(text: str) -> None:
    """Everything that reads a header value reads this text and its elements. Raises for a finding."""
    for element in [text, *parse_quietly(text)[:4]]:
        for parse in VALUES:
            _round_trip(parse, element)
    try:
        parse_number(text)
    except MessageError:
        return


def parse_quietly(text: str) -> list[str]:
    """The elements of a list, none where it is not one."""
    try:
        return parse_list(text)
    except MessageError:
        return []


def _round_trip(parse: Callable[[str], object], text: str) -> None:
    try:
        value = parse(text)
    except MessageError:
        return
    require(parse(str(value)) == value, f"{type(value).__name__} is another one when it was written and read")


def _digest(message: Message) -> None:
    for name in ("WWW-Authenticate", "Proxy-Authenticate"):
        challenges = parse_challenges(message.headers.get_lines(name))
        auth = DigestAuth("alice", "secret", lambda size: bytes(size))
        answer = auth.answer(challenges, "REGISTER", "sip:example.com")
        if answer is not None:
            require("\r" not in answer and "\n" not in answer, "a header that ends its line")
            Answer.parse(answer)


def seeds() -> Iterable[bytes]:
    """Real messages."""
    return MESSAGES
