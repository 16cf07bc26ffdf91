"""Whom we hear and where we send: symmetric RTP (RFC 4961, RFC 7362 section 4) with care."""

from __future__ import annotations

Address = tuple[str, int]


class Latch:
    """Follows the peer's real address behind a translator without letting a stranger take the call.

    Until the first valid packet any source may be the peer. After that only the described address, a
    packet that SRTP proved, or one that continues the very stream that is heard may move it.
    """

    def __init__(self) -> None:
        self.target: Address | None = None
        self.refused = 0
        self._described: Address | None = None
        self.heard = False

    def describe(self, address: Address | None) -> bool:
        """What the peer's description says; only a change (then True) starts the search anew."""
        if address == self._described:
            return False
        self._described = self.target = address
        self.heard = False
        return True

    def admit(self, source: Address, *, proven: bool, continues: bool) -> bool:
        """Whether a valid packet from `source` may be heard; follows the source if it may."""
        if source == self.target:
            self.heard = True
            return True
        if self.heard and not (proven or continues or source == self._described):
            self.refused += 1
            return False
        self.heard = True
        if self._described is not None:
            self.target = source
        return True
