"""Which packets of sound are worth asking for again (RFC 4585 6.2.1)."""

from __future__ import annotations

from dataclasses import dataclass

from media.types import AudioPacket

AGAIN_S = 0.04
PATIENCE_S = 0.12
"""A packet missed for longer would come after its time has passed."""
NEVER = float("-inf")
LONGEST_HOLE = 16
"""Packets: what is missing after a longer silence of the network is past, not late."""


@dataclass(slots=True)
class _Missing:
    since: float
    asked: float = NEVER


class MissingSound:
    """Follows one stream's extended sequence numbers. `now`: seconds on its packets' clock of arrival."""

    def __init__(self) -> None:
        self._highest: int | None = None
        self._missing: dict[int, _Missing] = {}

    def repeated(self, sequence: int) -> bool:
        """Whether a packet, by its 16-bit number, is one that was asked for: its delay says nothing about
        the network's."""
        return any(
            number & 0xFFFF == sequence and hole.asked > NEVER for number, hole in self._missing.items()
        )

    def came(self, packet: AudioPacket) -> None:
        """Note a packet, and what is missing before it."""
        if packet.restart or self._highest is None:
            self._highest = packet.sequence
            self._missing.clear()
            return
        self._missing.pop(packet.sequence, None)
        if packet.sequence - self._highest <= LONGEST_HOLE:
            for number in range(self._highest + 1, packet.sequence):
                self._missing[number] = _Missing(packet.arrival)
        self._highest = max(self._highest, packet.sequence)

    def due(self, now: float) -> tuple[int, ...]:
        """The 16-bit numbers to ask for now; each is asked for every AGAIN_S, for PATIENCE_S."""
        due = []
        for number, hole in tuple(self._missing.items()):
            if now - hole.since > PATIENCE_S:
                del self._missing[number]
            elif now - hole.asked >= AGAIN_S:
                hole.asked = now
                due.append(number & 0xFFFF)
        return tuple(due)
