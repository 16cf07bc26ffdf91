"""Messages as they stand on the wire, sent to the product's own client by a server of a few lines."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

from sip_bridge import client_events as told
from sip_bridge.client_types import AccountConfig
from sip_bridge.core.framing import StreamFramer
from sip_bridge.core.matching import companion
from sip_bridge.core.message import Headers, Request, Response, parse_message
from tests.lab.caller import Caller
from tests.lab.certificates import Authority
from tests.lab.flows import until
from tests.lab.ports import LOOPBACK

SIP_PORT = 5060
PATIENCE_S = 10.0
BIND_PATIENCE_S = 60.0


def own_loopback() -> str:
    """An address that no other test run uses, where the system has more than one on loopback.

    Messages of RFCs want their answers at port 5060.
    """
    number = os.getpid()
    address = f"127.{64 + (number >> 16) % 64}.{(number >> 8) & 255}.{max(number & 255, 1)}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return LOOPBACK
    return address


class Endpoint(asyncio.DatagramProtocol):
    """One UDP port of the server."""

    def __init__(self, received: Callable[[bytes, tuple[str, int]], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """asyncio: a datagram came."""
        self._received(data, address[:2])


class Server:
    """Registers whoever asks, sends what a test gives it, and keeps every answer."""

    def __init__(self, host: str) -> None:
        self.host = host
        self.port = SIP_PORT
        self.answers: list[Response] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.lost = 0
        self._send: Callable[[bytes], None] = lambda data: None
        self._first: asyncio.DatagramTransport | None = None
        self._number = 0

    # --- transports ------------------------------------------------------------------------------

    @asynccontextmanager
    async def udp(self, ports: Iterable[int] = ()) -> AsyncIterator[None]:
        """Serve UDP at port 5060, and hear what is sent to `ports` too."""
        transports = [await self._bind(port) for port in (SIP_PORT, *ports)]
        self._first = transports[0]
        try:
            yield
        finally:
            for transport in transports:
                transport.close()

    async def _bind(self, port: int) -> asyncio.DatagramTransport:
        """Another run of these tests may hold the port for a moment."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + BIND_PATIENCE_S
        while True:
            with suppress(OSError):
                return (await loop.create_datagram_endpoint(self._endpoint, local_addr=(self.host, port)))[0]
            if loop.time() > deadline:
                raise TimeoutError(f"{self.host} port {port} is taken")
            await asyncio.sleep(0.1)

    def _endpoint(self) -> Endpoint:
        return Endpoint(self._datagram)

    def _datagram(self, data: bytes, address: tuple[str, int]) -> None:
        if self._first is not None:
            self._heard(data, partial(self._first.sendto, addr=address))

    @asynccontextmanager
    async def stream(self, context: ssl.SSLContext | None = None) -> AsyncIterator[None]:
        """Serve TCP, or TLS with a context, at a port of the system's choice."""
        server = await asyncio.start_server(self._serve, self.host, 0, ssl=context)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield
        finally:
            server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        framer = StreamFramer()
        self.connections += 1
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                for frame in framer.feed(data):
                    if isinstance(frame, bytes):
                        self._heard(frame, writer.write)
        self.lost += 1
        writer.close()

    # --- what comes and goes ---------------------------------------------------------------------

    def _heard(self, data: bytes, answer: Callable[[bytes], None]) -> None:
        if not data.strip():
            return
        came = parse_message(data)
        if isinstance(came, Response):
            self.answers.append(came)
            return
        self.requests.append(came)
        if came.method == "REGISTER":
            self._send = answer
            answer(bytes(self._registered(came)))

    @staticmethod
    def _registered(request: Request) -> Response:
        response = request.reply(200, to_tag="server")
        for contact in request.headers.get_lines("Contact"):
            response.headers.add("Contact", contact)
        return response

    def send(self, data: bytes) -> None:
        """To the client, the way it registered."""
        self._send(data)

    def ask(self, method: str, number: int = 1, call: str = "") -> str:
        """Send a plain request, a CANCEL under the Via of the INVITE of that call; its Call-ID comes back."""
        self._number += 0 if call else 1
        call = call or f"plain-{self._number}"
        headers = Headers(
            [
                ("Via", f"SIP/2.0/UDP server.example.com;branch=z9hG4bK{call};rport"),
                ("Max-Forwards", "70"),
                ("From", f"<sip:server@example.com>;tag={call}"),
                ("To", "<sip:user@example.com>"),
                ("Call-ID", call),
                ("CSeq", f"{number} {method}"),
                ("Contact", "<sip:server@example.com>"),
            ]
        )
        self.send(bytes(Request(method, "sip:user@example.com", headers)))
        return call

    def hang_up(self, invite: Request) -> None:
        """BYE in the call that the client began and our To tag "theirs" established."""
        headers = Headers(
            [
                ("Via", "SIP/2.0/UDP server.example.com;branch=z9hG4bKbye;rport"),
                ("Max-Forwards", "70"),
                ("From", f"{invite.headers.get('To')};tag=theirs"),
                ("To", invite.headers.get("From") or ""),
                ("Call-ID", invite.call_id),
                ("CSeq", "1 BYE"),
            ]
        )
        self.send(bytes(Request("BYE", "sip:user@example.com", headers)))

    async def answer(self, call: str, *statuses: int) -> Response:
        """The answer with one of these statuses to a request of that Call-ID."""

        def found() -> list[Response]:
            about = (answer for answer in self.answers if answer.headers.get("Call-ID") == call)
            return [answer for answer in about if answer.status in statuses]

        await until(found, PATIENCE_S)
        return found()[0]

    async def request(self, method: str, count: int = 1) -> Request:
        """The `count`-th request of that method from the client."""

        def found() -> list[Request]:
            return [request for request in self.requests if request.method == method]

        await until(lambda: len(found()) >= count, PATIENCE_S)
        return found()[count - 1]

    def acknowledge(self, invite: bytes, refusal: Response) -> None:
        """The ACK of a refused INVITE."""
        request = parse_message(invite)
        assert isinstance(request, Request)
        self.send(bytes(companion(request, "ACK", refusal.headers.get("To") or "")))

    async def all_answers(self) -> list[Response]:
        """What is not about plain requests of ours, once everything sent before has been dealt with."""
        await self.answer(self.ask("OPTIONS"), 200)
        calls = ((answer, answer.headers.get("Call-ID") or "") for answer in self.answers)
        return [answer for answer, call in calls if not call.startswith("plain-")]


async def ring_and_refuse(server: Server, phone: Caller, data: bytes) -> str:
    """Send an INVITE that must ring, refuse it, and look at each answer; returns who called."""
    server.send(data)
    call = await phone.wait_for(told.Incoming)
    await phone.client.calls.ring(call.call_id)
    await phone.client.calls.reject(call.call_id)
    answers = await server.all_answers()
    assert [answer.status for answer in answers] == [100, 180, 603]
    for answer in answers:
        assert_answers(server, data, answer)
    server.acknowledge(data, answers[-1])
    await phone.wait_for(told.Ended)
    return call.uri


async def connected(
    stack: AsyncExitStack,
    transport: str,
    *ports: int,
    host: str = "",
    authority: Authority | None = None,
) -> tuple[Server, Caller]:
    """A server, which hears UDP at `ports` too, and a client registered with it. TLS wants an authority."""
    server = Server(host or own_loopback())
    if transport == "udp":
        await stack.enter_async_context(server.udp(ports))
    else:
        await stack.enter_async_context(server.stream(_context(server, authority)))
    caller = await stack.enter_async_context(Caller())
    ca_file = "" if authority is None else str(authority.ca_file)
    account = AccountConfig(
        server.host, "user@example.com", "secret", server.port, transport, ca_file=ca_file
    )
    await caller.start(account)
    return server, caller


def _context(server: Server, authority: Authority | None) -> ssl.SSLContext | None:
    if authority is None:
        return None
    pair = authority.issue(server.host)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    return context


def assert_answers(server: Server, data: bytes, answer: Response) -> None:
    """It carries what RFC 3261 8.2.6.2 copies, and in its Via where the request came from (18.2.1)."""
    request = parse_message(data)
    for name in ("From", "Call-ID", "CSeq"):
        assert answer.headers.get_lines(name) == request.headers.get_lines(name)
    for said, asked in zip(answer.headers.get_lines("To"), request.headers.get_lines("To"), strict=True):
        assert said.startswith(asked)
    vias, sent = answer.headers.get_all("Via"), request.headers.get_all("Via")
    assert vias[1:] == sent[1:]
    if "SIP/2.0/" in sent[0] and ";;" not in sent[0]:
        assert answer.top_via.received == server.host
        assert answer.top_via.branch == request.top_via.branch


async def assert_works(server: Server, caller: Caller) -> None:
    """The client answers a plain OPTIONS, and a plain call rings until it is cancelled."""
    await server.answer(server.ask("OPTIONS"), 200)
    before = len(caller.heard(told.Incoming))
    call = server.ask("INVITE")
    ringing = await caller.wait_for(told.Incoming, before + 1)
    await caller.client.calls.ring(ringing.call_id)
    await server.answer(call, 180)
    server.ask("CANCEL", call=call)
    await server.answer(call, 487)
    server.ask("ACK", call=call)
    await caller.wait_for(told.Ended, where=lambda event: event.call_id == ringing.call_id)
