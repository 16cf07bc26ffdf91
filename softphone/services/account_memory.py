"""What is remembered of signing in: server and number in the settings, the secret in the keyring only."""

from __future__ import annotations

import logging
import uuid

from softphone.domain.account import Credentials, Transport
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
        return Credentials(account.server, account.user, secret, account.transport, account.ca_file, True)

    async def keep(self, account: Credentials) -> None:
        """Remember a sign-in that worked; the secret only where wanted, and only in the keyring."""
        before = self.prefill()
        if before.remember and _name(before) != _name(account):
            await self._forget_secret(before)
        await self._settings.set("account.server", account.server)
        await self._settings.set("account.user", account.user)
        await self._settings.set("account.transport", account.transport.value)
        await self._settings.set("account.ca_file", account.ca_file)
        kept = account.remember and await self._keep_secret(account)
        if before.remember and not account.remember and _name(before) == _name(account):
            await self._forget_secret(account)
        await self._settings.set("account.remember", kept)

    async def forget(self) -> None:
        """Remove the secret and the number; the server stays, for whoever signs in next."""
        account = self.prefill()
        if account.remember:
            await self._forget_secret(account)
        await self._settings.set("account.remember", False)
        await self._settings.set("account.user", "")

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

    def number_form(self, server: str) -> str:
        """`national` or `international` where this server was found to want one, else ""."""
        forms = dict(entry.rpartition("=")[::2] for entry in self._settings.names("account.number_forms"))
        return forms.get(server, "")

    async def note_number_form(self, server: str, form: str) -> None:
        """This server knows the number in this form only."""
        others = [e for e in self._settings.names("account.number_forms") if not e.startswith(f"{server}=")]
        await self._settings.set("account.number_forms", (*others, f"{server}={form}"))

    async def _keep_secret(self, account: Credentials) -> bool:
        try:
            await self._secrets.set(_name(account), account.password)
        except SecretsUnavailable as error:
            self._unavailable(error)
            return False
        return True

    async def _forget_secret(self, account: Credentials) -> None:
        try:
            await self._secrets.delete(_name(account))
        except SecretsUnavailable as error:
            self._unavailable(error)

    def _unavailable(self, error: SecretsUnavailable) -> None:
        log.warning("keyring: %s", error)
        self._bus.publish(Notice("secrets-unavailable"))


def _name(account: Credentials) -> str:
    return f"{account.user}@{account.server}"
