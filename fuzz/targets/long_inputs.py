"""The largest inputs there may be, made of a few bytes repeated: nothing may take time out of proportion.

The first byte chooses the reader; the parts are what stands in front, what is repeated, and what ends it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress

from fuzz.cut import joined, parts
from fuzz.judge import LARGEST
from fuzz.targets import engine_media, engine_sdp, sdp, sip_message
from service.media_engine.rtcp import parse_rtcp
from service_api.meeting import COMMANDS
from service_api.wire import WireError, read_document
from sip_bridge.core.errors import FramingError
from sip_bridge.core.framing import StreamFramer
from sip_bridge.rtp.packet import RtpError
from sip_bridge.rtp.rtcp_packet import parse_compound
from softphone.control.protocol import ControlError, read_request
from tests.doubles.sip_rig import Rig

PIECE = 97
"""Bytes: a stream comes in pieces of this size."""


def run(data: bytes) -> None:
    """Raises for a finding."""
    if not data:
        return
    reader = READERS[data[0] % len(READERS)]
    front, unit, end = [*parts(data[1:], 3), b"", b""][:3]
    room = LARGEST - 600 - len(front) - len(end)
    reader(front + unit * (room // max(1, len(unit)) if unit else 0) + end)


def _stream(data: bytes) -> None:
    framer = StreamFramer()
    with suppress(FramingError):
        for at in range(0, len(data), PIECE):
            framer.feed(data[at : at + PIECE])


def _agent(data: bytes) -> None:
    rig = Rig(transport="tcp")
    rig.register()
    rig.receive(data)


def _control(data: bytes) -> None:
    with suppress(ControlError):
        read_request(data)
    with suppress(WireError):
        read_document(data)


def _meeting(data: bytes) -> None:
    from pydantic import ValidationError

    with suppress(ValidationError):
        COMMANDS.validate_json(data)
    with suppress(ValueError, RecursionError):
        json.loads(data)


def _rtcp(data: bytes) -> None:
    with suppress(RtpError):
        parse_compound(data)
    with suppress(ValueError):
        parse_rtcp(data)


READERS: tuple[Callable[[bytes], None], ...] = (
    sip_message.run,
    _stream,
    _agent,
    sdp.run,
    engine_sdp.run,
    _control,
    _meeting,
    _rtcp,
    engine_media.run,
)


def seeds() -> Iterable[bytes]:
    """What is known to be dear elsewhere: nesting, lists, folded lines, numbers, empty headers."""
    start = b"OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKa\r\nFrom: <sip:a@b>;tag=1\r\n"
    start += b"To: <sip:a@b>\r\nCall-ID: a\r\nCSeq: 1 OPTIONS\r\n"
    end = b"\r\nContent-Length: 0\r\n\r\n"
    for reader in (b"\x00", b"\x01", b"\x02"):
        for front, unit in (
            (b"Contact: ", b"<sip:a@b>,"),
            (b"Contact: ", b'"\\'),
            (b"Via: SIP/2.0/UDP h", b";a=b"),
            (b"X: a", b"\r\n "),
            (b"", b"X: \r\n"),
            (b"Supported: ", b"a,"),
            (b"WWW-Authenticate: Digest ", b"a=b,"),
            (b"CSeq: ", b"9"),
            (b"Route: <sip:", b"%41"),
        ):
            yield reader + joined(start + front, unit, end)
        yield reader + joined(b"", b"\r\n", b"")
    for reader in (b"\x03", b"\x04"):
        for front, unit in (
            (b"v=0\r\nm=audio 1 RTP/AVP 8\r\n", b"a=x\r\n"),
            (b"v=0\r\nm=audio 1 RTP/AVP", b" 8"),
            (b"v=0\r\nm=audio 1 RTP/AVP 96\r\na=fmtp:96 ", b"a;"),
            (b"v=0\r\nm=audio 1 RTP/AVP 96\r\n", b"a=rtcp-fb:96 x\r\na=rtpmap:96 a/1\r\n"),
            (b"v=0\r\n", b"m=audio 1 RTP/AVP 8\r\n"),
            (b"v=0\r\na=group:BUNDLE", b" a"),
            (b"v=0\r\nm=audio 1 RTP/AVP 8\r\na=candidate:", b"1 "),
        ):
            yield reader + joined(front, unit, b"\r\n")
    for unit in (b"[", b'{"a":', b"9", b'"a",'):
        yield b"\x05" + joined(b'{"command":"dial","arguments":', unit, b"")
        yield b"\x06" + joined(b'{"type":"say","id":"c","text":', unit, b"")
    yield b"\x07" + joined(b"", b"\x80\xca\x00\x00", b"")
    yield b"\x07" + joined(b"", b"\x81\xcd\x00\x03\x00\x00\x00\x01\x00\x00\x00\x02\x00\x00\xff\xff", b"")
    yield b"\x08" + joined(b"\x40", b"\x90\x60\x00\x01", b"")
