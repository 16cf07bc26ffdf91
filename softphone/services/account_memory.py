"""What is remembered of signing in: server and number in the settings, the secret in the keyring only."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import replace

from service_api.devices import DeviceCredentials
from service_api.wire import WireError
from softphone.domain.account import Credentials, ServiceDevice, Transport
from softphone.domain.errors import SecretsUnavailable
from softphone.domain.events import Notice
from softphone.ports import Secrets
from softphone.runtime.bus import Bus
from softphone.services.settings import Settings

log = logging.getLogger(__name__)


class AccountMemory:
    """Facts about accounts and servers that outlive a run."""

    def __init__(self, secrets: Secrets, settings: Settings, bus: Bus) -> None:
        self._secrets = secrets
        self._settings = settings
        self._bus = bus
        self._writing = asyncio.Lock()
        self._rotated: dict[str, str] = {}

    def prefill(self) -> Credentials:
        """What the sign-in form starts with; the password is never among it."""
        text = self._settings.text
        return Credentials(
            server=text("account.server"),
            user=text("account.user"),
            password="",
            transport=Transport(text("account.transport")),
            ca_file=text("account.ca_file"),
            remember=self._settings.flag("account.remember"),
        )

    async def stored(self) -> Credentials | None:
        """The remembered account with its secret, or None. A keyring that refuses is told to the person."""
        account = self.prefill()
        if not (account.remember and account.server and account.user):
            return None
        try:
            secret = await self._secrets.get(_name(account))
        except SecretsUnavailable as error:
            self._unavailable(error)
            return None
        if not secret:
            return None
        return self._with_secret(account, secret)

    def _with_secret(self, account: Credentials, secret: str) -> Credentials | None:
        service = self._settings.text("account.service")
        if not service:
            return replace(account, password=secret)
        try:
            issued = DeviceCredentials.parse(secret.encode())
        except (WireError, UnicodeError) as error:
            log.warning("what the keyring holds is no device of a service: %s", error)
            return None
        return replace(account, device=ServiceDevice(service, issued))

    async def keep(self, account: Credentials) -> Credentials | None:
        """Remember a sign-in that worked; the secret only where wanted, and only in the keyring.

        Returns another account's device at a service that was remembered until now.
        """
        before, left = self.prefill(), None
        if before.remember and _name(before) != _name(account):
            left = await self._device()
            await self._forget_secret(before)
        await self._settings.set("account.server", account.server)
        await self._settings.set("account.user", account.user)
        await self._settings.set("account.transport", account.transport.value)
        await self._settings.set("account.ca_file", account.ca_file)
        kept = account.remember and await self._keep_secret(account)
        if before.remember and not account.remember and _name(before) == _name(account):
            await self._forget_secret(account)
        await self._settings.set("account.service", account.device.service_url if account.device else "")
        await self._settings.set("account.remember", kept)
        return left

    async def forget(self) -> Credentials | None:
        """Remove the secret and the number; the server stays, for whoever signs in next.

        Returns the device at a service that was remembered until now.
        """
        account, left = self.prefill(), await self._device()
        if account.remember:
            await self._forget_secret(account)
        await self._settings.set("account.remember", False)
        await self._settings.set("account.service", "")
        await self._settings.set("account.user", "")
        return left

    async def rotate(self, account: Credentials, refresh_token: str) -> None:
        """The service gave this device another refresh token; the former one ends, in the keyring as well.

        Nothing is written of an account that is not remembered.
        """
        if account.device is None:
            return
        self._rotated[account.device.issued.device_id] = refresh_token
        async with self._writing:
            known = self.prefill()
            if known.remember and _name(known) == _name(account):
                try:
                    await self._secrets.set(_name(account), self._secret(account))
                except SecretsUnavailable as error:
                    self._unavailable(error)

    def newest(self, device: ServiceDevice) -> ServiceDevice:
        """The device with its newest refresh token, whoever remembers an older one."""
        rotated = self._rotated.get(device.issued.device_id, device.issued.refresh_token)
        return replace(device, issued=replace(device.issued, refresh_token=rotated))

    def _secret(self, account: Credentials) -> str:
        """What a later start needs to register: the password, or what the service issued in its place."""
        if account.device is None:
            return account.password
        return self.newest(account.device).issued.serialise().decode()

    async def _device(self) -> Credentials | None:
        """The remembered account where a service issued it."""
        return await self.stored() if self._settings.text("account.service") else None

    async def instance_id(self) -> str:
        """This installation's `+sip.instance` (RFC 5626 4.1), made once."""
        known = self._settings.text("account.instance_id")
        if not known:
            known = f"urn:uuid:{uuid.uuid4()}"
            await self._settings.set("account.instance_id", known)
        return known

    def tls_known(self, server: str) -> bool:
        """Whether this server was once reached by TLS; then nothing less is good enough."""
        return server in self._settings.names("account.tls_servers")

    async def note_tls(self, server: str) -> None:
        """This server was reached by TLS."""
        if not self.tls_known(server):
            known = self._settings.names("account.tls_servers")
            await self._settings.set("account.tls_servers", (*known, server))

    def service_known(self, host: str) -> bool:
        """Whether sign-in at this host once went to a company service; then no password goes into SIP."""
        return host in self._settings.names("account.service_hosts")

    async def note_service(self, host: str) -> None:
        """Sign-in at this host goes to a company service."""
        if not self.service_known(host):
            known = self._settings.names("account.service_hosts")
            await self._settings.set("account.service_hosts", (*known, host))

    def number_form(self, server: str) -> str:
        """`national` or `international` where this server was found to want one, else ""."""
        forms = dict(entry.rpartition("=")[::2] for entry in self._settings.names("account.number_forms"))
        return forms.get(server, "")

    async def note_number_form(self, server: str, form: str) -> None:
        """This server knows the number in this form only."""
        others = [e for e in self._settings.names("account.number_forms") if not e.startswith(f"{server}=")]
        await self._settings.set("account.number_forms", (*others, f"{server}={form}"))

    async def _keep_secret(self, account: Credentials) -> bool:
        async with self._writing:
            try:
                await self._secrets.set(_name(account), self._secret(account))
            except SecretsUnavailable as error:
                self._unavailable(error)
                return False
        return True

    async def _forget_secret(self, account: Credentials) -> None:
        async with self._writing:
            try:
                await self._secrets.delete(_name(account))
            except SecretsUnavailable as error:
                self._unavailable(error)

    def _unavailable(self, error: SecretsUnavailable) -> None:
        log.warning("keyring: %s", error)
        self._bus.publish(Notice("secrets-unavailable"))


def _name(account: Credentials) -> str:
    return f"{account.user}@{account.server}"
