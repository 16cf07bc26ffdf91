"""Streams are cut by Content-Length alone, and lost when that is not certain."""

from __future__ import annotations

import pytest

from sip_bridge.core.errors import FramingError
from sip_bridge.core.framing import KeepAlive, StreamFramer, datagram_keepalive
from sip_bridge.core.message import Limits

ONE = b"OPTIONS sip:x SIP/2.0\r\nSubject: a\r\n b\r\nContent-Length : 3\r\n\r\nabc"
TWO = b"SIP/2.0 200 OK\r\nl: 0\r\n\r\n"


def test_whole_messages_and_pieces() -> None:
    assert StreamFramer().feed(ONE + TWO + ONE) == [ONE, TWO, ONE]
    framer = StreamFramer()
    frames = [frame for octet in ONE + TWO for frame in framer.feed(bytes([octet]))]
    assert frames == [ONE, TWO]
    assert framer.feed(b"") == []


def test_body_may_look_like_a_message() -> None:
    inner = b"A sip:x SIP/2.0\r\nl: 0\r\n\r\n"
    outer = b"MESSAGE sip:x SIP/2.0\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner
    assert StreamFramer().feed(outer + TWO) == [outer, TWO]


def test_keepalives() -> None:
    framer = StreamFramer()
    assert framer.feed(b"\r\n\r\n") == [KeepAlive.PING]
    assert framer.feed(b"\r\n") == [KeepAlive.PONG]
    assert framer.feed(b"\r") == []
    assert framer.feed(b"\n\r") == []
    assert framer.feed(b"\n") == [KeepAlive.PING]
    assert framer.feed(b"\r\n" + ONE + b"\r\n\r\n\r\n" + TWO) == [
        KeepAlive.PONG,
        ONE,
        KeepAlive.PING,
        KeepAlive.PONG,
        TWO,
    ]
    assert bytes(KeepAlive.PING) == b"\r\n\r\n"
    assert bytes(KeepAlive.PONG) == b"\r\n"


def test_datagram_keepalives() -> None:
    assert datagram_keepalive(b"\r\n\r\n")
    assert datagram_keepalive(b"\0\0\0\0")
    assert datagram_keepalive(b"")
    assert not datagram_keepalive(TWO)


def test_equal_lengths_twice_and_a_folded_length_are_certain() -> None:
    for lines in (b"l: 1\r\nContent-Length: 1", b"l:\r\n 1", b"Subject: x\r\n l: 9\r\nl: 1"):
        message = b"OPTIONS sip:x SIP/2.0\r\n" + lines + b"\r\n\r\nx"
        assert StreamFramer().feed(message) == [message]


@pytest.mark.parametrize(
    "stream",
    [
        b"OPTIONS sip:x SIP/2.0\r\nTo: x\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nl: 1\r\nContent-Length: 2\r\n\r\nx",
        b"OPTIONS sip:x SIP/2.0\r\nl: -1\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nl: +1\r\n\r\nx",
        b"OPTIONS sip:x SIP/2.0\r\nl: 0x1\r\n\r\nx",
        b"OPTIONS sip:x SIP/2.0\r\nl:\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nl: 00000000001\r\n\r\nx",
        b"OPTIONS sip:x SIP/2.0\r\nl: 262145\r\n\r\n",
        b"OPTIONS sip:x SIP/2.0\r\nl: 9999999999\r\n\r\n",
        b"x" * 70_000,
        b"\rOPTIONS",
        b"\nOPTIONS",
    ],
)
def test_lost_streams(stream: bytes) -> None:
    framer = StreamFramer()
    with pytest.raises(FramingError) as fault:
        framer.feed(ONE + b"\r\n\r\n" + stream if stream[0] in b"Ox" else ONE + stream)
    assert fault.value.received[0] == ONE
    with pytest.raises(FramingError):
        framer.feed(TWO)


def test_limits_count_the_headers_too() -> None:
    limits = Limits(message=60, body=50)
    assert StreamFramer(limits).feed(TWO) == [TWO]
    with pytest.raises(FramingError):
        StreamFramer(limits).feed(b"SIP/2.0 200 OK\r\nl: 40\r\n\r\n")
    with pytest.raises(FramingError):
        StreamFramer(Limits(head=20)).feed(b"SIP/2.0 200 OK\r\nl: 40\r\n")


def test_a_body_nobody_will_read_is_passed_and_what_follows_it_too() -> None:
    large = b"MESSAGE sip:x SIP/2.0\r\nl: 65537\r\n\r\n" + b"x" * 65_537
    assert StreamFramer().feed(large + ONE) == [large, ONE]
