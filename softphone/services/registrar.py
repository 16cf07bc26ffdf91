"""Registering one account: which name, which server, which transport, in which form the number."""

from __future__ import annotations

import re
from dataclasses import replace

from softphone.domain.account import Credentials, Refusal, Transport
from softphone.domain.errors import SignInRefused
from softphone.ports import Directory, Discovery, Registered, SipAccount, Telephony
from softphone.services.account_memory import AccountMemory
from softphone.services.numbers import Numbers, bare
from softphone.services.server_address import ServerAddress, parse_server
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
    ) -> None:
        self._telephony = telephony
        self._directory = directory
        self._memory = memory
        self._settings = settings
        self._numbers = numbers
        self._version = version

    async def register(self, credentials: Credentials) -> tuple[Registered, str]:
        """Try the number in the form the server wants; after 404 once in the other form (then remembered)."""
        server = parse_server(credentials.server)
        ca_file = credentials.ca_file or self._settings.text("sip.ca_file")
        typed = self._user(credentials.user)
        offered = await self._directory.discover(server.host, ca_file=ca_file) or Discovery()
        self._check_version(offered, server)
        self._check_domain(offered, server)
        forms = self._forms(typed, offered.number_format or self._memory.number_form(server.key))
        if offered.number_format:
            forms = forms[:1]
        account = await self._account_for(server, offered, credentials, ca_file)
        while True:
            form, number = forms.pop(0)
            try:
                registered = await self._telephony.sign_in(replace(account, number=number))
            except SignInRefused as refused:
                if not forms or refused.status_code != 404:
                    raise
                continue
            await self._note(server, registered, form if number != typed else "")
            return registered, number

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
        """Too old: by the server's own word, or because it names a service and no SIP side we could use."""
        needed = _version(offered.minimum_version)
        if needed > _version(self._version) or (offered.service_url and not offered.sip_domain):
            raise SignInRefused(Refusal.TOO_OLD, server.host)

    def _check_domain(self, offered: Discovery, server: ServerAddress) -> None:
        """The password goes where the person typed, or to a domain above or below: who holds the upper one
        decides over the lower one anyway. Anywhere else would need the person's word."""
        if offered.sip_domain and not _akin(offered.sip_domain.lower().rstrip("."), server.host):
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


def _akin(named: str, typed: str) -> bool:
    """Whether one is the other or a subdomain of it; of top level domains and IP addresses nothing is."""
    upper, lower = sorted((named, typed), key=len)
    divisible = "." in upper and not upper[-1].isdigit()
    return named == typed or (divisible and lower.endswith(f".{upper}"))


def _version(text: str) -> tuple[int, ...]:
    """A version as numbers; anything after the first sign that is no digit or dot is ignored."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(int(part) for part in found[0].split(".")) if found else ()
