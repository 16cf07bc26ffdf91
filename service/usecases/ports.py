"""What the use cases need from outside. Times are seconds since the epoch, UTC."""

from __future__ import annotations

from typing import Protocol

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


__all__ = ["Chance", "Clock", "Guest", "Identities", "Keys", "Principal", "User"]
