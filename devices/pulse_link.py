"""One stream of a PulseAudio server over a connection of its own.

Opening waits for the server; after that nothing does, and nothing runs by itself: what the server sent is
taken in with each `turn`. So a call needs no thread for its devices and wakes up for nobody but itself.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from devices import pulse_wire as wire
from devices.clocked import RATE
from devices.pulse_wire import Command
from devices.types import DeviceFailure, Pcm

APPLICATION = "Softphone"
PORT = 4713
TIMEOUT_S = 3.0
PIECE = 65_536
SAMPLE = 2
"""Bytes."""

REASONS = {1: "access denied", 3: "not possible", 5: "not there", 6: "connection refused"}
ENDS = (Command.PLAYBACK_STREAM_KILLED, Command.RECORD_STREAM_KILLED)


class PulseLink:
    """Connects to `address`, as the server itself writes it; `heard` gets what is recorded, in bytes. May be
    used by several threads."""

    def __init__(self, address: str, heard: Callable[[bytes], object] = lambda pcm: None) -> None:
        """Raises DeviceFailure."""
        self._heard = heard
        self._inbox = wire.Inbox()
        self._answers: dict[int, list[wire.Value] | int] = {}
        self._tag = self._channel = 0
        self._unsent = b""
        self._lock = threading.Lock()
        self.ended = False
        """Whether the server has ended the stream, or has gone."""
        self.length = 0
        """Samples the server's queue holds when full."""
        self.credit = 0
        """Samples it lacks to that, as far as it told."""
        self.device_takes = 0
        """Samples the device takes out of the queue at a time."""
        self.underflows = 0
        """How often the queue ran empty."""
        try:
            self._socket = _connected(address)
        except (OSError, ValueError) as failure:
            raise DeviceFailure(f"no sound server at {address}: {failure}") from failure

    # --- opening: waits for the server ------------------------------------------------------------------

    def record(self, source: str, fragment: int) -> None:
        """Record from a source; sound comes in pieces of `fragment` samples. Raises DeviceFailure."""
        body = wire.record(source, "Microphone", rate=RATE, fragment=fragment * SAMPLE)
        self._open(source, Command.CREATE_RECORD_STREAM, body)

    def play(self, sink: str, *, target: int, request: int, corked: bool) -> None:
        """Play on a sink, see `wire.play`; both in samples. Raises DeviceFailure."""
        sizes = {"target": target * SAMPLE, "request": request * SAMPLE}
        body = wire.play(sink, "Speaker", rate=RATE, corked=corked, **sizes)
        self._open(sink, Command.CREATE_PLAYBACK_STREAM, body)

    def _open(self, device: str, number: Command, body: bytes) -> None:
        try:
            self._ask(Command.AUTH, wire.credentials(_cookie()))
            self._ask(Command.SET_CLIENT_NAME, wire.properties(application_name=APPLICATION))
            answer = self._ask(number, body)
            self._channel = _number(answer, 0)
            if number == Command.CREATE_PLAYBACK_STREAM:
                self.credit += _number(answer, 2) // SAMPLE
                self._resized(_number(answer, 4), _number(answer, 12))
            self._socket.setblocking(False)
        except (OSError, wire.BadPacket) as failure:
            self.close()
            raise DeviceFailure(f"{device} can't be opened: {failure}") from failure

    def _ask(self, number: Command, body: bytes) -> list[wire.Value]:
        self._tag += 1
        self._socket.sendall(wire.command(number, self._tag, body))
        while (answer := self._answers.pop(self._tag, None)) is None:
            self._take(self._socket.recv(PIECE))
            if self.ended:
                raise OSError("the sound server hung up")
        if isinstance(answer, int):
            raise OSError(REASONS.get(answer, f"error {answer}"))
        return answer

    # --- in use: waits for nothing ----------------------------------------------------------------------

    def turn(self) -> None:
        """Take in what the server has sent, and send what could not leave before."""
        with self._lock:
            self._receive()
            if self._unsent:
                self._send(b"")

    def give(self, pcm: Pcm) -> None:
        """Queue samples, at most `credit`."""
        with self._lock:
            self.credit -= len(pcm)
            self._send(wire.sound(self._channel, pcm.tobytes()))

    def uncork(self) -> None:
        """Let a stream sound that was opened corked."""
        with self._lock:
            self._tag += 1
            body = wire.word(self._channel) + wire.flags(False)
            self._send(wire.command(Command.CORK_PLAYBACK_STREAM, self._tag, body))

    def close(self) -> None:
        """End the stream at once; harmless when done already."""
        with self._lock:
            self.ended = True
            self._socket.close()

    def _receive(self) -> None:
        while not self.ended:
            try:
                data = self._socket.recv(PIECE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            try:
                self._take(data)
            except wire.BadPacket:
                self.ended = True
            if len(data) < PIECE:
                return

    def _send(self, packet: bytes) -> None:
        self._unsent = packet = self._unsent + packet
        try:
            self._unsent = packet[self._socket.send(packet) :]
        except BlockingIOError:
            self.ended = len(self._unsent) > wire.LONGEST
        except OSError:
            self.ended = True

    # --- what the server says ---------------------------------------------------------------------------

    def _take(self, data: bytes) -> None:
        if not data:
            self.ended = True
        sound = b""
        for channel, payload in self._inbox.packets(data):
            if channel != wire.CONTROL:
                sound += payload
            elif (asked := wire.requested(payload)) is not None:
                self.credit += asked // SAMPLE
            else:
                self._obey(*wire.parse(payload))
        if sound:
            self._heard(sound)

    def _obey(self, number: int, tag: int, values: list[wire.Value]) -> None:
        if number == Command.UNDERFLOW:
            self.underflows += 1
        elif number in ENDS:
            self.ended = True
        elif number == Command.REPLY:
            self._answers[tag] = values
        elif number == Command.ERROR:
            self._answers[tag] = _number(values, 0)
        elif number == Command.PLAYBACK_BUFFER_ATTR_CHANGED:
            self._resized(_number(values, 2), _number(values, 5))
        elif number == Command.PLAYBACK_STREAM_MOVED:
            self._resized(_number(values, 5), _number(values, 8))

    def _resized(self, length: int, latency_us: int) -> None:
        self.length = length // SAMPLE
        self.device_takes = latency_us * RATE // 1_000_000


def _number(values: list[wire.Value], place: int) -> int:
    """Raises BadPacket where there is none."""
    value = values[place] if place < len(values) else None
    if not isinstance(value, int):
        raise wire.BadPacket("an answer with something else in it")
    return value


def _connected(address: str) -> socket.socket:
    """A connection to the first of the named servers that answers. Raises OSError, ValueError."""
    failure = OSError("no address")
    for one in address.split():
        try:
            return _connection(one)
        except OSError as tried:
            failure = tried
    raise failure


def _connection(one: str) -> socket.socket:
    """`one` is a path, unix:PATH, or host or tcp:host with or without :port, after {whose it is}."""
    _, _, place = one.rpartition("}")
    if place.startswith(("/", "unix:")):
        local = socket.socket(socket.AF_UNIX)
        local.settimeout(TIMEOUT_S)
        try:
            local.connect(place.removeprefix("unix:"))
        except OSError:
            local.close()
            raise
        return local
    host, colon, port = re.sub("^tcp[46]?:", "", place).rpartition(":")
    if not colon or port.endswith("]"):
        host, port = host + colon + port, str(PORT)
    return socket.create_connection((host.strip("[]"), int(port)), TIMEOUT_S)


def _cookie() -> bytes:
    """What proves this person to a server that can't see whose connection it is."""
    home = Path.home()
    configuration = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    named = os.environ.get("PULSE_COOKIE")
    places = (Path(named),) if named else (configuration / "pulse" / "cookie", home / ".pulse-cookie")
    for place in places:
        with suppress(OSError):
            return place.read_bytes()[: wire.COOKIE_LENGTH]
    return bytes(wire.COOKIE_LENGTH)
