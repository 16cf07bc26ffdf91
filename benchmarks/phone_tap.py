"""What goes over the loopback network, with the kernel's time of each datagram: nobody measured takes part.

Packet sockets are Linux' and want the right to open them (CAP_NET_RAW).
"""

from __future__ import annotations

import select
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

IPV4, UDP = 0x0800, 17
TIMESTAMPS = 35
"""SO_TIMESTAMPNS, which Python has no name for."""
ROOM = 8 << 20
LOOK_S = 0.05


class NoTap(Exception):
    """The system does not let this process watch its network."""


@dataclass(frozen=True, slots=True)
class Datagram:
    """One UDP datagram; `at` is the system's clock in seconds (time.time)."""

    at: float
    source: int
    target: int
    payload: bytes

    @property
    def text(self) -> str:
        """As SIP."""
        return self.payload.decode(errors="replace")


class Tap:
    """Notes every UDP datagram on `lo` from `start` to `stop`."""

    def __init__(self) -> None:
        self._noted: list[Datagram] = []
        self._changed = threading.Condition()
        self._over = False
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(IPV4))
        except PermissionError as error:
            raise NoTap("no right to open packet sockets (CAP_NET_RAW)") from error
        self._socket.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        self._socket.bind(("lo", IPV4))
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def noted(self, since: float = 0.0) -> list[Datagram]:
        """Everything so far, oldest first."""
        with self._changed:
            return [datagram for datagram in self._noted if datagram.at >= since]

    def stop(self) -> None:
        """Watch no longer."""
        self._over = True
        self._thread.join(5)
        self._socket.close()

    def _read(self) -> None:
        while not self._over:
            if not select.select([self._socket], [], [], LOOK_S)[0]:
                continue
            data, ancillary, _, address = self._socket.recvmsg(65_535, 64)
            if address[2] == socket.PACKET_OUTGOING:  # each one passes twice on loopback
                continue
            datagram = _datagram(data, ancillary)
            if datagram is not None:
                with self._changed:
                    self._noted.append(datagram)
                    self._changed.notify_all()


def _datagram(data: bytes, ancillary: list[tuple[int, int, bytes]]) -> Datagram | None:
    head = 4 * (data[0] & 15)
    if data[9] != UDP or len(data) < head + 8:
        return None
    stamps = [value for level, kind, value in ancillary if (level, kind) == (socket.SOL_SOCKET, TIMESTAMPS)]
    seconds, nanoseconds = struct.unpack("qq", stamps[0])
    source, target = struct.unpack_from("!HH", data, head)
    return Datagram(seconds + nanoseconds / 1e9, source, target, data[head + 8 :])


@contextmanager
def tapped() -> Iterator[Tap]:
    """A tap while the block runs. Raises NoTap."""
    tap = Tap()
    try:
        yield tap
    finally:
        tap.stop()
