"""Messages that RFCs print, sent to the product's own client by a server of a few lines."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from sip_bridge import client_events as told
from sip_bridge.client_types import AccountConfig
from sip_bridge.core.framing import StreamFramer
from sip_bridge.core.matching import companion
from sip_bridge.core.message import Headers, Request, Response, parse_message
from tests.lab.caller import Caller

DATA = Path(__file__).resolve().parents[1] / "data"
SIP_PORT = 5060
PATIENCE_S = 10.0
BIND_PATIENCE_S = 60.0


def message(rfc: str, name: str) -> bytes:
    """The bytes of one message, `rfc` as "rfc4475"."""
    return (DATA / rfc / f"{name}.dat").read_bytes()


def own_loopback() -> str:
    """An address of this host that no other test run uses: messages of RFCs want their answers at port 5060."""
    number = os.getpid()
    return f"127.{64 + (number >> 16) % 64}.{(number >> 8) & 255}.{max(number & 255, 1)}"


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
        """Another run of these tests may hold the port of ::1 for a moment."""
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
        self._heard(data, lambda answer: self._first.sendto(answer, address))

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

    async def answer(self, call: str, *statuses: int) -> Response:
        """The answer with one of these statuses to a request of that Call-ID."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                for answer in self.answers:
                    if answer.call_id == call and answer.status in statuses:
                        return answer
                await asyncio.sleep(0.01)

    def acknowledge(self, invite: bytes, refusal: Response) -> None:
        """The ACK of a refused INVITE."""
        request = parse_message(invite)
        assert isinstance(request, Request)
        self.send(bytes(companion(request, "ACK", refusal.headers.get("To") or "")))

    async def all_answers(self) -> list[Response]:
        """What is not about plain requests of ours, once everything sent before has been dealt with."""
        await self.answer(self.ask("OPTIONS"), 200)
        return [
            answer
            for answer in self.answers
            if not (answer.headers.get("Call-ID") or "").startswith("plain-")
        ]


@asynccontextmanager
async def registered(server: Server, transport: str, ca_file: Path | None = None) -> AsyncIterator[Caller]:
    """A client registered at the server."""
    async with Caller() as caller:
        account = AccountConfig(
            server.host, "user@example.com", "secret", server.port, transport, ca_file=str(ca_file or "")
        )
        await caller.start(account)
        yield caller


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
