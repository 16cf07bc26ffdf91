"""Transport-wide feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3): when each packet came.

Browsers learn from the delays how much the way here carries, before it loses anything.
"""

from __future__ import annotations

import struct

from service.media_engine.rtcp import RTPFB, pack_rtcp

TRANSPORT_FEEDBACK = 15
TICK_S = 0.00025
REFERENCE_TICKS = 256
HALF, RANGE = 1 << 15, 1 << 16
MOST = 400
"""Packets told of in one message, which keeps it within a datagram; a jump further than this begins anew."""

MISSING, SMALL, LARGE = 0, 1, 2
SYMBOLS = 7
"""In one chunk of two-bit symbols (§3.1.4)."""


class Arrivals:
    """Of every packet of one connection, by its transport-wide number. `now` is monotonic, seconds."""

    def __init__(self) -> None:
        self._ticks: dict[int, int] = {}
        self._next = self._highest = -1
        self._messages = 0

    def received(self, sequence: int, now: float) -> None:
        """This one came; what was told as missing already is left at that."""
        ahead = (sequence - self._highest) & 0xFFFF
        number = self._highest + (ahead if ahead < HALF else ahead - RANGE)
        if self._highest < 0 or number > self._highest + MOST:
            self._ticks.clear()
            number = self._next = sequence + RANGE
            self._highest = number
        if number >= self._next:
            self._ticks.setdefault(number, int(now / TICK_S))
            self._highest = max(self._highest, number)

    def told(self, sender: int, ssrc: int) -> list[bytes]:
        """What came since the last time, as RTCP; nothing for nothing."""
        messages = []
        while self._ticks:
            messages.append(self._message(sender, ssrc))
        return messages

    def _message(self, sender: int, ssrc: int) -> bytes:
        self._next = first = min(self._ticks)
        previous = reference = self._ticks[first] // REFERENCE_TICKS * REFERENCE_TICKS
        symbols: list[int] = []
        deltas = b""
        for number in range(first, min(self._highest + 1, first + MOST)):
            ticks = self._ticks.get(number)
            if ticks is None:
                symbols.append(MISSING)
                continue
            delta = ticks - previous
            if not -HALF <= delta < HALF:
                break
            small = 0 <= delta < 256
            symbols.append(SMALL if small else LARGE)
            deltas += struct.pack("!B" if small else "!h", delta)
            previous = ticks
            del self._ticks[number]
        self._next += len(symbols)
        head = struct.pack(
            "!IIHHI",
            sender,
            ssrc,
            first & 0xFFFF,
            len(symbols),
            (reference // REFERENCE_TICKS & 0xFFFFFF) << 8 | self._messages & 0xFF,
        )
        self._messages += 1
        return pack_rtcp(RTPFB, TRANSPORT_FEEDBACK, head + _chunks(symbols) + deltas)


def _chunks(symbols: list[int]) -> bytes:
    out = b""
    for at in range(0, len(symbols), SYMBOLS):
        chunk = 0b11
        for symbol in (symbols[at : at + SYMBOLS] + [MISSING] * SYMBOLS)[:SYMBOLS]:
            chunk = chunk << 2 | symbol
        out += struct.pack("!H", chunk)
    return out
