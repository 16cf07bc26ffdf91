"""STUN, RTP, RTCP, VP8 and session descriptions as they are on the wire, and what is not."""

from __future__ import annotations

import re
import struct
from contextlib import suppress

import pytest
from aioice import stun as theirs
from aiortc.rtp import RtcpPacket, RtpPacket, unpack_remb_fci
from hypothesis import given
from hypothesis import strategies as st

from service.domain.errors import EngineError
from service.media_engine import rtcp, stun
from service.media_engine.negotiation import accepted, answer_sender
from service.media_engine.peer import Peer
from service.media_engine.rtp import pack_extensions, parse_rtp, rtp_header
from service.media_engine.sdp import Local, parse_sdp
from service.media_engine.vp8 import Descriptor, parse_vp8
from tests.doubles.engine_peer import IDENTITY, Clock, MemoryPort, binding_request
from tests.lab.steps import steps

# RFC 5769 §2.1, with its software name and padding
SAMPLE_REQUEST = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae80220010"
    "5354554e207465737420636c69656e74"
    "002400046e0001ff80290008932ff9b151263b36"
    "000600096576746a3a68367659202020"
    "000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2"
    "80280004e57a3bcf"
)
SAMPLE_PASSWORD = "VOkJxbRl1RmTxUk/WvJxBt"


def test_the_sample_request_of_the_rfc() -> None:
    request = stun.parse_binding_request(SAMPLE_REQUEST)
    assert request is not None
    assert (request.local, request.nominates, request.controlled) == ("evtj", False, True)
    assert request.signed_with(SAMPLE_PASSWORD)
    assert not request.signed_with("something else")


@pytest.mark.parametrize("at", [30, 50, 60, 80])
def test_a_changed_request_is_not_signed(at: int) -> None:
    data = SAMPLE_REQUEST[:at] + bytes([SAMPLE_REQUEST[at] ^ 1]) + SAMPLE_REQUEST[at + 1 :]
    request = stun.parse_binding_request(data)
    assert request is None or not request.signed_with(SAMPLE_PASSWORD)


def test_attributes_after_the_signature_count_for_nothing() -> None:
    data = binding_request("ours", "secret", "theirs")
    data = data + struct.pack("!HH", stun.ICE_CONTROLLED, 0)
    data = data[:2] + struct.pack("!H", len(data) - 20) + data[4:]
    request = stun.parse_binding_request(data)
    assert request is not None and request.signed_with("secret") and not request.controlled


@pytest.mark.parametrize("address", [("192.0.2.1", 32853), ("2001:db8::1", 1), ("fe80::1%eth0", 9)])
def test_answers_are_understood_by_aioice(address: tuple[str, int]) -> None:
    data = stun.success(b"0123456789ab", "secret", address)
    message = theirs.parse_message(data)
    assert message.attributes["XOR-MAPPED-ADDRESS"] == (address[0].partition("%")[0], address[1])
    refusal = theirs.parse_message(stun.role_conflict(b"0123456789ab", "secret"))
    assert refusal.attributes["ERROR-CODE"][0] == 487
    assert message.check_message_integrity(b"secret") and refusal.check_message_integrity(b"secret")


@given(st.binary(max_size=200))
def test_any_bytes_are_no_request_or_one(data: bytes) -> None:
    stun.parse_binding_request(data)
    stun.parse_binding_request(b"\x00\x01" + struct.pack("!HI", max(0, len(data) - 12), stun.COOKIE) + data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_packet_or_an_error(data: bytes) -> None:
    for parse in (parse_rtp, rtcp.parse_rtcp, parse_vp8):
        with suppress(ValueError):
            parse(data)
        with suppress(ValueError):
            parse(b"\x90\xce" + data)


@given(
    st.integers(0, 127),
    st.booleans(),
    st.integers(0, 65535),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=50),
)
def test_aiortc_reads_our_packets(kind: int, marker: bool, sequence: int, clock: int, payload: bytes) -> None:
    extension = pack_extensions([(1, b"0"), (2, b"\x85")])
    data = rtp_header(kind, marker, sequence, clock, 99, extension) + payload
    packet = RtpPacket.parse(data)
    assert (packet.payload_type, packet.sequence_number, packet.timestamp) == (kind, sequence, clock)
    assert (bool(packet.marker), packet.ssrc, packet.payload) == (marker, 99, payload)
    assert parse_rtp(data).extensions == {1: b"0", 2: b"\x85"}


def test_both_forms_of_extensions_are_read() -> None:
    body = bytes([0, 3, 2, 7, 8, 0, 0, 0])
    data = b"\x90" + rtp_header(96, False, 1, 2, 3)[1:] + struct.pack("!HH", 0x1000, 2) + body
    assert parse_rtp(data).extensions == {3: b"\x07\x08"}


def test_padding_is_taken_off() -> None:
    data = b"\xa0" + rtp_header(96, False, 1, 2, 3)[1:] + b"abc\x00\x00\x03"
    assert parse_rtp(data).payload == b"abc"


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=80, unique=True), st.integers(0, 65535))
def test_a_nack_names_what_is_missing(ahead: list[int], first: int) -> None:
    lost = [(first + number) & 0xFFFF for number in sorted(ahead)]
    data = rtcp.nack(1, 2, lost)
    assert rtcp.parse_rtcp(data) == [rtcp.Nack(2, tuple(lost))]


@pytest.mark.parametrize("pairs", [330, 30, 1])
def test_a_datagram_tells_of_no_more_lost_packets_than_anybody_remembers(pairs: int) -> None:
    body = struct.pack("!II", 1, 2) + struct.pack("!HH", 7, 0xFFFF) * pairs
    told = rtcp.parse_rtcp(rtcp.pack_rtcp(rtcp.RTPFB, rtcp.NACK, body) * (1340 // (12 + 4 * pairs)))
    numbers = [number for item in told if isinstance(item, rtcp.Nack) for number in item.lost]
    assert len(numbers) == rtcp.MOST_LOST
    assert numbers[:3] == [7, 8, 9]


@given(st.integers(0, 10**10))
def test_aiortc_reads_our_remb(bitrate: int) -> None:
    (packet,) = RtcpPacket.parse(rtcp.remb(1, bitrate, 7))
    told, ssrcs = unpack_remb_fci(packet.fci)  # type: ignore[union-attr]
    assert ssrcs == [7]
    assert bitrate * 0.99999 - 1 <= told <= bitrate
    assert rtcp.parse_rtcp(rtcp.remb(1, bitrate, 7)) == [rtcp.Remb(told, (7,))]


def test_aiortc_reads_our_reports() -> None:
    report = rtcp.Report(5, 64, 1000, 70_000, 9, 8, 7)
    data = rtcp.sender_report(1, 2 << 32, 3, 4, 5) + rtcp.source_description(1, "somebody")
    data += rtcp.receiver_report(1, [report]) + rtcp.picture_loss(1, 2)
    kinds = [type(packet).__name__ for packet in RtcpPacket.parse(data)]
    assert kinds == ["RtcpSrPacket", "RtcpSdesPacket", "RtcpRrPacket", "RtcpPsfbPacket"]
    assert rtcp.parse_rtcp(data) == [
        rtcp.SenderReport(1, 2 << 32, 3),
        report,
        rtcp.KeyframeRequest(2),
    ]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b"\x10\x00", Descriptor(True, True)),
        (b"\x10\x01", Descriptor(True, False)),
        (b"\x00\x00", Descriptor(False, False)),
        (b"\x11\x00", Descriptor(False, False)),
        (b"\x90\x80\x05\x00", Descriptor(True, True, 5, False, 2)),
        (b"\x90\x80\x85\x06\x00", Descriptor(True, True, 0x506, True, 2)),
        (b"\x90\xe0\x85\x06\x09\x40\x01", Descriptor(True, False, 0x506, True, 2, 1)),
        (b"\x90\x20\x80\x01", Descriptor(True, False, layer=2)),
    ],
)
def test_descriptors(payload: bytes, expected: Descriptor) -> None:
    assert parse_vp8(payload) == expected


def test_a_picture_is_renumbered_in_its_own_size() -> None:
    long = b"\x90\x80\x85\x06\x00rest"
    assert parse_vp8(long).renumbered(long, 0x7FFF) == b"\x90\x80\xff\xff\x00rest"
    short = b"\x90\x80\x05\x00rest"
    assert parse_vp8(short).renumbered(short, 6) == b"\x90\x80\x06\x00rest"
    none = b"\x10\x00rest"
    assert parse_vp8(none).renumbered(none, 6) == none


@given(st.text(max_size=400))
def test_any_text_is_a_description_or_refused(text: str) -> None:
    for sdp in (text, "v=0\r\nm=audio 9 UDP 111\r\na=mid:0\r\na=" + text):
        with suppress(EngineError):
            parse_sdp(sdp)


SECTION = (
    "m={kind} 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:{mid}\r\na=rtpmap:96 {codec}\r\na=sendonly\r\n"
    "a=rtcp-mux\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 " + "AB:" * 31 + "AB\r\n"
)
VIDEO = SECTION.format(kind="video", mid="v", codec="VP8/90000")
AUDIO = SECTION.format(kind="audio", mid="a", codec="opus/48000/2").replace("96", "111")


def test_what_is_not_ours_is_refused_in_its_place() -> None:
    data = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:d\r\n"
    h264 = SECTION.format(kind="video", mid="h", codec="H264/90000")
    offer = parse_sdp("v=0\r\na=group:BUNDLE d h v a\r\n" + data + h264 + VIDEO + AUDIO)
    taken = accepted(offer)
    answer, lines = answer_sender(offer, taken, Local("192.0.2.1", 5, "u", "p", "AB", "passive"))
    assert [line[2:].split()[:2] for line in answer.splitlines() if line.startswith("m=")] == [
        ["application", "0"],
        ["video", "0"],
        ["video", "5"],
        ["audio", "5"],
    ]
    assert "a=group:BUNDLE v a\r\n" in answer
    assert sorted(line.kind for line in lines) == ["audio", "video"]
    assert parse_sdp(answer).sections[2].setup == "passive"


@pytest.mark.parametrize(
    "sdp",
    [
        VIDEO + AUDIO,
        VIDEO.replace("a=rtcp-mux\r\n", ""),
        VIDEO.replace("sha-256", "sha-x"),
        VIDEO.replace("a=ice-ufrag:abcd\r\n", ""),
    ],
    ids=["no bundle", "no rtcp-mux", "no fingerprint", "no user fragment"],
)
def test_a_transport_that_is_not_ours_is_refused(sdp: str) -> None:
    offer = parse_sdp("v=0\r\n" + sdp)
    with pytest.raises(EngineError):
        offer.transport(accepted(offer))


@pytest.mark.parametrize(
    "sdp",
    [
        VIDEO.replace("sendonly", "recvonly"),
        VIDEO.replace("VP8", "VP9"),
        VIDEO.replace("a=mid:v\r\n", ""),
        VIDEO.replace(" 9 ", " 0 "),
    ],
    ids=["does not send", "another codec", "no mid", "refused port"],
)
def test_an_offer_of_nothing_is_refused(sdp: str) -> None:
    with pytest.raises(EngineError):
        accepted(parse_sdp("v=0\r\n" + sdp))


def test_user_fragments_and_passwords_are_ice_chars() -> None:
    """RFC 8839 section 5.4: letters, digits, + and /; 4 to 256 of them, and 22 to 256."""
    port = MemoryPort(Clock())
    peers = [Peer(port, IDENTITY, 0.0) for _ in range(200)]
    assert all(re.fullmatch("[A-Za-z0-9+/]{4,256}", peer.ufrag) for peer in peers)
    assert all(re.fullmatch("[A-Za-z0-9+/]{22,256}", peer.password) for peer in peers)
    assert len({peer.ufrag for peer in peers}) == len({peer.password for peer in peers}) == 200


def test_mids_are_unique() -> None:
    with pytest.raises(EngineError):
        parse_sdp("v=0\r\n" + VIDEO + VIDEO)


FIREFOX = (
    "v=0\r\na=sendrecv\r\na=fingerprint:sha-256 " + "AB:" * 31 + "AB\r\na=group:BUNDLE 0 1\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 109\r\na=sendonly\r\na=ice-ufrag:abcd\r\na=mid:0\r\na=rtcp-mux\r\n"
    "a=rtpmap:109 opus/48000/2\r\n"
    "m=video 0 UDP/TLS/RTP/SAVPF 120 124\r\na=bundle-only\r\na=sendonly\r\na=fmtp:124 apt=120\r\na=mid:1\r\n"
    "a=rtcp-fb:120 nack\r\na=rtcp-fb:120 goog-remb\r\na=rtcp-mux\r\n"
    "a=rtpmap:120 VP8/90000\r\na=rtpmap:124 rtx/90000\r\n"
)


def test_firefox_writes_it_differently() -> None:
    offer = parse_sdp(FIREFOX)
    taken = accepted(offer)
    assert [section.kind for section in taken] == ["audio", "video"], "port 0, but bundle-only"
    assert offer.transport(taken).ufrag == "abcd"
    _, lines = answer_sender(offer, taken, Local("192.0.2.1", 5, "u", "p", "AB", "passive"))
    assert (lines[1].rtx, lines[1].remb) == (124, True), "named before their codecs"
    assert offer.transport(taken[1:]).ufrag == "abcd", "the bundle's, where a section has none of its own"


CODECS = "".join(f"a=rtpmap:{number} x{number}/90000\r\n" for number in range(128) if number != 96)


def test_feedback_for_all_codecs_is_feedback_of_each() -> None:
    (section,) = parse_sdp(
        "v=0\r\n" + VIDEO + "a=rtcp-fb:* nack\r\na=rtcp-fb:96 nack pli\r\n" + CODECS
    ).sections
    assert section.codecs[96].feedback == {"nack", "nack pli"}
    assert {tuple(codec.feedback) for number, codec in section.codecs.items() if number != 96} == {("nack",)}


@pytest.mark.parametrize("name", ["nack", "number"])
@pytest.mark.parametrize("payload_type", ["*", "96"])
def test_each_line_of_a_description_costs_the_same(payload_type: str, name: str) -> None:
    lines = "".join(
        f"a=rtcp-fb:{payload_type} {name if name == 'nack' else number}\r\n" for number in range(1800)
    )
    sdp = "v=0\r\n" + VIDEO + CODECS + lines
    assert steps(lambda: parse_sdp(sdp)) < 40 * sdp.count("\n")


def test_a_description_of_very_many_certificates_is_refused() -> None:
    fingerprint = "a=fingerprint:sha-256 " + "AB:" * 31 + "AB\r\n"
    with pytest.raises(EngineError, match="fingerprints"):
        parse_sdp("v=0\r\n" + VIDEO + fingerprint * 100)
