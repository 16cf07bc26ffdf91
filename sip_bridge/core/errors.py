"""What can go wrong in the protocol core, in one tree."""

from __future__ import annotations


class SipError(Exception):
    """Root of everything sip_bridge raises on purpose."""


class MessageError(SipError, ValueError):
    """A message, a header value or a URI that does not follow its grammar, or breaks a size limit."""


class FramingError(SipError):
    """A byte stream in which the end of a message can't be found any more; the connection is lost.

    `received` holds what was complete before the fault, in order, so that nothing is lost with it.
    """

    def __init__(self, reason: str, received: tuple[object, ...] = ()) -> None:
        super().__init__(reason)
        self.received = received
