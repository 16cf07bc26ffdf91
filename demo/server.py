"""The exchange on real sockets: UDP, and TLS with a certificate made for this run."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import ssl
from pathlib import Path

from demo.exchange import Exchange
from demo.subscribers import Subscribers
from sip_bridge.core.effects import Flow
from sip_bridge.core.errors import FramingError
from sip_bridge.core.framing import KeepAlive, StreamFramer, datagram_keepalive

HOST = "127.0.0.1"
READ_SIZE = 65_536
MOST_UDP = 256


class Server:
    """Listens on loopback; `tls_port` and `udp_port` are known after `start`."""

    def __init__(self, subscribers: Subscribers, certificate: Path, key: Path) -> None:
        self._exchange = Exchange(HOST, subscribers, secrets.token_bytes)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.load_cert_chain(certificate, key)
        self._ids = itertools.count(1)
        self._writers: dict[int, asyncio.StreamWriter] = {}
        self._datagrams: dict[tuple[str, int], Flow] = {}
        self._udp_peers: dict[int, tuple[str, int]] = {}
        self._udp: asyncio.DatagramTransport | None = None
        self._server: asyncio.Server | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.tls_port = 0
        self.udp_port = 0

    async def start(self) -> None:
        """Open both ports."""
        loop = asyncio.get_running_loop()
        self._server = await asyncio.start_server(self._serve, HOST, 0, ssl=self._tls)
        self.tls_port = self._server.sockets[0].getsockname()[1]
        self._udp, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(HOST, 0))
        self.udp_port = self._udp.get_extra_info("sockname")[1]

    async def stop(self) -> None:
        """Close every connection and both ports."""
        if self._timer is not None:
            self._timer.cancel()
        for writer in tuple(self._writers.values()):
            writer.close()
        if self._udp is not None:
            self._udp.close()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def registered(self, user: str) -> bool:
        """Whether a phone is signed in as `user`."""
        return self._exchange.registered(user, asyncio.get_running_loop().time())

    def busy(self) -> bool:
        """Whether there is a call, ringing or standing."""
        return self._exchange.busy()

    # --- streams ------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        local, remote = writer.get_extra_info("sockname")[:2], writer.get_extra_info("peername")[:2]
        flow = Flow(next(self._ids), "tls", local, remote)
        self._writers[flow.id] = writer
        self._exchange.flow_opened(flow)
        framer = StreamFramer()
        try:
            while data := await reader.read(READ_SIZE):
                for frame in framer.feed(data):
                    self._frame(frame, flow)
        except (FramingError, OSError):
            pass  # the client broke the connection or the protocol: it is dropped either way
        finally:
            del self._writers[flow.id]
            writer.close()
            self._exchange.flow_closed(flow.id, asyncio.get_running_loop().time())
            self._pump()

    def _frame(self, frame: bytes | KeepAlive, flow: Flow) -> None:
        if frame is KeepAlive.PING:
            self._writers[flow.id].write(bytes(KeepAlive.PONG))
        elif isinstance(frame, bytes):
            self._receive(frame, flow)

    # --- datagrams ----------------------------------------------------------------------------------

    def datagram(self, data: bytes, remote: tuple[str, int]) -> None:
        """One UDP datagram."""
        if datagram_keepalive(data):
            return
        flow = self._datagrams.pop(remote, None)
        if flow is None:
            flow = Flow(next(self._ids), "udp", (HOST, self.udp_port), remote)
            self._udp_peers[flow.id] = remote
            self._exchange.flow_opened(flow)
        self._datagrams[remote] = flow
        if len(self._datagrams) > MOST_UDP:
            self._forget_eldest()
        self._receive(data, flow)

    def _forget_eldest(self) -> None:
        """Nothing says when a UDP phone has gone: the one silent longest gives way."""
        flow = self._datagrams.pop(next(iter(self._datagrams)))
        del self._udp_peers[flow.id]
        self._exchange.flow_closed(flow.id, asyncio.get_running_loop().time())

    def _receive(self, data: bytes, flow: Flow) -> None:
        self._exchange.receive(data, flow, asyncio.get_running_loop().time())
        self._pump()

    # --- what the exchange wants --------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what there is to send, and wake up when the exchange has something to do."""
        for send in self._exchange.take_effects():
            if writer := self._writers.get(send.flow_id):
                writer.write(send.data)
            elif self._udp is not None and (remote := self._udp_peers.get(send.flow_id)):
                self._udp.sendto(send.data, send.to or remote)
        if self._timer is not None:
            self._timer.cancel()
        due = self._exchange.next_timer()
        self._timer = None if due is None else asyncio.get_running_loop().call_at(due, self._tick)

    def _tick(self) -> None:
        self._exchange.tick(asyncio.get_running_loop().time())
        self._pump()


class _Datagrams(asyncio.DatagramProtocol):
    """Hands datagrams to the server."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._server.datagram(data, (addr[0], addr[1]))
