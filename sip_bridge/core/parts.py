"""Small readings of messages that several parts of the agent need."""

from __future__ import annotations

from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import RetryAfter
from sip_bridge.core.message import Message


def retry_after(message: Message) -> int | None:
    """Seconds of Retry-After, None when absent or malformed."""
    value = message.headers.get("Retry-After")
    if value is None:
        return None
    try:
        return RetryAfter.parse(value).seconds
    except MessageError:
        return None
