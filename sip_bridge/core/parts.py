"""Small readings of messages that several parts of the agent need."""

from __future__ import annotations

from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import Reason, RetryAfter, SessionExpires
from sip_bridge.core.message import Request, Response


def retry_after(message: Request | Response) -> int | None:
    """Seconds of Retry-After, None when absent or malformed."""
    value = message.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return RetryAfter.parse(value).seconds
    except MessageError:
        return None


def reasons_of(message: Request | Response) -> list[Reason]:
    """The Reason headers that can be read (RFC 3326)."""
    reasons = []
    for value in message.headers.get_all("Reason"):
        try:
            reasons.append(Reason.parse(value))
        except MessageError:
            continue
    return reasons


def session_expires(message: Request | Response) -> SessionExpires | None:
    """Session-Expires, None when absent or malformed (RFC 4028)."""
    value = message.headers.get("Session-Expires")
    if value is None:
        return None
    try:
        return SessionExpires.parse(value)
    except MessageError:
        return None


def number_of(message: Request | Response, name: str) -> int | None:
    """A header that is one number, perhaps with parameters; None when absent or malformed."""
    text = (message.headers.get(name) or "").partition(";")[0].strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 11 else None


def body_of(message: Request | Response, content_type: str) -> bytes | None:
    """The body, if it is of that type, as it is and not empty."""
    fits = message.content_type == content_type and not _packed(message)
    return message.body if message.body and fits else None


def readable_instead(request: Request, content_type: str) -> tuple[tuple[str, str], ...]:
    """What a 415 says we could have read, empty where nothing stands in the way (RFC 3261 8.2.3).

    A body that may be left unread is no fault (20.11).
    """
    if not request.body or "handling=optional" in _disposition(request):
        return ()
    if _packed(request):
        return (("Accept-Encoding", "identity"),)
    return () if request.content_type == content_type else (("Accept", content_type),)


def accepts(request: Request, content_type: str) -> bool:
    """Whether the answer may have such a body: no Accept, or one that names it or a range (RFC 3261 20.1)."""
    if "Accept" not in request.headers:
        return True
    ranges = {value.partition(";")[0].strip().lower() for value in request.headers.get_all("Accept")}
    return not ranges.isdisjoint({content_type, f"{content_type.partition('/')[0]}/*", "*/*"})


def _packed(message: Request | Response) -> bool:
    return (message.headers.get("Content-Encoding") or "identity").strip().lower() != "identity"


def _disposition(request: Request) -> str:
    return (request.headers.get("Content-Disposition") or "").replace(" ", "").lower()


def with_body(body: bytes, content_type: str) -> list[tuple[str, str]]:
    """The Content-Type header where there is a body."""
    return [("Content-Type", content_type)] if body else []


def sipfrag_status(request: Request) -> int | None:
    """The status a message/sipfrag body names (RFC 3420), None when there is none."""
    if request.content_type != "message/sipfrag":
        return None
    line = request.body.partition(b"\n")[0].split()
    if len(line) < 2 or line[0] != b"SIP/2.0" or not line[1].isdigit() or len(line[1]) != 3:
        return None
    return int(line[1])


def no_subscription(message: Request | Response) -> bool:
    """Whether a REFER, or the answer to one, wants no NOTIFYs (RFC 4488)."""
    return (message.headers.get("Refer-Sub") or "").partition(";")[0].strip().lower() == "false"
