"""PulseAudio's native protocol on bytes, as far as one stream of sound needs it; PipeWire speaks it too.

Every packet begins with five big-endian words: the payload's length, the channel, an offset in two words, and
flags. On the channel CONTROL the payload is a command (its number, the asker's tag, then values, each with a
letter for its type); on a stream's channel it is sound. Version 15 of 2009 is spoken: what came later is
about other things. Described by the server's own PROTOCOL file and sources.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum

VERSION = 15
CONTROL = NONE = 0xFFFF_FFFF
COOKIE_LENGTH = 256
LONGEST = 1 << 20
"""No packet that is meant for us is longer."""

_HEAD = struct.Struct(">IIIII")
_LENGTH_AND_CHANNEL = struct.Struct(">II")
_WORD = struct.Struct(">I")
_COMMAND = struct.Struct(">cIcI")
_REQUEST = struct.Struct(">cIcIcIcI")
S16LE = 3
MONO = b"m\x01\x00"
UNCHANGED = b"v\x01" + _WORD.pack(0x1_0000)
"""A volume of 100 %, which is not set."""

Value = int | str | None


class Command(IntEnum):
    """Those that are sent or understood."""

    ERROR = 0
    REPLY = 2
    CREATE_PLAYBACK_STREAM = 3
    CREATE_RECORD_STREAM = 5
    AUTH = 8
    SET_CLIENT_NAME = 9
    CORK_PLAYBACK_STREAM = 41
    REQUEST = 61
    UNDERFLOW = 63
    PLAYBACK_STREAM_KILLED = 64
    RECORD_STREAM_KILLED = 65
    PLAYBACK_STREAM_MOVED = 78
    PLAYBACK_BUFFER_ATTR_CHANGED = 94


_REQUEST_HEAD = b"L" + _WORD.pack(Command.REQUEST)


class BadPacket(ValueError):
    """Bytes that are not of this protocol."""


# --- out ------------------------------------------------------------------------------------------------


def command(number: Command, tag: int, body: bytes = b"") -> bytes:
    """A whole packet."""
    payload = _COMMAND.pack(b"L", number, b"L", tag) + body
    return _HEAD.pack(len(payload), CONTROL, 0, 0, 0) + payload


def sound(channel: int, pcm: bytes) -> bytes:
    """A whole packet: these samples behind what the stream has."""
    return _HEAD.pack(len(pcm), channel, 0, 0, 0) + pcm


def word(value: int) -> bytes:
    """An unsigned number of 32 bits."""
    return b"L" + _WORD.pack(value)


def text(value: str) -> bytes:
    """A string; it holds no NUL."""
    return b"t" + value.encode() + b"\0"


def flags(*values: bool) -> bytes:
    """Booleans, one after another."""
    return b"".join(b"1" if value else b"0" for value in values)


def properties(**values: str) -> bytes:
    """Names (with "_" for ".") and values, each as its length and bytes."""
    row = b""
    for name, value in values.items():
        data = value.encode() + b"\0"
        row += text(name.replace("_", ".")) + word(len(data)) + b"x" + _WORD.pack(len(data)) + data
    return b"P" + row + b"N"


def credentials(cookie: bytes) -> bytes:
    """Body of AUTH."""
    return word(VERSION) + b"x" + _WORD.pack(len(cookie)) + cookie


def _mono(rate: int) -> bytes:
    return b"a" + bytes((S16LE, 1)) + _WORD.pack(rate) + MONO


def record(source: str, title: str, *, rate: int, fragment: int) -> bytes:
    """Body of CREATE_RECORD_STREAM: 16 bits, mono, in pieces of `fragment` bytes, which the source hurries
    for."""
    return b"".join(
        (
            _mono(rate) + word(NONE) + text(source) + word(NONE) + flags(False) + word(fragment),
            flags(*(False,) * 7),  # the server converts, and may move it
            flags(False, True) + properties(media_name=title) + word(NONE),  # 13: no peaks; hurries
            flags(False, False, False),  # 14 and 15: as any stream
        )
    )


def play(sink: str, title: str, *, rate: int, target: int, request: int, corked: bool) -> bytes:
    """Body of CREATE_PLAYBACK_STREAM: 16 bits, mono. `target` bytes are shared between the sink's buffer and
    the server's queue; what was played is told in pieces of `request` bytes. An empty queue stops the stream
    until so much is there again: what is written late is late, not lost."""
    return b"".join(
        (
            _mono(rate) + word(NONE) + text(sink) + word(NONE) + flags(corked),
            word(target) + word(request) + word(request) + word(0) + UNCHANGED,
            flags(*(False,) * 7),  # the server converts, and may move it
            flags(False, True) + properties(media_name=title),  # 13: not muted; the sink hurries
            flags(False, False),  # 14: the person's volume stands
            flags(False, False, False),  # 15: and so does the muting
        )
    )


# --- in -------------------------------------------------------------------------------------------------


class Inbox:
    """Cuts what a socket gives into packets."""

    def __init__(self) -> None:
        self._rest = b""

    def packets(self, data: bytes) -> list[tuple[int, bytes]]:
        """Channel and payload of every packet that is whole by now. Raises BadPacket."""
        if self._rest:
            data = self._rest + data
        found: list[tuple[int, bytes]] = []
        start, whole = 0, len(data)
        while (begin := start + _HEAD.size) <= whole:
            length, channel = _LENGTH_AND_CHANNEL.unpack_from(data, start)
            if length > LONGEST:
                raise BadPacket(f"a packet of {length} bytes")
            if begin + length > whole:
                break
            found.append((channel, data[begin : begin + length]))
            start = begin + length
        self._rest = data[start:]
        return found


def requested(payload: bytes) -> int | None:
    """The bytes a REQUEST asks for, None of any other command: this one comes fifty times a second."""
    if len(payload) != _REQUEST.size or not payload.startswith(_REQUEST_HEAD):
        return None
    asked: int = _REQUEST.unpack(payload)[-1]
    return asked


def parse(payload: bytes) -> tuple[int, int, list[Value]]:
    """A command's number, its tag, and its values up to the first of a type that says nothing here. Raises
    BadPacket."""
    try:
        _, number, _, tag = _COMMAND.unpack_from(payload)
        return number, tag, list(_values(payload, _COMMAND.size))
    except (struct.error, ValueError, IndexError) as fault:
        raise BadPacket(f"a command of {len(payload)} bytes") from fault


def _values(payload: bytes, at: int) -> Iterator[Value]:
    while at < len(payload):
        kind, at = payload[at : at + 1], at + 1
        if kind == b"L":
            yield _WORD.unpack_from(payload, at)[0]
            at += 4
        elif kind == b"U":
            yield struct.unpack_from(">Q", payload, at)[0]
            at += 8
        elif kind in b"01":
            yield int(kind)
        elif kind == b"t":
            end = payload.index(b"\0", at)
            yield payload[at:end].decode(errors="replace")
            at = end + 1
        elif kind == b"N":
            yield None
        elif kind == b"a":
            yield _WORD.unpack_from(payload, at + 2)[0]
            at += 6
        elif kind == b"m":
            yield payload[at]
            at += 1 + payload[at]
        else:
            return
