"""Signing in and out, and the state of the line in between."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from softphone.domain.account import Account, Credentials, LineState, Refusal
from softphone.domain.errors import CommandRefused, SignInRefused
from softphone.domain.events import AccountChanged, Notice
from softphone.ports import (
    CompanyService,
    Directory,
    Registered,
    RegistrationLost,
    RegistrationRefused,
    Telephony,
    TelephonyEvent,
)
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.account_memory import AccountMemory
from softphone.services.numbers import Numbers
from softphone.services.registrar import Registrar
from softphone.services.service_sign_in import ServiceSignIn
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

PASSING = frozenset(
    {Refusal.NO_NETWORK, Refusal.SERVER_SILENT, Refusal.SERVER_NOT_FOUND, Refusal.SERVER_ERROR}
)
"""Refusals that time may heal: a start without network tries again by itself."""

FIRST_RETRY_S = 2.0
LONGEST_RETRY_S = 60.0


class Session:
    """One person's line at one server.

    `on_device` is told the account whenever it is known what a company service issued for it, even while
    the line itself is not up, and None when there is no such account.
    """

    def __init__(
        self,
        telephony: Telephony,
        directory: Directory,
        service: CompanyService,
        memory: AccountMemory,
        settings: Settings,
        numbers: Numbers,
        bus: Bus,
        tasks: Tasks,
        *,
        version: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        on_device: Callable[[Credentials | None], None] = lambda account: None,
    ) -> None:
        self._telephony = telephony
        self._registrar = Registrar(
            telephony, directory, memory, settings, numbers, version, ServiceSignIn(service, memory)
        )
        self._memory = memory
        self._bus = bus
        self._tasks = tasks
        self._sleep = sleep
        self._on_device = on_device
        self._lock = asyncio.Lock()
        self._retry: asyncio.Task[None] | None = None
        self._waiting: Credentials | None = None
        self._patience: asyncio.Timeout | None = None
        self._device: Credentials | None = None
        self._account = Account()
        telephony.listen(self._heard)

    @property
    def account(self) -> Account:
        """The line as it stands."""
        return self._account

    def remembered(self) -> Credentials:
        """What the sign-in form starts with; the password in it is always empty."""
        return self._memory.prefill()

    async def sign_in(self, credentials: Credentials) -> Account:
        """Sign in, leaving whatever line was there before. Raises SignInRefused; nothing is retried then.

        Raises CommandRefused (given-up) when another sign-in, a sign-out or the end comes in between.
        """
        self._give_up()
        async with self._lock:
            return await self._attempt(credentials)

    async def sign_out(self) -> None:
        """Unregister, and forget the secret and the number, here and at a company service."""
        self._give_up()
        async with self._lock:
            await self._telephony.sign_out()
            known = await self._memory.forget()
            self._on_device(None)
            self._set(Account())
            await self._leave([known, self._device])

    async def restore(self) -> bool:
        """Sign in with the remembered account in the background; False when there is none.

        The keyring may take its time, or ask the person: the line is signing in meanwhile.
        """
        account = self._memory.prefill()
        if not account.remember:
            return False
        self._in_background(self._restore(), account)
        return True

    async def hurry(self) -> bool:
        """Try at once what would be tried again later, for a call that can't wait; True when registered."""
        async with self._lock:
            if self._waiting is None:
                return self._account.state is LineState.REGISTERED
            try:
                await self._attempt(self._waiting)
            except CommandRefused:
                return False
            except SignInRefused:
                self._set(replace(self._account, state=LineState.RECONNECTING))
                return False
            return True

    def keep_signing_in(self, credentials: Credentials) -> None:
        """Sign in in the background, again and again while only the network or the server is missing."""
        self._in_background(self._persist(credentials), credentials)

    async def close(self) -> None:
        """Unregister because the program ends; what is remembered stays."""
        self._give_up()
        async with self._lock:
            await self._telephony.sign_out()
            self._on_device(None)
            self._set(Account())
            if not self._memory.prefill().remember:
                await self._leave([self._device])

    async def _leave(self, devices: list[Credentials | None]) -> None:
        """Let the company service forget devices nobody will use again."""
        self._device = None
        for account in {_device_of(found): found for found in devices if found}.values():
            await self._registrar.leave(account)

    def _in_background(self, work: Coroutine[Any, Any, None], account: Credentials) -> None:
        self._give_up()
        self._set(Account(LineState.SIGNING_IN, account.user, account.server))
        self._retry = self._tasks.spawn(work, "signing in")

    async def _restore(self) -> None:
        credentials = await self._memory.stored()
        if credentials is None:
            self._set(Account())
        else:
            await self._persist(credentials)

    async def _persist(self, credentials: Credentials) -> None:
        pause, self._waiting = FIRST_RETRY_S, credentials
        while self._waiting is not None:
            try:
                async with self._lock:
                    await self._sign_in(credentials)
                return
            except SignInRefused as refused:
                if refused.code not in PASSING:
                    self._waiting = None
                    return
                self._set(replace(self._account, state=LineState.RECONNECTING))
            await self._sleep(pause)
            pause = min(2 * pause, LONGEST_RETRY_S)

    async def _attempt(self, credentials: Credentials) -> Account:
        """One try, which `_give_up` ends: nobody should wait for a server that does not answer."""
        try:
            async with asyncio.timeout(None) as self._patience:
                return await self._sign_in(credentials)
        except TimeoutError:
            raise CommandRefused("another command came in between", code="given-up") from None
        finally:
            self._patience = None

    def _give_up(self) -> None:
        """Try no longer, now or later."""
        if self._patience is not None:
            self._patience.reschedule(asyncio.get_running_loop().time())
            self._patience = None
        self._waiting = None
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    async def _sign_in(self, credentials: Credentials) -> Account:
        if self._account.state in (LineState.REGISTERED, LineState.RECONNECTING):
            await self._telephony.sign_out()
        self._on_device(credentials if credentials.device else None)
        self._set(Account(LineState.SIGNING_IN, credentials.user, credentials.server))
        try:
            registered, number, kept = await self._registrar.register(credentials)
        except SignInRefused as refused:
            log.info("sign-in refused: %s", refused.code)
            self._set(replace(self._account, state=LineState.REFUSED, reason=str(refused.code)))
            raise
        except asyncio.CancelledError:
            self._set(Account())
            raise
        self._waiting = None
        self._set(
            replace(self._account, state=LineState.REGISTERED, user=number, transport=registered.transport)
        )
        await self._keep(kept)
        return self._account

    async def _keep(self, account: Credentials) -> None:
        """Remember a sign-in that worked; the device of the line before is not needed any more."""
        known = (await self._memory.keep(account), self._device)
        former = {_device_of(found): found for found in known if found}
        former.pop(_device_of(account), None)
        self._device = account
        self._on_device(account if account.device else None)
        for left in former.values():
            self._tasks.spawn(self._registrar.leave(left), "signing out at the service")

    def _heard(self, event: TelephonyEvent) -> None:
        """The user agent keeps the registration by itself; here it is only told."""
        if self._account.state not in (LineState.REGISTERED, LineState.RECONNECTING):
            return
        match event:
            case Registered(transport=transport):
                state, reason = LineState.REGISTERED, ""
            case RegistrationLost(refusal=reason):
                state, transport = LineState.RECONNECTING, self._account.transport
            case RegistrationRefused(refusal=reason):
                state, transport = LineState.REFUSED, self._account.transport
            case _:
                return
        if reason == Refusal.NO_NETWORK and self._account.reason != reason:
            self._bus.publish(Notice("network-lost"))
        self._set(replace(self._account, state=state, transport=transport, reason=reason))

    def _set(self, account: Account) -> None:
        if account != self._account:
            self._account = account
            self._bus.publish(AccountChanged(account))


def _device_of(account: Credentials) -> tuple[str, str]:
    """Which device this is, whatever its refresh token is by now."""
    device = account.device
    return (device.service_url, device.issued.device_id) if device else ("", "")
