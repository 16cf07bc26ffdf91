"""Registering one account: which name, which server, which transport, in which form the number."""

from __future__ import annotations

import re
from dataclasses import replace

from softphone.domain.account import Credentials, Refusal, ServiceDevice, Transport
from softphone.domain.errors import SignInRefused
from softphone.ports import Directory, Discovery, Registered, SipAccount, Telephony
from softphone.services.account_memory import AccountMemory
from softphone.services.numbers import Numbers, bare
from softphone.services.server_address import ServerAddress, akin, parse_server
from softphone.services.service_sign_in import ServiceSignIn
from softphone.services.settings import Settings

_USER = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,;?/%]+")


class Registrar:
    """Turns what a person typed into what the user agent needs, and learns from what the server says."""

    def __init__(
        self,
        telephony: Telephony,
        directory: Directory,
        memory: AccountMemory,
        settings: Settings,
        numbers: Numbers,
        version: str,
        service: ServiceSignIn,
    ) -> None:
        self._telephony = telephony
        self._service = service
        self._directory = directory
        self._memory = memory
        self._settings = settings
        self._numbers = numbers
        self._version = version

    async def register(self, credentials: Credentials) -> tuple[Registered, str, Credentials]:
        """Sign in; the number as registered, and what a later start signs in with.

        At a plain SIP server the number is tried in the form the server wants, and after 404 once in the
        other form (then remembered). Where a company service is named, the password goes there alone.
        """
        server = parse_server(credentials.server)
        ca_file = self._ca_file(credentials)
        typed = self._user(credentials.user)
        found = await self._directory.discover(server.host, ca_file=ca_file)
        offered = self._with_preset(found or Discovery())
        self._check_version(offered, server)
        forms = self._forms(typed, offered.number_format or self._memory.number_form(server.key))
        if offered.number_format:
            forms = forms[:1]
        if credentials.device is not None:
            return await self._as_device(server, credentials, credentials.device, ca_file)
        if offered.service_url:
            device = await self._service.sign_in(
                offered.service_url,
                server,
                forms[0][1],
                credentials,
                ca_file,
                trusted=self._settings.locked("service.url"),
            )
            return await self._new_device(server, credentials, device, ca_file)
        if found is None and self._memory.service_known(server.host):
            raise SignInRefused(Refusal.SERVER_SILENT, server.host)
        self._check_domain(offered, server)
        account = await self._account_for(server, offered, credentials, ca_file)
        registered, form, number = await self._by_password(account, forms)
        await self._note(server, registered, form if number != typed else "")
        return registered, number, credentials

    async def leave(self, credentials: Credentials) -> None:
        """Let the company service forget the device it issued, if it did."""
        if credentials.device is not None:
            await self._service.revoke(credentials.device, self._ca_file(credentials))

    async def _by_password(
        self, account: SipAccount, forms: list[tuple[str, str]]
    ) -> tuple[Registered, str, str]:
        """Register at a plain SIP server; with it the form, and the number in it, that the server knows."""
        for form, number in forms[:-1]:
            try:
                return await self._telephony.sign_in(replace(account, number=number)), form, number
            except SignInRefused as refused:
                if refused.status_code != 404:
                    raise
        form, number = forms[-1]
        return await self._telephony.sign_in(replace(account, number=number)), form, number

    async def _new_device(
        self, server: ServerAddress, credentials: Credentials, device: ServiceDevice, ca_file: str
    ) -> tuple[Registered, str, Credentials]:
        """Register what was just issued; what the registrar does not take is given back to the service."""
        await self._memory.note_service(server.host)
        try:
            return await self._as_device(server, credentials, device, ca_file)
        except SignInRefused as refused:
            await self._service.revoke(device, ca_file)
            if refused.code == Refusal.WRONG_CREDENTIALS:  # nothing a person typed is wrong
                raise SignInRefused(Refusal.SERVER_ERROR, refused.detail, refused.status_code) from None
            raise

    async def _as_device(
        self, server: ServerAddress, credentials: Credentials, device: ServiceDevice, ca_file: str
    ) -> tuple[Registered, str, Credentials]:
        """Register with what the service issued; the service itself is not needed for it."""
        issued = device.issued
        named = Discovery(sip_domain=issued.sip_domain, transport=issued.transport)
        account = replace(
            await self._account_for(server, named, credentials, ca_file),
            port=issued.sip_port,
            number=issued.user,
            secret=issued.sip_secret,
            auth_user=issued.auth_user,
        )
        registered = await self._telephony.sign_in(account)
        await self._note(server, registered, "")
        return registered, issued.user, replace(credentials, password="", device=device)

    def _with_preset(self, offered: Discovery) -> Discovery:
        """A service that was set here goes before the one the server names."""
        preset = self._settings.text("service.url")
        return replace(offered, service_url=preset) if preset else offered

    def _ca_file(self, credentials: Credentials) -> str:
        return credentials.ca_file or self._settings.text("sip.ca_file")

    async def _account_for(
        self, server: ServerAddress, offered: Discovery, credentials: Credentials, ca_file: str
    ) -> SipAccount:
        tls_known = self._memory.tls_known(server.key)
        by_administrator = self._settings.locked("sip.transport")
        chosen = next(
            (t for t in (server.transport, credentials.transport) if t is not Transport.AUTO),
            Transport(self._settings.text("sip.transport")),
        )
        if chosen is Transport.AUTO and offered.transport:
            chosen = Transport(offered.transport)
        if by_administrator:
            chosen = Transport(self._settings.text("sip.transport"))
        if tls_known and (chosen is Transport.AUTO or not by_administrator):
            chosen = Transport.TLS
        return SipAccount(
            host=offered.sip_domain or server.host,
            port=0 if offered.sip_domain else server.port,
            number="",
            secret=credentials.password,
            transport=chosen.value,
            ca_file=ca_file,
            tls_required=chosen is Transport.TLS,
            instance_id=await self._memory.instance_id(),
        )

    async def _note(self, server: ServerAddress, registered: Registered, form: str) -> None:
        if registered.transport == Transport.TLS:
            await self._memory.note_tls(server.key)
        if form:
            await self._memory.note_number_form(server.key, form)

    def _check_version(self, offered: Discovery, server: ServerAddress) -> None:
        """Too old by the server's own word."""
        if _version(offered.minimum_version) > _version(self._version):
            raise SignInRefused(Refusal.TOO_OLD, server.host)

    def _check_domain(self, offered: Discovery, server: ServerAddress) -> None:
        """The password goes where the person typed, or to a domain above or below: who holds the upper one
        decides over the lower one anyway. Anywhere else would need the person's word."""
        if offered.sip_domain and not akin(offered.sip_domain, server.host):
            raise SignInRefused(Refusal.OTHER_SERVER, offered.sip_domain)

    def _user(self, text: str) -> str:
        """The typed number or name without separators. Raises SignInRefused (bad-number)."""
        user = bare(text) if "@" not in text else text
        if not _USER.fullmatch(user) or (user.startswith("+") and not self._numbers.international(user)):
            raise SignInRefused(Refusal.BAD_NUMBER, text)
        return user

    def _forms(self, typed: str, wanted: str) -> list[tuple[str, str]]:
        """The number in every form worth trying, the wanted one first, else as typed."""
        known = [
            (form, number)
            for form, number in (
                ("national", self._numbers.national(typed)),
                ("international", self._numbers.international(typed)),
            )
            if number
        ]
        first = [entry for entry in known if entry[0] == wanted]
        as_typed = [(form, number) for form, number in known if number == typed] or [("", typed)]
        ordered = [*first, *as_typed, *known]
        return [entry for index, entry in enumerate(ordered) if entry not in ordered[:index]]


def _version(text: str) -> tuple[int, ...]:
    """A version as numbers; anything after the first sign that is no digit or dot is ignored."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
