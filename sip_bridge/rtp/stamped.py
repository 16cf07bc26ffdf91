"""A UDP socket on which the kernel notes when each datagram came, so that they may wait there to be fetched.

Each datagram that wakes the loop costs a tenth of a call's processor time. Whoever looks anyway, as a voice
does before it plays, fetches what is there instead; when it came is known all the same.
"""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import time

from sip_bridge.rtp.sockets import Address, MediaSocket, Receive

TIMESTAMPS = 35
"""Linux' SO_TIMESTAMPNS, which Python has no name for."""
STAMP = struct.Struct("@ll")
SPACE = 64
"""Bytes of notes, of which only the one is asked for."""
LARGEST = 65_535
WATCH_S = 1.0
"""Who has not fetched for so long does not any more: datagrams wake the loop again."""
SET_S = 0.005
"""Wall clock and loop's clock drift no further apart from one datagram to the next, but when one is set."""
AT_ONCE = 50
"""Datagrams taken in one go; where more wait, the loop gives everybody else a turn in between."""


class StampedSocket(MediaSocket):
    """Closes with its owner. Raises OSError where the kernel keeps no such notes."""

    arrived = 0.0
    """See MediaSocket."""

    def __init__(self, receive: Receive, bound: socket.socket) -> None:
        super().__init__(receive)
        bound.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        bound.setblocking(False)
        self._socket = bound
        self._waiting = select.poll()
        self._waiting.register(bound, select.POLLIN)
        self._port = int(bound.getsockname()[1])
        self._loop = asyncio.get_running_loop()
        self._watch: asyncio.TimerHandle | None = None
        self._fetched = False
        self._open = True
        self._apart = time.time() - self._loop.time()
        self._loop.add_reader(bound, self._take)

    @property
    def port(self) -> int:
        """See MediaSocket."""
        return self._port

    def send(self, data: bytes, to: Address) -> None:
        """See MediaSocket. What the system does not take now is lost, as on the way."""
        if self._open:
            try:
                self._socket.sendto(data, to)
            except OSError:
                """A full queue, or an ICMP error: the peer may not listen yet."""

    def fetch(self) -> None:
        """See MediaSocket."""
        if not self._open:
            return
        self._fetched = True
        if self._watch is None:
            self._loop.remove_reader(self._socket)
            self._watch = self._loop.call_later(WATCH_S, self._look_after)
        for _ in range(AT_ONCE):
            # Asked first: an exception that tells there is nothing costs more than a datagram.
            if not self._waiting.poll(0) or not self._take():
                return
        self.wake()

    def wake(self) -> None:
        """See MediaSocket."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
            self._loop.add_reader(self._socket, self._take)

    def close(self) -> None:
        """See MediaSocket."""
        if self._open:
            self._open = False
            self.wake()
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self.closed.set()

    def _look_after(self) -> None:
        if not self._fetched:
            self.wake()
            return
        self._fetched = False
        self._watch = self._loop.call_later(WATCH_S, self._look_after)

    def _take(self) -> bool:
        """One datagram; False when there is none."""
        try:
            data, notes, _, source = self._socket.recvmsg(LARGEST, SPACE)
        except OSError:
            return False
        now = self._loop.time()
        before, self._apart = self._apart, time.time() - now
        self.arrived = now
        if notes and -SET_S < self._apart - before < SET_S:
            seconds, nanoseconds = STAMP.unpack(notes[0][2])
            self.arrived = min(now, seconds - self._apart + nanoseconds / 1e9)
        self.receive(data, source if len(source) == 2 else source[:2])
        return self._open
