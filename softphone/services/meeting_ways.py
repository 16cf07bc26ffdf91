"""As whom a meeting's service is asked: an account of it, or the holder of one personal link."""

from __future__ import annotations

from typing import Protocol

from softphone.ports.meetings import Bearer, ServiceAccess
from softphone.services.service_account import ServiceAccount


class Way(Protocol):
    """Where to ask, and what to show there."""

    async def open(self) -> tuple[ServiceAccess, Bearer]:
        """Raises MeetingRefused or ServiceUnreachable."""
        ...

    def spoiled(self, bearer: Bearer) -> bool:
        """The service does not take this any more; whether another one may come."""
        ...


class AccountWay:
    """Implements Way with the account's short-lived tokens."""

    def __init__(self, account: ServiceAccount) -> None:
        self._account = account
        self._owner = account.owner

    async def open(self) -> tuple[ServiceAccess, Bearer]:
        """See Way."""
        return await self._account.opened()

    def spoiled(self, bearer: Bearer) -> bool:
        """See Way."""
        self._account.spoiled(bearer)
        return self._account.owner == self._owner


class GuestWay:
    """Implements Way with the token of one place."""

    def __init__(self, access: ServiceAccess, bearer: Bearer) -> None:
        self._access = access
        self._bearer = bearer

    async def open(self) -> tuple[ServiceAccess, Bearer]:
        """See Way."""
        return self._access, self._bearer

    def spoiled(self, bearer: Bearer) -> bool:
        """See Way."""
        return False
