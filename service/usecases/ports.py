"""What the use cases need from outside. Times are seconds since the epoch, UTC."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from service.domain.account import SipCredential
from service.domain.principal import Guest, Principal, User


class Clock(Protocol):
    """Time, injected."""

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Chance(Protocol):
    """Randomness, injected."""

    def token(self) -> str:
        """An identifier: 72 random bits, base64url."""
        ...

    def secret(self) -> str:
        """256 random bits, base64url."""
        ...

    def digits(self, count: int) -> str:
        """That many random decimal digits."""
        ...


class Identities(Protocol):
    """Who asks, from what they show."""

    async def bearer(self, token: str) -> Principal | None:
        """The account or guest that holds this token now; None for nobody."""
        ...

    async def cookie(self, token: str) -> Guest | None:
        """The guest whose browser holds this cookie."""
        ...


class Keys(Protocol):
    """The service's own keys, kept beside its data (0600) and made at its first start."""

    def confirmation(self) -> bytes:
        """32 bytes for the HMAC of confirmation codes."""
        ...

    def refresh(self) -> bytes:
        """32 bytes for the mark by which a refresh token is known to have been issued here."""
        ...


class Passwords(Protocol):
    """Password hashes. Takes its time over each, and lets only a few be worked on at once."""

    async def hash(self, password: str) -> str:
        """What is kept of a password."""
        ...

    async def verify(self, kept: str | None, password: str) -> bool:
        """Whether it is the one; the same work is done where there is nothing kept."""
        ...

    def close(self) -> None:
        """No more will be asked."""
        ...


class Registrar(Protocol):
    """The SIP registrar's view of the devices."""

    async def admit(self, devices: Sequence[SipCredential]) -> None:
        """These alone from now on. Raises ServiceError where it can't be told."""
        ...


class Watcher(Protocol):
    """Who runs meetings is told what changed around them. Nothing here may raise or wait long."""

    def waiting(self, appointment_id: str) -> int:
        """How many wait in the lobby now."""
        ...

    async def appointment_changed(self, appointment_id: str) -> None:
        """Changed, cancelled, people added or removed, a link replaced: rights are to be looked at again."""
        ...

    async def place_opened(self, guest: Guest) -> None:
        """A link was opened at a new place; `guest.other_device` where it was open elsewhere before."""
        ...

    async def device_gone(self, device_id: str) -> None:
        """A device was signed out."""
        ...


__all__ = [
    "Chance",
    "Clock",
    "Guest",
    "Identities",
    "Keys",
    "Passwords",
    "Principal",
    "Registrar",
    "User",
    "Watcher",
]
