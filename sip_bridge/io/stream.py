"""SIP over TCP and TLS: one connection, cut into messages, with limits on what a peer can make us hold."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from typing import Protocol, cast

from sip_bridge.core.effects import Address
from sip_bridge.core.errors import FramingError
from sip_bridge.core.framing import KeepAlive, StreamFramer

log = logging.getLogger(__name__)

MESSAGE_TIMEOUT_S = 10.0
"""How long a message may take from first byte to last: whoever is slower holds our memory on purpose."""

PIECE = 2048
"""Octets looked at in one go: what a peer sends at once must not keep a running call's sound waiting."""

WRITE_LIMIT = 1_000_000
"""Bytes that may wait for a peer that doesn't read."""


class StreamOwner(Protocol):
    """Who hears what a connection brings."""

    def stream_received(self, stream: Stream, data: bytes) -> None:
        """A whole message or a keep-alive."""
        ...

    def stream_lost(self, stream: Stream, reason: str) -> None:
        """The connection is gone; said once."""
        ...


class Stream(asyncio.Protocol):
    """One TCP or TLS connection."""

    def __init__(self, owner: StreamOwner, message_timeout_s: float = MESSAGE_TIMEOUT_S) -> None:
        self._owner = owner
        self._framer = StreamFramer()
        self._message_timeout_s = message_timeout_s
        self._transport: asyncio.Transport | None = None
        self._arrived = bytearray()
        self._working = False
        self._ended = ""
        self._incomplete = 0
        self._deadline: asyncio.TimerHandle | None = None
        self._lost = False
        self._gone = asyncio.Event()
        self.local: Address = ("", 0)
        self.remote: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: connected, and for TLS the handshake is done."""
        self._transport = cast("asyncio.Transport", transport)
        self.local = _address(transport, "sockname")
        self.remote = _address(transport, "peername")
        connection: socket.socket | None = transport.get_extra_info("socket")
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came. What is more than a piece waits for the loop's next turns."""
        self._arrived += data
        if not self._working:
            self._work()

    def _work(self) -> None:
        piece = bytes(self._arrived[:PIECE])
        del self._arrived[:PIECE]
        self._hear(piece)
        before, self._working = self._working, bool(self._arrived)
        if self._working:
            asyncio.get_running_loop().call_soon(self._work)
        else:
            self._tell_end()
        if self._working != before and self._transport is not None and not self._transport.is_closing():
            (self._transport.pause_reading if self._working else self._transport.resume_reading)()

    def _tell_end(self) -> None:
        """What came before the end has been heard by now."""
        if self._ended and not self._lost:
            self._finish()
            self._owner.stream_lost(self, self._ended)

    def _hear(self, data: bytes) -> None:
        if self._lost:
            return
        self._incomplete += len(data)
        try:
            frames = [bytes(frame) for frame in self._framer.feed(data)]
            fault = ""
        except FramingError as failure:
            frames = [bytes(frame) for frame in failure.received if isinstance(frame, bytes | KeepAlive)]
            fault = f"framing: {failure}"
        for frame in frames:
            self._incomplete -= len(frame)
            self._owner.stream_received(self, frame)
        if fault:
            self.abort(fault)
            return
        self._watch_progress(bool(frames))

    def _watch_progress(self, completed: bool) -> None:
        if self._deadline is not None and (completed or not self._incomplete):
            self._deadline.cancel()
            self._deadline = None
        if self._incomplete and self._deadline is None and not self._lost:
            loop = asyncio.get_running_loop()
            self._deadline = loop.call_later(self._message_timeout_s, self.abort, "message never completed")

    def send(self, data: bytes) -> None:
        """Queue bytes; a peer that has stopped reading loses the connection."""
        if self._transport is None or self._transport.is_closing() or self._lost:
            return
        self._transport.write(data)
        if self._transport.get_write_buffer_size() > WRITE_LIMIT:
            self.abort("peer does not read")

    def close(self) -> None:
        """Send what is queued, then close, without telling the owner."""
        self._finish()
        if self._transport is not None:
            self._transport.close()

    @property
    def gone(self) -> bool:
        """Whether the connection has ended."""
        return self._gone.is_set()

    async def closed(self, timeout_s: float) -> None:
        """Wait until what was queued is out and the connection is gone; at the time limit it is dropped."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._gone.wait()
        except TimeoutError:
            if self._transport is not None:
                self._transport.abort()
            await asyncio.sleep(0)

    def abort(self, reason: str) -> None:
        """Drop the connection now; the owner is told `reason`."""
        if self._lost:
            return
        self._finish()
        if self._transport is not None:
            self._transport.abort()
        self._owner.stream_lost(self, reason)

    def _finish(self) -> None:
        self._lost = True
        self._arrived.clear()
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def connection_lost(self, failure: Exception | None) -> None:
        """asyncio: the connection has ended."""
        self._gone.set()
        self._ended = type(failure).__name__ if failure else "closed by peer"
        if not self._working:
            self._tell_end()


def _address(transport: asyncio.BaseTransport, which: str) -> Address:
    host, port = (transport.get_extra_info(which) or ("", 0))[:2]
    return (str(host), int(port))


async def connect(
    owner: StreamOwner, remote: Address, *, context: ssl.SSLContext | None, name: str, timeout_s: float
) -> Stream:
    """Open a connection; with `context` by TLS, the certificate verified for `name`.

    Raises OSError, ssl.SSLError (an OSError too) and TimeoutError.
    """
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(timeout_s):
        _, stream = await loop.create_connection(
            lambda: Stream(owner),
            remote[0],
            remote[1],
            ssl=context,
            server_hostname=name if context is not None else None,
        )
    return stream
