"""Offer and answer: codecs, directions, addresses, versions and lines."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_bridge.core.audio_formats import AudioCodec, DtmfFormat
from sip_bridge.core.media_security import BadAnswer, EncryptionPolicy, Protection
from sip_bridge.core.offer_answer import (
    LocalAudio,
    NegotiatedAudio,
    NoCommonCodec,
    accept_answer,
    make_answer,
    make_offer,
)
from sip_bridge.core.sdp import Media, SdpError, SessionDescription
from sip_bridge.core.sdp_values import Direction, Fingerprint, IceDescription

OFF = Protection(EncryptionPolicy.OFF)
ALICE = LocalAudio("192.0.2.1", 4000, 100, protection=OFF)
BOB = LocalAudio("192.0.2.2", 5000, 200, protection=OFF)
ICE = IceDescription("user", "password", ("1 1 udp 1 192.0.2.1 4000 typ host",))


def described(lines: str) -> SessionDescription:
    return SessionDescription.parse(lines.replace("|", "\r\n") + "\r\n")


def offered(lines: str, address: str = "192.0.2.9") -> SessionDescription:
    return described(f"v=0|o=- 1 1 IN IP4 192.0.2.9|s=-|c=IN IP4 {address}|t=0 0|{lines}")


def agree(
    alice: LocalAudio = ALICE, bob: LocalAudio = BOB
) -> tuple[SessionDescription, SessionDescription, NegotiatedAudio, NegotiatedAudio]:
    offer = make_offer(alice)
    answer, bobs = make_answer(SessionDescription.parse(bytes(offer)), bob)
    alices = accept_answer(offer, SessionDescription.parse(bytes(answer)), alice)
    return offer, answer, alices, bobs


def test_the_offer_lists_our_codecs_in_our_order() -> None:
    assert str(make_offer(replace(ALICE, codecs=("PCMA", "opus")))) == (
        "v=0\r\no=- 100 100 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n"
        "m=audio 4000 RTP/AVP 8 96 101 102\r\n"
        "a=rtpmap:8 PCMA/8000\r\na=rtpmap:96 opus/48000/2\r\n"
        "a=rtpmap:101 telephone-event/8000\r\na=rtpmap:102 telephone-event/48000\r\n"
        "a=fmtp:96 useinbandfec=1\r\na=fmtp:101 0-15\r\na=fmtp:102 0-15\r\n"
        "a=ptime:20\r\na=sendrecv\r\na=rtcp-mux\r\n"
    )


def test_both_sides_agree() -> None:
    _, answer, alices, bobs = agree()
    assert alices.codec == bobs.codec == AudioCodec("opus", 96, 96, 48_000, 2, 20, (("useinbandfec", "1"),))
    assert alices.dtmf == DtmfFormat(102, 102, 48_000) and alices.dtmf_payload_type == 102
    assert alices.remote_rtp == ("192.0.2.2", 5000) and bobs.remote_rtp == ("192.0.2.1", 4000)
    assert alices.rtcp_mux and alices.remote_rtcp == alices.remote_rtp
    assert alices.direction is Direction.SENDRECV and not alices.remote_hold
    assert alices.encryption == ("", False)
    assert answer.media[0].formats == ("96", "102")


def test_ipv6_addresses_name_their_family() -> None:
    offer, _, _, bobs = agree(replace(ALICE, address="2001:db8::1"))
    assert "c=IN IP6 2001:db8::1" in str(offer) and "IN IP6 2001:db8::1\r\ns=-" in str(offer)
    assert bobs.remote_rtp == ("2001:db8::1", 4000)


def test_the_offerers_order_counts_in_the_answer() -> None:
    offer = offered("m=audio 9000 RTP/AVP 0 8 9 101|a=rtpmap:101 telephone-event/8000")
    answer, agreed = make_answer(offer, BOB)
    assert agreed.codec.name == "PCMU" and answer.media[0].formats == ("0", "101")
    assert not agreed.rtcp_mux and agreed.remote_rtcp == ("192.0.2.9", 9001)
    assert answer.media[0].get("rtcp-mux") is None


def test_opus_takes_events_at_8000_where_there_are_no_others() -> None:
    offer = offered(
        "m=audio 9000 RTP/AVP 111 96 97|a=rtpmap:111 OPUS/48000/2|a=rtpmap:96 telephone-event/8000"
        "|a=rtpmap:97 telephone-event/48000"
    )
    assert make_answer(offer, BOB)[1].dtmf == DtmfFormat(97, 97, 48_000)
    offer = offered("m=audio 9000 RTP/AVP 111 96|a=rtpmap:111 opus/48000/2|a=rtpmap:96 telephone-event/8000")
    assert make_answer(offer, BOB)[1].dtmf == DtmfFormat(96, 96, 8_000)


def test_narrow_codecs_never_take_events_at_48000() -> None:
    offer = offered("m=audio 9000 RTP/AVP 8 97|a=rtpmap:97 telephone-event/48000")
    answer, agreed = make_answer(offer, BOB)
    assert agreed.dtmf is None and agreed.dtmf_payload_type is None and answer.media[0].formats == ("8",)


def test_each_side_names_the_numbers_it_receives() -> None:
    offer = make_offer(ALICE)
    answer = offered(
        "m=audio 9000 RTP/AVP 120 121|a=rtpmap:120 opus/48000/2|a=rtpmap:121 telephone-event/48000"
    )
    agreed = accept_answer(offer, answer, ALICE)
    assert (agreed.codec.payload_type, agreed.codec.receive_payload_type) == (120, 96)
    assert agreed.dtmf == DtmfFormat(121, 102, 48_000)


def test_an_answer_with_several_codecs_may_switch_between_them() -> None:
    answer = offered("m=audio 9000 RTP/AVP 8 120 18 0|a=rtpmap:120 opus/48000/2")
    agreed = accept_answer(make_offer(replace(ALICE, codecs=("opus", "PCMA", "PCMU"))), answer, ALICE)
    assert agreed.codec.name == "PCMA"
    assert [(one.name, one.payload_type, one.receive_payload_type) for one in agreed.others] == [
        ("opus", 120, 96),
        ("PCMU", 0, 0),
    ]


def test_events_we_did_not_offer_are_not_agreed() -> None:
    offer = make_offer(replace(ALICE, codecs=("PCMA",)))
    only = replace(offer.media[0], formats=("8",))
    answer = offered("m=audio 9000 RTP/AVP 8 101|a=rtpmap:101 telephone-event/8000")
    assert accept_answer(replace(offer, media=(only,)), answer, ALICE).dtmf is None


def test_a_codec_answered_but_never_offered_is_not_common() -> None:
    offer = make_offer(replace(ALICE, codecs=("PCMA",)))
    with pytest.raises(NoCommonCodec):
        accept_answer(offer, offered("m=audio 9000 RTP/AVP 0"), ALICE)
    with pytest.raises(NoCommonCodec):
        accept_answer(offer, offered("m=audio 9000 RTP/AVP 18"), ALICE)


@pytest.mark.parametrize(
    ("lines", "ptime"),
    [
        ("", 20),
        ("|a=ptime:30", 30),
        ("|a=ptime:25", 20),
        ("|a=ptime:120", 20),
        ("|a=ptime:20.5", 20),
        ("|a=ptime:soon", 20),
        ("|a=ptime:60|a=maxptime:40", 40),
        ("|a=maxptime:5", 20),
        ("|a=maxptime:15", 10),
    ],
)
def test_packet_time_follows_the_peer(lines: str, ptime: int) -> None:
    assert make_answer(offered(f"m=audio 9000 RTP/AVP 8{lines}"), BOB)[1].codec.ptime_ms == ptime


def test_other_lines_are_refused_and_audio_is_accepted_once() -> None:
    offer = offered(
        "m=video 7000 RTP/AVP 99|m=audio 9000 RTP/AVP 8|m=audio 9002 RTP/AVP 8"
        "|m=image 9004 udptl t38|m=application 1 x"
    )
    answer, agreed = make_answer(offer, BOB)
    assert [(line.kind, line.port) for line in answer.media] == [
        ("video", 0),
        ("audio", 5000),
        ("audio", 0),
        ("image", 0),
        ("application", 0),
    ]
    assert answer.media[3].formats == ("t38",) and answer.media[4].formats == ("0",)
    assert agreed.index == 1


@pytest.mark.parametrize(
    "lines",
    [
        "m=video 7000 RTP/AVP 99",
        "m=audio 0 RTP/AVP 8",
        "m=audio 9000 TCP/MRCPv2 8",
        "m=audio 9000 RTP/AVP 18",
        "m=audio 9000 RTP/AVP 97|a=rtpmap:97 opus/48000/2",
    ],
)
def test_an_offer_without_a_common_codec_is_refused(lines: str) -> None:
    with pytest.raises(NoCommonCodec):
        make_answer(offered(lines), replace(BOB, codecs=("PCMA",)))


@pytest.mark.parametrize("wish", Direction)
@pytest.mark.parametrize("offers", Direction)
def test_directions_meet(wish: Direction, offers: Direction) -> None:
    offer = make_offer(replace(ALICE, direction=offers))
    answer, bobs = make_answer(offer, replace(BOB, direction=wish))
    assert bobs.direction is wish.meet(offers)
    assert answer.media[0].get(bobs.direction.value) == ""
    assert bobs.remote_hold is (not offers.receives)
    alices = accept_answer(offer, answer, ALICE)
    assert (alices.direction.sends, alices.direction.receives) == (
        bobs.direction.receives,
        bobs.direction.sends,
    )


def test_the_old_hold_with_an_empty_address() -> None:
    answer, agreed = make_answer(offered("m=audio 9000 RTP/AVP 8", "0.0.0.0"), BOB)
    assert agreed.remote_hold and agreed.direction is Direction.RECVONLY
    assert answer.media[0].get("recvonly") == ""


def test_a_description_without_an_address_cannot_be_used() -> None:
    with pytest.raises(SdpError):
        make_answer(described("m=audio 9000 RTP/AVP 8"), BOB)


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ("a=rtcp:53020", ("192.0.2.9", 53020)),
        ("a=rtcp:53020 IN IP4 192.0.2.7", ("192.0.2.7", 53020)),
        ("a=rtcp:99999", ("192.0.2.9", 65535)),
        ("a=rtcp:odd", ("192.0.2.9", 9001)),
        ("a=rtcp-mux", ("192.0.2.9", 9000)),
    ],
)
def test_where_rtcp_goes(lines: str, address: tuple[str, int]) -> None:
    assert make_answer(offered(f"m=audio 9000 RTP/AVP 8|{lines}"), BOB)[1].remote_rtcp == address


def test_our_own_rtcp_port_is_named_only_where_it_is_not_the_next() -> None:
    assert make_offer(replace(ALICE, rtcp_port=4001)).media[0].get("rtcp") is None
    assert make_offer(replace(ALICE, rtcp_port=4010)).media[0].get("rtcp") == "4010"


def test_the_version_grows_only_when_something_changed() -> None:
    first = make_offer(ALICE)
    assert make_offer(replace(ALICE, last_sent=first)) == first
    held = make_offer(replace(ALICE, last_sent=first, direction=Direction.SENDONLY))
    assert (held.origin.session_id, held.origin.version) == ("100", "101")
    moved = make_offer(replace(ALICE, last_sent=held, address="192.0.2.5"))
    assert moved.origin.version == "102"


def test_later_offers_keep_numbers_lines_and_the_codec_in_use() -> None:
    offer = offered(
        "m=video 7000 RTP/AVP 99|m=audio 9000 RTP/AVP 8 96 102|a=rtpmap:96 telephone-event/8000"
        "|a=rtpmap:102 iLBC/8000"
    )
    answer, agreed = make_answer(offer, BOB)
    again = make_offer(replace(BOB, last_sent=answer, direction=Direction.SENDONLY), agreed)
    assert [(line.kind, bool(line.port)) for line in again.media] == [("video", False), ("audio", True)]
    audio = again.media[1]
    assert audio.formats == ("8", "97", "9", "0", "96", "98")
    assert [value for value in audio.get_all("rtpmap") if "opus" in value] == ["97 opus/48000/2"]
    accepted = accept_answer(again, offered("m=video 0 RTP/AVP 99|m=audio 9000 RTP/AVP 8|a=recvonly"), BOB)
    assert accepted.index == 1 and accepted.direction is Direction.SENDONLY and not accepted.remote_hold


def test_a_format_for_which_no_number_is_left_is_not_offered() -> None:
    numbers = range(96, 128)
    maps = "|".join(f"a=rtpmap:{number} odd{number}/8000" for number in numbers)
    offer = offered(f"m=audio 9000 RTP/AVP 8 {' '.join(map(str, numbers))}|{maps}")
    _, agreed = make_answer(offer, BOB)
    assert make_offer(BOB, agreed).media[0].formats == ("8", "9", "0")


def test_a_peers_later_offer_keeps_the_line_in_use() -> None:
    offer = offered("m=audio 9000 RTP/AVP 18|m=audio 9002 RTP/AVP 8")
    _, agreed = make_answer(offer, BOB)
    assert agreed.index == 1
    again = offered("m=audio 9000 RTP/AVP 8|m=audio 9002 RTP/AVP 8|a=sendonly")
    answer, later = make_answer(again, BOB, agreed)
    assert later.index == 1 and later.remote_hold and answer.media[0].port == 0
    with pytest.raises(NoCommonCodec):
        make_answer(offered("m=audio 0 RTP/AVP 8|m=audio 9002 RTP/AVP 18"), BOB, agreed)
    moved, agreed_on_other = make_answer(offered("m=audio 9000 RTP/AVP 8|m=audio 0 RTP/AVP 8"), BOB, agreed)
    assert agreed_on_other.index == 0 and moved.media[1].port == 0


@pytest.mark.parametrize(
    ("media", "error"),
    [
        ((), BadAnswer),
        ((Media("video", 9, "RTP/AVP", ("8",)),), BadAnswer),
        ((Media("audio", 9, "udptl", ("8",)),), BadAnswer),
        ((Media("audio", 0, "RTP/AVP", ("8",)),), NoCommonCodec),
    ],
)
def test_an_answer_that_does_not_fit(media: tuple[Media, ...], error: type[SdpError]) -> None:
    answer = replace(offered(""), media=media)
    with pytest.raises(error):
        accept_answer(make_offer(ALICE), answer, ALICE)


def test_ice_is_used_where_both_speak_it() -> None:
    theirs = replace(ICE, username="theirs", candidates=("1 1 udp 1 192.0.2.2 5000 typ host",))
    offer, answer, alices, bobs = agree(replace(ALICE, ice=ICE), replace(BOB, ice=theirs))
    assert offer.media[0].get_all("candidate") == list(ICE.candidates)
    assert answer.media[0].get("ice-ufrag") == "theirs"
    assert alices.ice == theirs and bobs.ice == ICE
    _, answer, alices, bobs = agree(replace(ALICE, ice=ICE), BOB)
    assert alices.ice is None and bobs.ice is None and answer.media[0].get("ice-ufrag") is None
    _, answer, alices, bobs = agree(ALICE, replace(BOB, ice=theirs))
    assert alices.ice is None and bobs.ice is None and answer.media[0].get("ice-ufrag") is None


@pytest.mark.parametrize(
    ("address", "port", "used"),
    [
        ("192.0.2.9", 9000, True),
        ("198.51.100.1", 9000, False),
        ("0.0.0.0", 9, True),
        ("198.51.100.1", 9, True),
    ],
)
def test_ice_is_left_where_the_address_was_rewritten(address: str, port: int, used: bool) -> None:
    lines = (
        f"m=audio {port} RTP/AVP 8|a=ice-ufrag:u|a=ice-pwd:p|a=candidate:1 1 udp 1 192.0.2.9 9000 typ host"
    )
    _, agreed = make_answer(offered(lines, address), replace(BOB, ice=ICE))
    assert (agreed.ice is not None) is used
    assert not agreed.remote_hold


def test_a_bundle_is_accepted_with_our_line_alone() -> None:
    lines = "m=audio 9 RTP/AVP 8|a=mid:0|m=video 9 RTP/AVP 99|a=mid:1"
    answer, _ = make_answer(offered(f"a=group:BUNDLE 0 1|{lines}"), BOB)
    assert answer.get("group") == "BUNDLE 0" and answer.media[0].get("mid") == "0"
    answer, _ = make_answer(offered(f"a=group:LS 0 1|a=group:|{lines}"), BOB)
    assert answer.get("group") is None


RICH = offered(
    "m=audio 9000 UDP/TLS/RTP/SAVPF 111 0 101|c=IN IP4 192.0.2.9|a=rtpmap:111 opus/48000/2|a=fmtp:111 x=1;y"
    "|a=rtpmap:101 telephone-event/8000|a=ptime:20|a=maxptime:60|a=rtcp:9 IN IP4 0.0.0.0|a=rtcp-mux"
    "|a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAA|2^20|1:4|a=fingerprint:sha-256 AA:BB|a=setup:actpass"
    "|a=ice-ufrag:abcd|a=ice-pwd:efgh|a=candidate:1 1 udp 1 192.0.2.9 9000 typ host|a=mid:0|a=sendrecv"
)


@given(st.data())
def test_a_mangled_offer_or_answer_is_understood_or_refused(data: st.DataObject) -> None:
    lines = str(RICH).split("\r\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        line = lines[index]
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, len(line)))
        lines[index] = line[:start] + data.draw(st.text(max_size=6)) + line[end:]
    bob = replace(BOB, ice=ICE, protection=Protection(keys=(), fingerprint=Fingerprint("sha-256", "CC:DD")))
    for use in (lambda it: make_answer(it, bob), lambda it: accept_answer(make_offer(bob), it, bob)):
        try:
            use(SessionDescription.parse("\r\n".join(lines)))
        except SdpError:
            continue
