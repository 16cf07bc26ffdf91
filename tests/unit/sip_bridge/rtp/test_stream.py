"""One call's RTP between bytes and what is told."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from media.types import AudioPacket
from sip_bridge.core.media_security import EncryptionPolicy, Protection
from sip_bridge.core.offer_answer import LocalAudio, accept_answer, make_offer
from sip_bridge.core.sdp import SessionDescription
from sip_bridge.rtp.latch import Latch
from sip_bridge.rtp.packet import RtpPacket
from sip_bridge.rtp.rtcp import Feedback
from sip_bridge.rtp.stream import RtpStream

PEER = ("192.0.2.9", 9000)
ANSWER = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\n"
    "m=audio 9000 RTP/AVP 120 0 121\r\na=rtpmap:120 opus/48000/2\r\na=rtpmap:121 telephone-event/48000\r\n"
)


class Heard:
    """A stream with an agreement and everything it told."""

    def __init__(self, direction: str = "sendrecv") -> None:
        self.packets: list[AudioPacket] = []
        self.digits: list[str] = []
        self.reports: list[Feedback] = []
        self.stream = RtpStream(lambda count: bytes(range(count)), "me")
        self.stream.on_packet = self.packets.append
        self.stream.on_dtmf = self.digits.append
        self.stream.on_feedback = self.reports.append
        self.latch = Latch()
        self.latch.describe(PEER)
        local = LocalAudio("192.0.2.1", 4000, 1, protection=Protection(EncryptionPolicy.OFF))
        answer = SessionDescription.parse(f"{ANSWER}a={direction}\r\n")
        self.stream.agree(accept_answer(make_offer(local), answer, local))

    def take(self, packet: RtpPacket | bytes, source: tuple[str, int] = PEER) -> None:
        self.stream.hear(bytes(packet), source, self.latch, proven=False, now=1.0)


def test_packets_are_delivered_under_the_number_of_the_sending_side() -> None:
    heard = Heard()
    heard.take(RtpPacket(96, 1, 0, 7, b"opus"))
    heard.take(RtpPacket(0, 2, 960, 7, b"pcmu"))
    assert [(one.payload_type, one.payload) for one in heard.packets] == [(120, b"opus"), (0, b"pcmu")]


def test_a_number_nobody_agreed_to_is_not_heard() -> None:
    heard = Heard()
    heard.take(RtpPacket(8, 1, 0, 7, b"pcma"))
    heard.take(b"\x80")
    assert heard.packets == [] and heard.stream.statistics(0, 0).malformed == 2


def test_keys_are_told_and_forgotten_with_their_source() -> None:
    heard = Heard()
    heard.take(RtpPacket(102, 1, 48_000, 7, b"\x05\x0a\x03\xc0"))
    heard.take(RtpPacket(102, 2, 48_000, 7, b"\x05\x8a\x1e\x00"))
    assert heard.digits == ["5"]
    heard.take(RtpPacket(102, 100, 0, 8, b"\x06\x0a\x03\xc0"))
    heard.take(RtpPacket(102, 101, 0, 8, b"\x06\x0a\x07\x80"))
    assert heard.digits == ["5", "6"]


def test_nothing_is_heard_where_we_do_not_receive() -> None:
    heard = Heard("recvonly")
    heard.take(RtpPacket(96, 1, 0, 7, b"opus"))
    assert heard.packets == [] and heard.stream.statistics(0, 0).packets_received == 1


def test_without_listeners_packets_pass_silently() -> None:
    heard = Heard()
    heard.stream.on_packet = heard.stream.on_dtmf = heard.stream.on_feedback = None
    heard.take(RtpPacket(96, 1, 0, 7, b"opus"))
    heard.take(RtpPacket(102, 2, 0, 7, b"\x05\x0a\x03\xc0"))
    assert heard.stream.hear_rtcp(heard.stream.reporter.build(1.0, 1.0), 1.0)
    assert heard.packets == [] and heard.digits == []


def test_strangers_are_refused_unless_they_continue_the_stream() -> None:
    heard = Heard()
    heard.take(RtpPacket(96, 1, 0, 7, b"one"))
    heard.take(RtpPacket(96, 900, 0, 8, b"stranger"), ("203.0.113.1", 5))
    assert [one.payload for one in heard.packets] == [b"one"] and heard.latch.refused == 1
    heard.take(RtpPacket(96, 2, 960, 7, b"two"), ("198.51.100.1", 5))
    assert [one.payload for one in heard.packets] == [b"one", b"two"]
    assert heard.latch.target == ("198.51.100.1", 5)


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_break_it(datagrams: list[bytes]) -> None:
    heard = Heard()
    for data in datagrams:
        for first in (b"", b"\x80", b"\x80\x60", b"\xb1\xe6", b"\x81\xc9", b"\x80\xc8\x00\x06"):
            heard.take(first + data)
            heard.stream.hear_rtcp(first + data, 1.0)
