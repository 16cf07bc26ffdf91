"""What happens to packets between the stream and the socket: nothing, SRTP, or a shut door."""

from __future__ import annotations

from typing import Protocol


class Transform(Protocol):
    """Protects what goes out, opens what comes in; None: drop it. `proves`: what it opens is authentic."""

    proves: bool

    def protect(self, packet: bytes) -> bytes | None:
        """An RTP packet on its way out."""
        ...

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        """An RTCP packet on its way out."""
        ...

    def unprotect(self, packet: bytes) -> bytes | None:
        """An RTP packet that came in."""
        ...

    def unprotect_rtcp(self, packet: bytes) -> bytes | None:
        """An RTCP packet that came in."""
        ...


class PlainTransform:
    """Packets as they are."""

    proves = False

    def protect(self, packet: bytes) -> bytes | None:
        """Unchanged."""
        return packet

    protect_rtcp = unprotect = unprotect_rtcp = protect


class ShutTransform:
    """Nothing passes: keys are awaited, so neither plain sound may leave nor unproved sound be heard."""

    proves = False

    def protect(self, packet: bytes) -> bytes | None:
        """Dropped."""
        return None

    protect_rtcp = unprotect = unprotect_rtcp = protect
