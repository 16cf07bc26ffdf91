"""The company service this computer is signed in at, and the short-lived token that opens it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from softphone.domain.account import Credentials
from softphone.domain.errors import MeetingRefused
from softphone.ports import Clock
from softphone.ports.meetings import Appointments, Bearer, ServiceAccess
from softphone.services.account_memory import AccountMemory
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

SPARE_S = 30.0
"""An access token is not used in its last seconds: the service's clock decides, and the way takes time."""

NOT_SIGNED_IN = "not-signed-in"


class ServiceAccount:
    """Gives out access tokens of the account in use; one exchange at a time.

    A refresh token works once. The one that came in its place is in the keyring before anything is done
    with what came beside it, so that a kill at any moment leaves one that works.
    """

    def __init__(
        self, service: Appointments, memory: AccountMemory, settings: Settings, clock: Clock
    ) -> None:
        self._service = service
        self._memory = memory
        self._settings = settings
        self._clock = clock
        self._account: Credentials | None = None
        self._token, self._until = "", 0.0
        self._revoked = False
        self._exchanging = asyncio.Lock()
        self._listeners: list[Callable[[], None]] = []

    def listen(self, callback: Callable[[], None]) -> None:
        """Hear that it is another account, or none, from now on."""
        self._listeners.append(callback)

    def use(self, account: Credentials | None) -> None:
        """This account's device is the one in use; None: there is none."""
        before = self.owner
        self._account = account
        if self.owner != before:
            self._token, self._revoked = "", False
            for callback in self._listeners:
                callback()

    @property
    def owner(self) -> str:
        """Who this is: another text for another account or device, "" for none."""
        device = self._account.device if self._account else None
        if self._account is None or device is None or not device.issued.refresh_token:
            return ""
        return f"{self._account.user}@{device.service_url}#{device.issued.device_id}"

    @property
    def person(self) -> str:
        """Whose account this is, on whichever device; "" for none."""
        return self.owner.rpartition("#")[0]

    @property
    def access(self) -> ServiceAccess | None:
        """The way to the service; None where this account is none of a service."""
        device = self._account.device if self._account else None
        if not self.owner or self._account is None or device is None:
            return None
        return ServiceAccess(device.service_url, self._account.ca_file or self._settings.text("sip.ca_file"))

    async def ask(self, question: Callable[[ServiceAccess, Bearer], Awaitable[T]]) -> T:
        """Ask as this account. Raises MeetingRefused (not-signed-in too) or ServiceUnreachable.

        A token the service takes no longer, as after a night of sleep, is replaced once.
        """
        access, bearer = await self.opened()
        try:
            return await question(access, bearer)
        except MeetingRefused as refused:
            if refused.code != NOT_SIGNED_IN:
                raise
        self.spoiled(bearer)
        return await question(*await self.opened())

    def spoiled(self, bearer: Bearer) -> None:
        """The service does not take this token any more."""
        if bearer.token == self._token:
            self._token = ""

    async def opened(self) -> tuple[ServiceAccess, Bearer]:
        """The way to the service, and an access token that works for a while yet.

        Raises MeetingRefused or ServiceUnreachable.
        """
        async with self._exchanging:
            access = self.access
            if access is None or self._revoked:
                raise MeetingRefused(NOT_SIGNED_IN)
            if not self._token or self._clock.monotonic() >= self._until:
                await self._exchange(access)
            return access, Bearer(self._token)

    async def _exchange(self, access: ServiceAccess) -> None:
        """Raises MeetingRefused where the device's sign-in was ended, and then asks no more."""
        account, owner = self._account, self.owner
        if account is None or account.device is None:
            raise MeetingRefused(NOT_SIGNED_IN)
        issued = self._memory.newest(account.device).issued
        try:
            token, seconds, refresh = await self._service.tokens(
                access, issued.device_id, issued.refresh_token
            )
        except MeetingRefused as refused:
            if refused.code == NOT_SIGNED_IN and self.owner == owner:
                log.warning("the service ended this device's sign-in")
                self._revoked = True
            raise
        await self._memory.rotate(account, refresh)
        if self.owner != owner:
            raise MeetingRefused(NOT_SIGNED_IN)
        self._token, self._until = token, self._clock.monotonic() + max(seconds - SPARE_S, seconds / 2)
