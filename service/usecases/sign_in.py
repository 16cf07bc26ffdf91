"""Signing a device in with number and password, and out with the secret it was issued (ADR 0007)."""

from __future__ import annotations

import hmac
import logging
from dataclasses import dataclass

from service.domain.account import Account, Device, RefreshChain, SipCredential
from service.domain.errors import SignInRefusedError
from service.domain.fingerprint import fingerprint, ha1
from service.domain.numbers import Numbering
from service.usecases.devices import Devices
from service.usecases.ports import Chance, Clock, Passwords
from service.usecases.sign_in_limits import SignInLimits, SignInQueue
from service.usecases.storage import Store, Tables
from service.usecases.tokens import RefreshTokens
from service_api.devices import DeviceCredentials, DeviceRevocation, DeviceSignIn, ErrorCode

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SipSide:
    """The registrar the devices belong to. `port` 0 where DNS knows."""

    domain: str
    port: int = 0
    transport: str = "auto"
    realm: str = ""
    algorithm: str = "MD5"


class SignIn:
    """`POST /devices` and `POST /devices/revoke`."""

    def __init__(
        self,
        store: Store,
        passwords: Passwords,
        limits: SignInLimits,
        devices: Devices,
        refresh: RefreshTokens,
        side: SipSide,
        numbering: Numbering,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._limits = limits
        self._queue = SignInQueue()
        self._devices = devices
        self._refresh = refresh
        self._side = side
        self._numbering = numbering
        self._clock = clock
        self._chance = chance

    async def sign_in(self, request: DeviceSignIn, network: str) -> DeviceCredentials:
        """What this device is issued. `network` is where it asks from. Raises SignInRefusedError."""
        number = self._numbering.canonical(request.phone)
        if number is None:
            raise SignInRefusedError(ErrorCode.BAD_NUMBER)
        account, known = await self._known(number, request.instance_id)
        self._may_try(number, network, known)
        async with self._queue.turn(known):
            self._may_try(number, network, known)  # who was before it in line may have used the tries up
            self._limits.began(number, network, known)
            kept = None if account is None else account.password
            right = await self._passwords.verify(kept, request.password)
            if right:
                self._limits.passed(number, network, known)
        if account is None or not right:
            log.info("sign-in from %s refused", network)
            raise SignInRefusedError(ErrorCode.WRONG_CREDENTIALS)
        return await self._issue(account, request)

    async def revoke(self, request: DeviceRevocation) -> None:
        """Forget the device whose secret is shown. Raises SignInRefusedError(wrong-credentials)."""
        async with self._store.read() as tables:
            kept = await tables.devices.sip(request.device_id)
        found = kept or SipCredential("", "nobody", self._side.realm, self._side.algorithm, "")
        shown = ha1(found.algorithm, found.auth_user, found.realm, request.sip_secret)
        if not hmac.compare_digest(shown, found.ha1):
            raise SignInRefusedError(ErrorCode.WRONG_CREDENTIALS)
        await self._devices.forget(request.device_id)
        log.info("device %s signed out", request.device_id)

    async def _known(self, number: str, instance_id: str) -> tuple[Account | None, str | None]:
        """The number's account, and the device where this installation is signed in with it."""
        async with self._store.read() as tables:
            account = await tables.accounts.of_number(number)
            owner = "" if account is None else account.account_id
            device = await tables.devices.of_installation(owner, instance_id)
        return account, None if device is None else device.device_id

    def _may_try(self, number: str, network: str, known: str | None) -> None:
        if self._limits.exceeded(number, network, known):
            log.warning("sign-in from %s: too many tries", network)
            raise SignInRefusedError(ErrorCode.TOO_MANY_TRIES)

    async def _issue(self, account: Account, request: DeviceSignIn) -> DeviceCredentials:
        secret, auth_user, device_id = self._chance.secret(), self._chance.token(), self._chance.token()
        refresh = self._refresh.new(device_id)
        side, now = self._side, self._clock.time()
        device = Device(device_id, account.account_id, request.instance_id, request.device_name, now, now)
        kept = ha1(side.algorithm, auth_user, side.realm, secret)
        sip = SipCredential(device_id, auth_user, side.realm, side.algorithm, kept)
        async with self._store.write() as tables:
            await _check_unchanged(tables, account)
            former = await self._take_place(tables, device)
            await tables.devices.add_sip(sip)
            await tables.devices.set_refresh_chain(device_id, RefreshChain(fingerprint(refresh), ""))
        if former is not None:
            await self._devices.forget(former.device_id)
        else:
            await self._devices.publish()
        log.info("device %s signed in for account %s", device_id, account.account_id)
        return DeviceCredentials(
            sip_domain=side.domain,
            transport=side.transport,
            user=self._numbering.shown(account.number),
            auth_user=auth_user,
            sip_secret=secret,
            device_id=device_id,
            sip_port=side.port,
            refresh_token=refresh,
        )

    async def _take_place(self, tables: Tables, device: Device) -> Device | None:
        """The same installation's former device goes."""
        former = await tables.devices.of_installation(device.account_id, device.instance_id)
        if former is not None:
            await tables.devices.remove(former.device_id)
        await tables.devices.add(device)
        return former


async def _check_unchanged(tables: Tables, account: Account) -> None:
    """Whoever was locked out while the password was looked at stays out."""
    now = await tables.accounts.get(account.account_id)
    if now is None or now.password != account.password:
        log.info("account %s: its password was changed during a sign-in", account.account_id)
        raise SignInRefusedError(ErrorCode.WRONG_CREDENTIALS)
