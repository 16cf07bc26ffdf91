"""DTMF as telephone events (RFC 4733), sending and receiving, without clock or socket."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS = "0123456789*#ABCD"
TONE_MS = 160
GAP_MS = 80
STEP_MS = 20
END_PACKETS = 3
VOLUME = 10
"""dBm0 below zero."""

_EVENT = struct.Struct("!BBH")
_LONGEST = 0xFFFF


class UnknownDigit(ValueError):
    """A key that is not on the keypad."""


@dataclass(frozen=True, slots=True)
class EventPacket:
    """One packet of an event, to be sent `at_ms` after the key went down, under the event's timestamp."""

    at_ms: int
    payload: bytes
    marker: bool


def event_packets(digit: str, clock_rate: int, tone_ms: int = TONE_MS) -> Iterator[EventPacket]:
    """The packets of one key: an update every 20 ms, then three that carry the end bit (section 2.5.1.4).

    Durations count in the clock of the negotiated event format, in Hz. Raises UnknownDigit.
    """
    code = DIGITS.find(digit.upper())
    if code < 0 or len(digit) != 1:
        raise UnknownDigit(digit)
    for at_ms in range(STEP_MS, tone_ms, STEP_MS):
        duration = min(at_ms * clock_rate // 1000, _LONGEST)
        yield EventPacket(at_ms - STEP_MS, _EVENT.pack(code, VOLUME, duration), at_ms == STEP_MS)
    duration = min(tone_ms * clock_rate // 1000, _LONGEST)
    last = max(tone_ms - STEP_MS, 0)
    for repeat in range(END_PACKETS):
        yield EventPacket(last + repeat * STEP_MS, _EVENT.pack(code, 0x80 | VOLUME, duration), marker=False)


class DtmfReceiver:
    """Tells each key once, however many of its packets arrive, and also when only its last ones do."""

    def __init__(self) -> None:
        self._timestamp: int | None = None
        self._code = -1
        self._ended = True

    def receive(self, payload: bytes, timestamp: int) -> str | None:
        """The key of a new event, else None. `timestamp` is extended: an older one is a straggler."""
        if len(payload) < 4:
            return None
        code, flags, _ = _EVENT.unpack_from(payload)
        ended = bool(flags & 0x80)
        if self._timestamp is not None and timestamp <= self._timestamp:
            self._ended = self._ended or (ended and timestamp == self._timestamp)
            return None
        continued = not self._ended and code == self._code and self._is_next_segment(timestamp)
        self._timestamp, self._code, self._ended = timestamp, code, ended
        return DIGITS[code] if code < len(DIGITS) and not continued else None

    def forget(self) -> None:
        """The source began anew: its timestamps mean nothing any more."""
        self._timestamp = None

    def _is_next_segment(self, timestamp: int) -> bool:
        """A key held longer than a duration can count goes on at a later timestamp (section 2.5.1.3)."""
        return self._timestamp is not None and timestamp - self._timestamp == _LONGEST
