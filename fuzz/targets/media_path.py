"""Datagrams to a phone call's ports: STUN, DTLS and (S)RTP from anybody, before and while it is protected.

The first part's first byte says how the call's sound is protected and who offers; what follows it, if
anything, is the peer's description. Each other part is a datagram, or a description later in the call. Its
first byte says which, where it comes from and whether it is sealed or signed as the peer would do it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import random
import struct
import zlib
from collections.abc import Iterable
from contextlib import suppress

from fuzz.cut import joined, parts
from fuzz.judge import on_loop, require
from fuzz.paper import PaperSocket, Sockets
from fuzz.targets.rtp import seeds as packets
from fuzz.wire import SDES_SDP, SDP, SECURE_SDP
from sip_bridge.core.errors import SipError
from sip_bridge.core.media_security import Sdes
from sip_bridge.core.sdp import SdpError, SessionDescription
from sip_bridge.core.sdp_values import Crypto
from sip_bridge.rtp.certificate import DtlsCertificate
from sip_bridge.rtp.dtls import DtlsAssociation
from sip_bridge.rtp.dtmf import UnknownDigit
from sip_bridge.rtp.negotiation import NotNegotiated
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.session import AudioSession
from sip_bridge.rtp.sockets import Address
from sip_bridge.rtp.srtp import SrtpKeys, SrtpTransform

MOST = 60
OURS, MOVED = "192.0.2.10", "192.0.2.11"
SOURCES: tuple[Address, ...] = (
    ("198.51.100.7", 4000),
    ("203.0.113.9", 9),
    ("192.0.2.1", 7078),
    ("2001:db8::9", 9),
)
OFFERS = (SDP, SDES_SDP.replace(b"0.0.0.0", b"192.0.2.1"), SECURE_SDP, SECURE_SDP.replace(b"a=ice", b"a=no"))
MOST_ANSWERED = 20
"""Datagrams of ours for one that comes: nobody may make us his amplifier."""

STUN_HEADER = 20
LARGEST_STUN = 0xFFFF - 100


def run(data: bytes) -> None:
    """Raises for a finding."""
    head, *datagrams = parts(data, MOST)
    how = head[0] if head else 0
    on_loop(_call(head[1:] or OFFERS[how % len(OFFERS)], datagrams, offers=not how & 0x80))


async def _call(theirs: bytes, datagrams: list[bytes], *, offers: bool) -> None:
    """`theirs` is the peer's description: an offer, or the answer to ours."""
    sockets = Sockets()
    with sockets.everywhere():
        session = await AudioSession.open(
            MediaPolicy(signalling_secure=True, ice=True), OURS, random.Random(3).randbytes
        )
        try:
            peer = await _agreed(session, theirs, offers=offers)
            for datagram in datagrams if peer else ():
                if peer and datagram:
                    await _deliver(session, sockets.all, peer, datagram)
            with suppress(NotNegotiated, UnknownDigit):
                session.send_dtmf("1")
            await asyncio.sleep(0.5)
            session.statistics()
            sockets.must_have_sent_what_can_be()
        finally:
            await session.close()


async def _agreed(session: AudioSession, theirs: bytes, *, offers: bool) -> _Peer | None:
    try:
        ours = await session.create_answer(theirs) if offers else await session.create_offer()
        if not offers:
            await session.accept_answer(theirs)
    except (SdpError, NotNegotiated):
        return None
    session.start()
    return _Peer(theirs, ours)


async def _described_again(session: AudioSession, how: int, description: bytes) -> None:
    """The peer offers, or answers an offer of ours, which may move; or it refuses ours."""
    description = description or OFFERS[how >> 2 & 3]
    with suppress(SipError):
        if how & 3 == 0:
            await session.create_answer(description)
            return
        session.hold_locally(bool(how & 0x10))
        await (
            session.move(MOVED) if how & 3 == 3 else session.reoffer("sendonly" if how & 0x10 else "sendrecv")
        )
        if how & 3 == 2:
            await session.abandon_offer()
        else:
            await session.accept_answer(description)


async def _deliver(session: AudioSession, sockets: list[PaperSocket], peer: _Peer, datagram: bytes) -> None:
    how, data = datagram[0], datagram[1:]
    if how & 0xA0 == 0x80:
        await _described_again(session, how, data)
        return
    if how & 0x10:
        data = peer.sealed(data)
    elif how & 0x20 and how & 0x80:
        data = peer.answering(data, sockets[0].sent)
    elif how & 0x20:
        data = peer.signed(data)
    before = sum(len(one.sent) for one in sockets)
    sockets[how >> 2 & 1].receive(data, SOURCES[how & 3])
    after = sum(len(one.sent) for one in sockets)
    require(after - before <= MOST_ANSWERED, "one datagram is answered by very many")
    await asyncio.sleep(0.2 if how & 0x40 else 0)


class _Peer:
    """What the peer knows: its SRTP keys, and our credentials for STUN."""

    def __init__(self, peers: bytes, own: bytes) -> None:
        theirs, ours = (SessionDescription.parse(text).media[0] for text in (peers, own))
        self._fragment, self._password = ours.get("ice-ufrag") or "x", ours.get("ice-pwd") or "y"
        self._own_password = theirs.get("ice-pwd") or "z"
        mine, yours = (Crypto.parse(media.get("crypto") or "") for media in (theirs, ours))
        self._srtp = SrtpTransform(SrtpKeys.from_sdes(Sdes(mine, yours))) if mine and yours else None

    def sealed(self, data: bytes) -> bytes:
        """As SRTP or SRTCP, where there are keys."""
        if self._srtp is None or len(data) < 12:
            return data
        seal = self._srtp.protect_rtcp if 192 <= data[1] <= 223 else self._srtp.protect
        return seal(data) or data

    def signed(self, data: bytes) -> bytes:
        """As a binding request with these attributes that passes every check (RFC 8489 section 14)."""
        name = f"{self._fragment}:Yz12".encode()
        body = struct.pack("!HH", 6, len(name)) + name + bytes(-len(name) % 4) + data[:LARGEST_STUN]
        body += bytes(-len(body) % 4)
        return _stun(b"\x00\x01", b"transaction!", body, self._password)

    def answering(self, data: bytes, sent: list[bytes]) -> bytes:
        """As the answer to the newest check of ours: its kind, then its attributes."""
        checks = [one for one in sent if one[:2] == b"\x00\x01" and len(one) >= STUN_HEADER]
        if not checks or not data:
            return data
        body = data[1:LARGEST_STUN]
        kind = b"\x01\x11" if data[0] & 1 else b"\x01\x01"
        return _stun(kind, checks[-1][8:STUN_HEADER], body + bytes(-len(body) % 4), self._own_password)


def _stun(kind: bytes, transaction: bytes, body: bytes, password: str) -> bytes:
    """A message that is signed and has its fingerprint (RFC 8489 sections 14.5 and 14.7)."""
    text = kind + struct.pack("!HI12s", len(body) + 24, 0x2112A442, transaction) + body
    text += struct.pack("!HH", 8, 20) + hmac.new(password.encode(), text, hashlib.sha1).digest()
    text = text[:2] + struct.pack("!H", len(text) - 12) + text[4:]
    return text + struct.pack("!HHI", 0x8028, 4, zlib.crc32(text) ^ 0x5354554E)


def hello() -> bytes:
    """How a client begins a handshake."""
    sent: list[bytes] = []
    DtlsAssociation(DtlsCertificate.generate(), (), client=True, send=sent.append).start()
    return sent[0]


def seeds() -> Iterable[bytes]:
    """Calls of all four kinds, with packets in the clear, sealed, and checks signed."""
    check = struct.pack("!HHIHHQHH", 0x24, 4, 0x6E00_1EFF, 0x802A, 8, 1, 0x25, 0)
    greeting = hello()
    plain = b"\x00\x01\x00\x00\x21\x12\xa4\x42transaction!"
    conflict, mapped = (
        b"\x00\x09\x00\x04\x00\x00\x04\x57",
        struct.pack("!HHBBHI", 0x20, 8, 0, 1, 0x1111, 0x2222),
    )
    answers = (
        b"\xe0\x01",
        b"\xe0\x01" + conflict,
        b"\xe0\x00" + mapped,
        b"\xe0\x00" + mapped,
        b"\xe1\x00" + mapped,
    )
    for offer in OFFERS:
        again = [bytes([0x80 | number]) + offer.replace(b"actpass", b"active") for number in (0, 1, 3, 0x11)]
        yield joined(b"\x00", *again, b"\x82")
        yield joined(b"\x02", b"\x20" + check, *again, b"\x84", b"\x88", b"\x8c", b"\x80")
    for call in (b"\x02", b"\x82"):
        yield joined(call, b"\x60" + check, *answers)
        yield joined(call, b"\x60", b"\xe0\x00" + mapped, b"\xe0\x01\x00\x09\x00\x00", *answers)
    for offer in OFFERS:
        yield joined(b"\x00" + offer, b"\x20" + check)
        yield joined(b"\x80" + offer.replace(b"actpass", b"active"), b"\x20" + check)
    for kind in range(4):
        for speech in packets():
            yield joined(
                bytes([kind]), *(bytes([0x12 if kind == 1 else 0]) + p[1:] for p in parts(speech, 12))
            )
        yield joined(
            bytes([kind]), b"\x20" + check, b"\x60" + check, b"\x21" + check, b"\x00" + plain, b"\x03" + plain
        )
        yield joined(
            bytes([kind]), b"\x00" + greeting, b"\x01" + greeting, b"\x43" + greeting, b"\x05" + greeting
        )
        yield joined(
            bytes([kind]), b"\x00\x00\x03\x00\x08\x21\x12\xa4\x42transaction!\x00\x06\x00\x04\xff\xfe\x00\x00"
        )
