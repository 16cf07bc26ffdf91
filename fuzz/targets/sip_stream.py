"""A byte stream of SIP, cut anywhere: the same messages come out, and nothing hides inside another.

The first part's bytes say where the second one is cut into chunks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fuzz.cut import joined, parts
from fuzz.judge import on_loop, require
from fuzz.wire import MESSAGES
from sip_bridge.core.errors import FramingError, MessageError
from sip_bridge.core.framing import KeepAlive, StreamFramer
from sip_bridge.core.message import LIMITS, parse_message
from sip_bridge.io.stream import MESSAGE_TIMEOUT_S, Stream


def run(data: bytes) -> None:
    """Raises for a finding."""
    cuts, stream, *_ = [*parts(data, 2), b""]
    chunks = _chunks(stream, cuts)
    whole, lost = _framed([stream])
    require((whole, lost) == _framed(chunks), "where a stream is cut changes what is in it")
    # The last one before a fault may be the head at fault, for its answer.
    for frame in whole[:-1] if lost else whole:
        if frame not in (b"\r\n", b""):
            _one_message(frame)
    on_loop(_connection(chunks, whole, lost))


def _chunks(stream: bytes, cuts: bytes) -> list[bytes]:
    chunks, start = [], 0
    for cut in cuts:
        chunks.append(stream[start : start + cut])
        start += cut
    return [*chunks, stream[start:]]


def _framed(chunks: Iterable[bytes]) -> tuple[list[bytes], bool]:
    """The frames, a PING as the two PONGs it is when cut, and whether the stream was lost."""
    framer = StreamFramer()
    frames: list[object] = []
    for chunk in chunks:
        try:
            frames += framer.feed(chunk)
        except FramingError as fault:
            return _flat([*frames, *fault.received]), True
    return _flat(frames), False


def _flat(frames: Iterable[object]) -> list[bytes]:
    flat: list[bytes] = []
    for frame in frames:
        if frame is KeepAlive.PING:
            flat += [b"\r\n", b"\r\n"]
        elif isinstance(frame, bytes | KeepAlive):
            flat.append(bytes(frame))
    return flat


def _one_message(frame: bytes) -> None:
    """The parser must see the end where the framer saw it."""
    require(len(frame) <= LIMITS.message, "a frame over the limit")
    try:
        message = parse_message(frame)
    except MessageError:
        return
    require(frame.endswith(b"\r\n\r\n" + message.body), "the body is not what stands behind the headers")
    length = message.headers.get("Content-Length")
    require(
        length is not None and int(length) == len(message.body), "framer and parser differ about the length"
    )


class _Owner:
    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.lost: list[str] = []

    def stream_received(self, stream: Stream, data: bytes) -> None:
        self.received += [b"\r\n", b"\r\n"] if data == b"\r\n\r\n" else [data]

    def stream_lost(self, stream: Stream, reason: str) -> None:
        self.lost.append(reason)


async def _connection(chunks: list[bytes], whole: list[bytes], lost: bool) -> None:
    """The same through a connection: what is incomplete at the end is given up in time."""
    owner = _Owner()
    stream = Stream(owner)
    for chunk in chunks:
        stream.data_received(chunk)
    require(owner.received == whole, "the connection tells something else than its framer")
    require(bool(owner.lost) == lost, "lost and not told, or told and not lost")
    await asyncio.sleep(MESSAGE_TIMEOUT_S + 1)
    require(len(owner.lost) <= 1, "told twice that it is lost")
    left = b"".join(chunks)[sum(map(len, whole)) :]
    require(bool(owner.lost) == (lost or bool(left)), "an unfinished message is held for ever")


def seeds() -> Iterable[bytes]:
    """Messages one after another, keep-alives between them, cut at odd places."""
    yield joined(b"", b"".join(MESSAGES[:3]))
    yield joined(b"\x01\x02\x03\x04\x05\x20", MESSAGES[0] + b"\r\n\r\n" + MESSAGES[1])
    yield joined(b"\xff\xff\x01", b"\r\n" + MESSAGES[2] + b"\r\n\r\n\r\n" + MESSAGES[0])
    yield joined(b"\x07", b"BYE sip:a@b SIP/2.0\r\nl : 3\r\nContent-Length: 3\r\n\r\nabcSIP/2.0 200 OK\r\n")
