"""A man between a phone and its registrar: passes everything on, and changes what REGISTER is answered.

`Liar` stands in the way of datagrams. `Dribbler` is in the way of a connection, and lets the server's octets
through one at a time when asked to.
"""

from __future__ import annotations

import re
import select
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tests.lab.ports import LOOPBACK

Lie = Callable[[bytes], bytes]

TICK_S = 0.05
DRIBBLE_S = 1.0
_REGISTER = re.compile(rb"\r\nCSeq: *\d+ +REGISTER", re.IGNORECASE)
_ECHOED = re.compile(rb"^(?:Via|From|To|Call-ID|CSeq):.*\r\n", re.IGNORECASE | re.MULTILINE)


def answer(response: bytes, status: str, *headers: str) -> bytes:
    """Another answer to the request that this response answers."""
    echoed = b"".join(_ECHOED.findall(response))
    lines = "".join(f"{header}\r\n" for header in headers)
    return f"SIP/2.0 {status}\r\n".encode() + echoed + f"{lines}Content-Length: 0\r\n\r\n".encode()


class Liar:
    """Between one phone and a server's UDP port. `lie` changes each final answer to a REGISTER."""

    def __init__(self, server_port: int) -> None:
        self.lie: Lie | None = None
        self.told = 0
        self._server = (LOOPBACK, server_port)
        self._phone: tuple[str, int] | None = None
        self._near, self._far = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for place in (self._near, self._far):
            place.bind((LOOPBACK, 0))
        self.port: int = self._near.getsockname()[1]
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._pass_on, daemon=True)

    def __enter__(self) -> Liar:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self._near.close()
        self._far.close()

    def say(self, data: bytes) -> None:
        """Send the phone something nobody asked for."""
        assert self._phone is not None, "no phone has said anything"
        self._near.sendto(data, self._phone)

    def _pass_on(self) -> None:
        while not self._done.is_set():
            ready, _, _ = select.select((self._near, self._far), (), (), TICK_S)
            for place in ready:
                with suppress(OSError):
                    self._take(place, *place.recvfrom(65_536))

    def _take(self, place: socket.socket, data: bytes, source: tuple[str, int]) -> None:
        if place is self._near:
            self._phone = source
            self._far.sendto(data, self._server)
            return
        if self.lie is not None and data.startswith(b"SIP/2.0 ") and _REGISTER.search(data):
            self.told += 1
            data = self.lie(data)
        if self._phone is not None:
            self._near.sendto(data, self._phone)


class Dribbler:
    """Between phones and a server's TCP port. While `slow` the server's octets come one a second."""

    def __init__(self, server_port: int) -> None:
        self.slow = False
        self.dribbled = self.accepted = 0
        self._server = (LOOPBACK, server_port)
        self._listener = socket.create_server((LOOPBACK, 0))
        self._listener.settimeout(TICK_S)
        self.port: int = self._listener.getsockname()[1]
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self) -> Dribbler:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in tuple(self._threads):
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._done.is_set():
            with suppress(TimeoutError):
                near, _ = self._listener.accept()
                self.accepted += 1
                far = socket.create_connection(self._server)
                for pair in ((near, far, False), (far, near, True)):
                    self._threads.append(threading.Thread(target=self._carry, args=pair, daemon=True))
                    self._threads[-1].start()

    def _carry(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        source.settimeout(TICK_S)
        with source, suppress(OSError):
            while not self._done.is_set():
                with suppress(TimeoutError):
                    data = source.recv(65_536)
                    if not data:
                        break
                    self._send(sink, data, from_server)
            sink.shutdown(socket.SHUT_RDWR)

    def _send(self, sink: socket.socket, data: bytes, from_server: bool) -> None:
        while data and self.slow and from_server and not self._done.is_set():
            sink.sendall(data[:1])
            data = data[1:]
            self.dribbled += 1
            until = time.monotonic() + DRIBBLE_S
            while self.slow and time.monotonic() < until and not self._done.wait(TICK_S):
                pass
        sink.sendall(data)
