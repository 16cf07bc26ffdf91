"""Datagrams to the media engine's one port from anybody: checks, handshakes, packets.

Each part is one datagram; its first byte says from where, and whether it is a check that knows the password.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from collections.abc import Iterable

from fuzz.cut import joined, parts
from fuzz.judge import require
from service.media_engine import stun
from service.media_engine.peer import MAX_ADDRESSES, Peer
from service.media_engine.rtp import parse_rtp
from service.media_engine.sdp import Section
from service.media_engine.transport_feedback import Arrivals
from service.media_engine.vp8 import parse_vp8
from tests.doubles.engine_peer import IDENTITY, Bench, binding_request

MOST = 60
UFRAG, PASSWORD = "ours1234", "0123456789abcdefghijklmn"
ADDRESSES = tuple((f"198.51.100.{n}", 40_000 + n) for n in range(16))


def run(data: bytes) -> None:
    """Raises for a finding."""
    bench = Bench()
    peer = Peer(bench.port, IDENTITY, bench.clock())
    peer.ufrag, peer.password = UFRAG, PASSWORD
    bench.port.add(peer)
    for number, part in enumerate(parts(data, MOST)):
        if part:
            _datagram(bench, part[0], part[1:])
            _alone(part[1:])
        if number == 2:
            peer.expect(Section("audio", 9, "", "", fingerprints=(("sha-256", "AA"),)), bench.clock())
        bench.clock.now += 0.1
        peer.tick(bench.clock())
    require(len(peer.addresses) <= MAX_ADDRESSES, "a peer has more addresses than it may")
    require(peer.srtp is None, "somebody unproved has keys")


def _datagram(bench: Bench, how: int, data: bytes) -> None:
    """Answers go to where it came from, or to who has proved to be the peer."""
    address = ADDRESSES[how & 0x0F]
    if how & 0x10:
        data = _signed(data)
    bench.port.sent.clear()
    proved = {one for peer in bench.port.peers() for one in peer.addresses}
    bench.port.receive(data, address)
    require(bench.port.sent.keys() <= {address} | proved, "an answer to somebody else")
    sent = [one for answers in bench.port.sent.values() for one in answers]
    require(len(sent) <= 8, "one datagram is answered by very many")
    if data[:1] < b"\x04":
        require(not sent or len(sent[0]) <= 2 * len(data) + 100, "a check's answer is much larger than it is")


def _alone(data: bytes) -> None:
    for parse in (parse_rtp, parse_vp8):
        try:
            parse(data)
        except ValueError:
            continue
    arrivals = Arrivals()
    for at in range(0, min(len(data), 600) - 2, 3):
        arrivals.received(int.from_bytes(data[at : at + 2], "big"), data[at + 2] * (1 + at))
    for message in arrivals.told(1, 2):
        require(len(message) <= 1400, "feedback longer than a datagram")


def _signed(attributes: bytes) -> bytes:
    """A check with these attributes that knows the password."""
    name = f"{UFRAG}:theirs".encode()
    body = struct.pack("!HH", stun.USERNAME, len(name)) + name + bytes(-len(name) % 4) + attributes[:1100]
    body += bytes(-len(body) % 4)
    text = struct.pack("!HHI12s", stun.BINDING_REQUEST, len(body) + 24, stun.COOKIE, b"transaction!") + body
    digest = hmac.new(PASSWORD.encode(), text, hashlib.sha1).digest()
    return text + struct.pack("!HH", stun.MESSAGE_INTEGRITY, 20) + digest


def seeds() -> Iterable[bytes]:
    """Checks of both roles, handshakes before and after the description, packets nobody has keys for."""
    from fuzz.targets.media_path import hello

    check = binding_request(UFRAG, PASSWORD, "theirs")
    wrong = binding_request(UFRAG, "wrong", "theirs", controlled=True)
    nominates = struct.pack("!HH", stun.USE_CANDIDATE, 0)
    shake = b"\x00" + hello()
    yield joined(
        b"\x00" + check, b"\x01" + wrong, b"\x12" + nominates, b"\x13", shake, shake, b"\x02" + hello()
    )
    yield joined(*(bytes([0x10 | n]) + nominates for n in range(12)), shake)
    packet = bytes.fromhex("906f00010000000100000015bede000110000000") + b"opus"
    yield joined(b"\x00" + check, b"\x00" + packet, b"\x00\x80\xc9" + packet, b"\x01" + packet)
    yield joined(b"\x00" + bytes.fromhex("90e0800101c0") + packet, b"\x00\x00\x01\x00\x05\x00\x09")
