"""The way to the server, piece by piece: its name, its certificate, its answer, our address, and sound."""

from __future__ import annotations

import asyncio
import random
import socket
import ssl
from contextlib import suppress
from datetime import UTC, datetime

from media.errors import CodecUnavailable
from sip_bridge import client_events as told
from sip_bridge.client import SipClient
from sip_bridge.client_types import AccountConfig, ClientError, NotRegistered, RegistrationError
from sip_bridge.core.effects import Hop
from sip_bridge.io.addresses import local_address_towards
from sip_bridge.io.locate import Locator, Target, numeric
from sip_bridge.io.names import DnsResolver, NameNotFound, NoNetwork, Resolver
from sip_bridge.io.tls import BadAuthorityFile, certificate_refused, make_context
from softphone.adapters.call_voice import usable_codecs
from softphone.adapters.telephony import SipTelephony
from softphone.domain.errors import SoftphoneError
from softphone.domain.preshift import CheckFailed, Finding, NotChecked

CONFIRM_S = 3.5
HANDSHAKE_S = 2.5
ANSWER_S = 4.0
GOODBYE_S = 1.0
ITSELF, ITSELF_S = b"softphone", 0.5
SOON_DAYS = 14
LOOPBACK = "127.0.0.1"
PUBLIC = ("192.0.2.1", "2001:db8::1")
"""Documentation addresses: asking for the way there sends nothing."""


class SipLineCheck:
    """Implements ports.LineCheck. `resolver` None asks the system's name servers, each time anew."""

    def __init__(self, telephony: SipTelephony, *, resolver: Resolver | None = None) -> None:
        self._telephony = telephony
        self._resolver = resolver

    @property
    def _client(self) -> SipClient:
        return self._telephony.client

    def _account(self) -> AccountConfig:
        account = self._client.account
        if account is None:
            raise NotChecked("not-signed-in")
        return account

    async def _targets(self) -> list[Target]:
        account = self._account()
        transport = "tls" if account.tls_required else account.transport
        resolver = self._resolver or DnsResolver(asyncio.get_running_loop().time)
        return await Locator(resolver, random.random).locate(Hop(account.host, account.port, transport))

    async def look_up(self) -> Finding:
        """See ports.LineCheck."""
        host = self._account().host
        try:
            targets = await self._targets()
        except NameNotFound as failure:
            raise CheckFailed("server-not-found", (("server", host),)) from failure
        except NoNetwork as failure:
            raise CheckFailed("no-network", (("server", host),)) from failure
        addresses = ", ".join(dict.fromkeys(target.host for target in targets))
        return Finding("numeric" if numeric(host) else "", (("server", host), ("addresses", addresses)))

    async def certificate(self) -> Finding:
        """See ports.LineCheck."""
        account, flow = self._account(), self._client.flow
        needed = account.tls_required or account.transport == "tls" or (flow is not None and flow.secure)
        if not needed and (flow is not None or account.transport != "auto"):
            raise NotChecked("no-tls")
        try:
            targets = [target for target in await self._targets() if target.transport == "tls"]
            return await self._shown_by(targets[0], account.ca_file)
        except BadAuthorityFile as failure:
            raise CheckFailed("ca-file", (("file", account.ca_file),)) from failure
        except (NameNotFound, NoNetwork, TimeoutError, IndexError) as failure:
            raise NotChecked("server-silent") from failure
        except OSError as failure:
            if certificate_refused(failure):
                raise CheckFailed("certificate", (("server", account.host),)) from failure
            raise NotChecked("server-silent" if needed else "no-tls") from failure

    async def _shown_by(self, target: Target, ca_file: str) -> Finding:
        context = make_context(ca_file)
        async with asyncio.timeout(HANDSHAKE_S):
            _, writer = await asyncio.open_connection(
                target.host, target.port, ssl=context, server_hostname=target.name
            )
        try:
            until = _valid_until(writer)
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await writer.wait_closed()
        days = (until - datetime.now(UTC)).days
        facts = (("name", target.name), ("valid_until", until.date().isoformat()), ("days", str(days)))
        return Finding("expires-soon" if days < SOON_DAYS else "", facts)

    async def confirm(self) -> Finding:
        """See ports.LineCheck."""
        try:
            await self._client.confirm(CONFIRM_S)
        except RegistrationError as refused:
            status = (("status", str(refused.status)),) if refused.status else ()
            raise CheckFailed(refused.code, status) from refused
        except NotRegistered as failure:
            raise CheckFailed("server-silent") from failure
        flow = self._client.flow
        return Finding("", (("transport", flow.transport),) if flow is not None else ())

    async def addresses(self) -> Finding:
        """See ports.LineCheck."""
        flow, public = self._client.flow, self._client.public_address
        if flow is None:
            raise NotChecked("no-line")
        local = flow.local[0]
        seen = public[0] if public is not None else local
        facts = (("local", local), ("seen", seen))
        if not await _carries_udp(local):
            raise CheckFailed("udp-blocked", facts)
        return Finding("nat" if seen != local else "", facts)

    async def loopback(self, number: str) -> Finding:
        """See ports.LineCheck."""
        from softphone.adapters.loopback import on_this_machine  # loads what calls need

        if number and self._client.flow is None:
            raise NotChecked("no-line")
        return await (self._echo_call(number) if number else on_this_machine(self._here(), usable_codecs()))

    def _here(self) -> str:
        if self._client.flow is not None:
            return self._client.flow.local[0]
        return next(filter(None, map(local_address_towards, PUBLIC)), LOOPBACK)

    # --- the echo number -------------------------------------------------------------------------------

    async def _echo_call(self, number: str) -> Finding:
        from softphone.adapters.loopback import Talker, judged

        happened: asyncio.Queue[told.ClientEvent] = asyncio.Queue()
        try:
            call_id = await self._telephony.dial_unseen(number, happened.put_nowait)
        except SoftphoneError as refused:
            raise CheckFailed("no-call", (("number", number), ("reason", refused.code))) from refused
        try:
            await self._answered(number, happened)
            session = self._client.audio(call_id)
            if session is None or session.codec is None:
                raise CheckFailed("no-call", (("number", number),))
            codec, method = session.codec.name, session.encryption[0]
            journey = await Talker(session).talk()
        except CodecUnavailable as failure:
            raise CheckFailed("no-call", (("number", number), ("reason", "codec"))) from failure
        finally:
            await self._take_leave(call_id, happened)
        facts = (("with", number), ("codec", codec), ("encryption", method or "none"))
        return judged(journey, facts)

    async def _answered(self, number: str, happened: asyncio.Queue[told.ClientEvent]) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                while not isinstance(event := await happened.get(), told.Established):
                    if isinstance(event, told.Ended):
                        facts = (("number", number), ("reason", event.reason), ("status", str(event.status)))
                        raise CheckFailed("no-call", facts)
        except TimeoutError:
            raise CheckFailed("no-answer", (("number", number),)) from None

    async def _take_leave(self, call_id: str, happened: asyncio.Queue[told.ClientEvent]) -> None:
        """Hang up and see that it is over; what is late then ends by itself."""
        with suppress(ClientError, TimeoutError):
            await self._client.calls.hang_up(call_id)
            async with asyncio.timeout(GOODBYE_S):
                while not isinstance(await happened.get(), told.Ended):
                    pass


def _valid_until(writer: asyncio.StreamWriter) -> datetime:
    shown: ssl.SSLObject = writer.get_extra_info("ssl_object")
    der = shown.getpeercert(binary_form=True)
    if der is None:
        raise ssl.SSLCertVerificationError("no certificate was shown")
    from cryptography import x509  # with the first check, not with the program

    return x509.load_der_x509_certificate(der).not_valid_after_utc


async def _carries_udp(address: str) -> bool:
    """Whether a datagram sent to ourselves arrives: the least that sound needs."""
    loop = asyncio.get_running_loop()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as port:
            port.bind((address, 0))
            port.setblocking(False)
            port.sendto(ITSELF, port.getsockname())
            async with asyncio.timeout(ITSELF_S):
                return await loop.sock_recv(port, len(ITSELF)) == ITSELF
    except (OSError, TimeoutError):
        return False
