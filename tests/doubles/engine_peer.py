"""A browser's half of a PeerConnection without a network: checks, DTLS as the client, SRTP, in memory.

Time stands still unless the test moves it: nothing here sleeps.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import struct
from typing import Protocol

import pylibsrtp
from OpenSSL import SSL

from service.media_engine import rtcp, stun
from service.media_engine.dtls import PROFILES, Identity
from service.media_engine.peer import Address, Peer
from service.media_engine.port import Port
from service.media_engine.rooms import Rooms
from service.media_engine.rtp import RtpPacket, pack_extensions, parse_rtp, rtp_header
from service.usecases.engine import EngineEvent

IDENTITY = Identity()
"""One for all: keys take time to make."""


class Clock:
    """Seconds, moved by the test."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Line(Protocol):
    """The way from a browser to the engine."""

    def receive(self, data: bytes, address: Address) -> None:
        """To the engine, from this address."""
        ...

    def taken(self, address: Address) -> list[bytes]:
        """What came for it since the last time."""
        ...


class MemoryPort(Port):
    """A port whose datagrams stay here, by address."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.address, self.number = "192.0.2.1", 5000
        self.sent: dict[Address, list[bytes]] = {}

    def send(self, data: bytes, address: Address) -> None:
        """Kept."""
        self.sent.setdefault(address, []).append(data)

    def taken(self, address: Address) -> list[bytes]:
        """What went there since the last time."""
        return self.sent.pop(address, [])

    def peers(self) -> list[Peer]:
        """Everybody it knows."""
        return list(self._by_ufrag.values())


class Bench:
    """Rooms on a memory port."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.port = MemoryPort(self.clock)
        self.events: list[EngineEvent] = []
        self.rooms = Rooms(self.port, IDENTITY, self.clock, self.events.append)
        self._hosts = 0

    def client(self) -> EnginePeer:
        """One more browser, somewhere else."""
        self._hosts += 1
        return EnginePeer(self.port, ("198.51.100.1", 40000 + self._hosts))

    def pass_time(self, seconds: float, step: float = 0.02) -> None:
        """Let the timers run."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            self.clock.now += step
            self.rooms.tick(self.clock.now)

    def sender(self, member: str = "anna", *, rtx: bool = True) -> tuple[EnginePeer, str]:
        """A connected sender and its feed."""
        self.rooms.admit("room", member)
        client = self.client()
        published = self.rooms.publish("room", member, client.offer(rtx=rtx))
        client.connect(published.sdp)
        return client, published.feed

    def receiver(self, feed: str, member: str = "bertil", *, rtx: bool = True) -> tuple[EnginePeer, str]:
        """A connected receiver and its subscription."""
        self.rooms.admit("room", member)
        client = self.client()
        offered = self.rooms.subscribe("room", member, feed, video=True, height=720)
        self.rooms.answer("room", member, offered.subscription, client.answer(offered.sdp, rtx=rtx))
        client.connect(offered.sdp)
        return client, offered.subscription


class EnginePeer:
    """One browser's connection. Its video is payload type 96 (97 repeats), its sound 111."""

    VIDEO, RTX, AUDIO = 11, 12, 21

    def __init__(self, port: Line, address: Address) -> None:
        self._port = port
        self.address = address
        self._ufrag = secrets.token_hex(4)
        self._tls = SSL.Connection(IDENTITY.context)
        self._tls.set_ciphertext_mtu(1200)
        self._tls.set_connect_state()
        self.fingerprint = IDENTITY.fingerprint
        self.ssrcs: dict[str, int] = {}

    def offer(self, *, rtx: bool = True) -> str:
        """A sender's, of sound and picture."""
        return self._describe("sendonly", "actpass", rtx=rtx)

    def answer(self, offer: str, *, rtx: bool = True, setup: str = "active") -> str:
        """A receiver's, of everything."""
        video = re.search(r"a=ssrc-group:FID (\d+) (\d+)", offer)
        audio = re.search(r"m=audio.*?a=ssrc:(\d+)", offer, re.DOTALL)
        assert video is not None and audio is not None
        self.ssrcs = {"video": int(video[1]), "rtx": int(video[2]), "audio": int(audio[1])}
        return self._describe("recvonly", setup, rtx=rtx)

    def check(self, description: str, *, controlled: bool = False, password: str = "") -> None:
        """A connectivity check that nominates."""
        ufrag, true = _credentials(description)
        self._port.receive(
            binding_request(ufrag, password or true, self._ufrag, controlled=controlled), self.address
        )

    def connect(self, description: str) -> None:
        """Check and shake hands."""
        self.check(description)
        self.shake_hands()
        self.set_keys()

    def shake_hands(self) -> None:
        """DTLS until nobody has anything to say."""
        for _ in range(10):
            done = self._advance()
            self.flush_dtls()
            if done:
                return
            arrived = self._port.taken(self.address)
            if not arrived:
                return
            for data in arrived:
                if 19 < data[0] < 64:
                    self._tls.bio_write(data)

    def _advance(self) -> bool:
        try:
            self._tls.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def flush_dtls(self) -> None:
        """Send what OpenSSL wants sent."""
        try:
            self._port.receive(self._tls.bio_read(65536), self.address)
        except SSL.WantReadError:
            return

    def hang_up(self) -> None:
        """DTLS's goodbye."""
        self._tls.shutdown()
        self.flush_dtls()

    def send(self, packet: bytes) -> None:
        """One plain RTP packet."""
        self._port.receive(self._srtp_out.protect(packet), self.address)

    def send_rtcp(self, packet: bytes) -> None:
        """One plain RTCP packet."""
        self._port.receive(self._srtp_out.protect_rtcp(packet), self.address)

    def send_picture(
        self,
        sequence: int,
        *,
        key: bool = False,
        number: int = 1,
        layer: int = 0,
        start: bool = True,
        clock: int = 0,
    ) -> None:
        """A packet of VP8 with a 15-bit picture number and a layer."""
        header = rtp_header(96, True, sequence & 0xFFFF, clock or sequence * 3000, self.VIDEO)
        self.send(header + vp8(key=key, number=number, layer=layer, start=start, mark=sequence))

    def send_sound(self, sequence: int, level: int | None = None) -> None:
        """A packet of Opus."""
        extension = b"" if level is None else pack_extensions([(2, bytes([level]))])
        self.send(rtp_header(111, False, sequence & 0xFFFF, sequence * 960, self.AUDIO, extension) + b"opus")

    def received(self) -> tuple[list[RtpPacket], list[bytes]]:
        """Plain RTP and RTCP that came since the last time."""
        packets, control = [], []
        for data in self._port.taken(self.address):
            if not 127 < data[0] < 192:
                continue
            if 63 < data[1] & 0x7F < 96:
                control.append(self._srtp_in.unprotect_rtcp(data))
            else:
                packets.append(parse_rtp(self._srtp_in.unprotect(data)))
        return packets, control

    def pictures(self) -> list[RtpPacket]:
        """Video that came since the last time, repeats left out."""
        return [packet for packet in self.received()[0] if packet.payload_type == 96]

    def told(self) -> list[rtcp.RtcpItem]:
        """What RTCP said since the last time."""
        return [item for data in self.received()[1] for item in rtcp.parse_rtcp(data)]

    def set_keys(self) -> None:
        """The handshake is over: this is what it agreed on."""
        profile, key, salt = PROFILES[self._tls.get_selected_srtp_profile()]
        material = self._tls.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        mine = material[:key] + material[2 * key : 2 * key + salt]
        theirs = material[key : 2 * key] + material[2 * key + salt :]
        kinds = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SSRC_ANY_INBOUND
        policies = [
            pylibsrtp.Policy(key=secret, ssrc_type=kind, srtp_profile=profile)
            for secret, kind in zip((mine, theirs), kinds, strict=True)
        ]
        for policy in policies:
            policy.allow_repeat_tx = True
        self._srtp_out, self._srtp_in = (pylibsrtp.Session(policy) for policy in policies)

    def _describe(self, direction: str, setup: str, *, rtx: bool) -> str:
        transport = [
            "c=IN IP4 198.51.100.1",
            f"a=ice-ufrag:{self._ufrag}",
            "a=ice-pwd:0123456789012345678901",
            f"a=fingerprint:sha-256 {self.fingerprint}",
            f"a=setup:{setup}",
            f"a={direction}",
            "a=rtcp-mux",
        ]
        lines = [
            "v=0",
            "o=- 1 1 IN IP4 127.0.0.1",
            "s=-",
            "t=0 0",
            "a=group:BUNDLE 0 1",
            "m=audio 9 UDP/TLS/RTP/SAVPF 111",
            *transport,
            "a=mid:0",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=extmap:2 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
            "a=rtpmap:111 opus/48000/2",
            "m=video 9 UDP/TLS/RTP/SAVPF 96 97",
            *transport,
            "a=mid:1",
            "a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid",
            "a=rtpmap:96 VP8/90000",
            *(f"a=rtcp-fb:96 {name}" for name in ("nack", "nack pli", "ccm fir", "goog-remb")),
            *(["a=rtpmap:97 rtx/90000", "a=fmtp:97 apt=96"] if rtx else []),
        ]
        return "\r\n".join(lines) + "\r\n"


def flowing(bench: Bench) -> tuple[EnginePeer, EnginePeer, str]:
    """A sender of a picture, a receiver that has its first key, and the receiver's name of the feed."""
    sender, feed = bench.sender()
    receiver, name = bench.receiver(feed)
    sender.send_picture(100, key=True, number=1)
    sender.received()
    receiver.received()
    return sender, receiver, name


def marks(packets: list[RtpPacket]) -> list[int]:
    """Which of the sender's packets these are."""
    return [int.from_bytes(packet.payload[-2:], "big") for packet in packets]


def vp8(*, key: bool = False, number: int = 1, layer: int = 0, start: bool = True, mark: int = 0) -> bytes:
    """A payload: descriptor with I (15 bits), L and T; `mark` is what tells it from others."""
    descriptor = bytes(
        [0x80 | (0x10 if start else 0), 0xE0, 0x80 | number >> 8 & 0x7F, number & 0xFF, 1, layer << 6]
    )
    return descriptor + bytes([0 if key else 1]) + struct.pack("!I", mark & 0xFFFFFFFF)


def binding_request(local: str, password: str, remote: str, *, controlled: bool = False) -> bytes:
    """A check as a browser sends it, without FINGERPRINT."""
    name = f"{local}:{remote}".encode()
    body = struct.pack("!HH", stun.USERNAME, len(name)) + name + bytes(-len(name) % 4)
    body += struct.pack("!HHQ", stun.ICE_CONTROLLED if controlled else 0x802A, 8, 1)
    body += struct.pack("!HH", stun.USE_CANDIDATE, 0)
    head = struct.pack("!HHI12s", stun.BINDING_REQUEST, len(body) + 24, stun.COOKIE, b"transaction!")
    digest = hmac.new(password.encode(), head + body, hashlib.sha1).digest()
    return head + body + struct.pack("!HH", stun.MESSAGE_INTEGRITY, 20) + digest


def _credentials(description: str) -> tuple[str, str]:
    ufrag = re.search(r"a=ice-ufrag:(\S+)", description)
    password = re.search(r"a=ice-pwd:(\S+)", description)
    assert ufrag is not None and password is not None
    return ufrag[1], password[1]
