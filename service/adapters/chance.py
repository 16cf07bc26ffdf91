"""Randomness of the operating system."""

from __future__ import annotations

import secrets


class SystemChance:
    """Implements ports.Chance."""

    def token(self) -> str:
        """See Chance."""
        return secrets.token_urlsafe(9)

    def secret(self) -> str:
        """See Chance."""
        return secrets.token_urlsafe(32)

    def digits(self, count: int) -> str:
        """See Chance."""
        return f"{secrets.randbelow(10**count):0{count}d}"
