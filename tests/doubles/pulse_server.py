"""A sound server on paper: answers one stream's opening over a real socket, then says what the test says."""

from __future__ import annotations

import socket
import struct
import threading
from pathlib import Path

from devices import pulse_wire as wire
from devices.pulse_wire import Command

CHANNEL = 7
LENGTH, TAKES_US = 2880, 20_000
"""What a stream is granted: samples of queue, and what the device takes at once."""


def usec(value: int) -> bytes:
    """A time as the protocol writes it."""
    return b"U" + struct.pack(">Q", value)


def sizes(length: int, latency_us: int) -> bytes:
    """A buffer's attributes and the device's latency."""
    return wire.word(1 << 22) + wire.word(2 * length) + wire.word(0) + wire.word(0) + usec(latency_us)


class PulseServer:
    """`refuses`: the error every stream gets; `commands` are those it heard, `played` the sound."""

    def __init__(self, folder: Path, refuses: int | None = None) -> None:
        self.address = f"unix:{folder / 'native'}"
        self.commands: list[int] = []
        self.played = b""
        self._refuses = refuses
        self._inbox = wire.Inbox()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / "native"))
        self._listening.listen()
        self._peer: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            self._peer, _ = self._listening.accept()
            while not {Command.CREATE_PLAYBACK_STREAM, Command.CREATE_RECORD_STREAM} & set(self.commands):
                if not (data := self._peer.recv(65_536)):
                    return
                self._take(data)
        except OSError:
            return

    def _take(self, data: bytes) -> None:
        for channel, payload in self._inbox.packets(data):
            if channel != wire.CONTROL:
                self.played += payload
                continue
            number, tag, _ = wire.parse(payload)
            self.commands.append(number)
            if number == Command.CORK_PLAYBACK_STREAM:
                continue
            if (
                self._refuses is not None
                and number >= Command.CREATE_PLAYBACK_STREAM
                and number < Command.AUTH
            ):
                self.say(wire.command(Command.ERROR, tag, wire.word(self._refuses)))
            else:
                self.say(wire.command(Command.REPLY, tag, self._answer(number)))

    def _answer(self, number: int) -> bytes:
        if number == Command.CREATE_RECORD_STREAM:
            return wire.word(CHANNEL)
        if number != Command.CREATE_PLAYBACK_STREAM:
            return wire.word(wire.VERSION)
        granted = wire.word(CHANNEL) + wire.word(0) + wire.word(2 * LENGTH)
        attributes = sizes(LENGTH, TAKES_US)
        device = (
            b"a\x03\x01\x00\x00\xbb\x80" + wire.MONO + wire.word(0) + wire.text("sink") + wire.flags(False)
        )
        return granted + attributes[:20] + device + attributes[20:]

    def say(self, packet: bytes) -> None:
        """Send this."""
        assert self._peer is not None
        self._peer.sendall(packet)

    def tell(self, number: Command, body: bytes = b"") -> None:
        """Send a command about the stream."""
        self.say(wire.command(number, wire.NONE, wire.word(CHANNEL) + body))

    def asks_for(self, samples: int) -> None:
        """So many were played."""
        self.tell(Command.REQUEST, wire.word(2 * samples))

    def hears(self, samples: int) -> None:
        """Take in what the stream has sent since, at least `samples` of sound in all."""
        assert self._peer is not None
        self._thread.join(5)
        self._peer.settimeout(5)
        while len(self.played) < 2 * samples:
            self._take(self._peer.recv(65_536))

    def hang_up(self) -> None:
        """End."""
        self._listening.close()
        if self._peer is not None:
            self._peer.close()
        self._thread.join(5)
