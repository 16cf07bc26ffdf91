"""Cutting a byte stream into SIP messages (RFC 3261 18.3) and keep-alives (RFC 5626 section 4.4.1).

Only Content-Length tells where a message ends, so a stream in which it is missing, malformed or
contradictory is lost: guessing would let one message hide inside another.
"""

from __future__ import annotations

import re
from enum import StrEnum

from sip_bridge.core.errors import FramingError
from sip_bridge.core.message import LIMITS, Limits

_END = b"\r\n\r\n"
_FOLD = re.compile(rb"\r\n[ \t]+")


class KeepAlive(StrEnum):
    """PING (double CRLF) wants a PONG (single CRLF) back."""

    PING = "ping"
    PONG = "pong"

    def __bytes__(self) -> bytes:
        return b"\r\n\r\n" if self is KeepAlive.PING else b"\r\n"


Frame = bytes | KeepAlive


def datagram_keepalive(data: bytes) -> bool:
    """Whether a datagram is nothing but a keep-alive: CRLFs, blanks or NULs as NAT pingers send."""
    return not data.strip(b"\r\n \t\0")


class StreamFramer:
    """One direction of one connection: feed it what arrives, get whole messages and keep-alives.

    A CRLF CRLF that is split between two feeds counts as two PONGs; senders write its four bytes at once.
    """

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._wanted = 0
        self._broken = False

    def feed(self, data: bytes) -> list[Frame]:
        """Frames completed by `data`. Raises FramingError, which carries the frames before the fault.

        Behind them it carries the headers whose Content-Length is wrong: their sender is owed an answer.
        """
        if self._broken:
            raise FramingError("the stream is already lost")
        self._buffer += data
        frames: list[Frame] = []
        try:
            while (frame := self._next()) is not None:
                frames.append(frame)
        except FramingError as fault:
            self._broken = True
            self._buffer.clear()
            raise FramingError(str(fault), (*frames, *fault.received)) from None
        return frames

    def _next(self) -> Frame | None:
        if not self._wanted:
            if self._buffer and self._buffer[0] in b"\r\n":
                return self._keepalive()
            self._wanted = self._measure()
        if not self._wanted or len(self._buffer) < self._wanted:
            return None
        message = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        self._wanted = self._searched = 0
        return message

    def _keepalive(self) -> KeepAlive | None:
        start = bytes(self._buffer[:4])
        if start == _END:
            del self._buffer[:4]
            return KeepAlive.PING
        if start in (b"\r", b"\r\n\r"):
            return None
        if not start.startswith(b"\r\n"):
            raise FramingError("bare CR or LF between messages")
        del self._buffer[:2]
        return KeepAlive.PONG

    def _measure(self) -> int:
        """The length of the message at the front, 0 while its headers are not complete."""
        end = self._buffer.find(_END, self._searched)
        if end < 0:
            if len(self._buffer) > self._limits.head:
                raise FramingError("headers too large")
            self._searched = max(0, len(self._buffer) - 3)
            return 0
        total = end + 4 + _content_length(bytes(self._buffer[:end]))
        if total > self._limits.message:
            raise FramingError("message too large")
        return total


def _content_length(head: bytes) -> int:
    lengths = set()
    # A folded line continues a value: it can't be a Content-Length of its own.
    for line in _FOLD.sub(b" ", head).split(b"\r\n")[1:]:
        name, colon, value = line.partition(b":")
        if colon and name.rstrip(b" \t").lower() in (b"content-length", b"l"):
            lengths.add(value.strip(b" \t"))
    if not lengths:
        raise FramingError("no Content-Length")
    if len(lengths) > 1:
        raise FramingError("contradictory Content-Length", (head + _END,))
    text = lengths.pop()
    if not text.isdigit() or len(text) > 10:
        raise FramingError("malformed Content-Length", (head + _END,))
    return int(text)
