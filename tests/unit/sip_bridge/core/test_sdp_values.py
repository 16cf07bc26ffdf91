"""The values inside an audio description's attributes."""

from __future__ import annotations

import base64

import pytest

from sip_bridge.core.sdp import SessionDescription
from sip_bridge.core.sdp_values import (
    Crypto,
    Direction,
    Fingerprint,
    IceDescription,
    RtpMap,
    direction_of,
    fingerprints,
    format_parameters,
    rtpmaps,
)

KEY = base64.b64encode(bytes(range(30))).decode()
SUITE = "AES_CM_128_HMAC_SHA1_80"


def described(lines: str) -> SessionDescription:
    return SessionDescription.parse(lines.replace("|", "\r\n") + "\r\n")


@pytest.mark.parametrize("ours", Direction)
@pytest.mark.parametrize("theirs", Direction)
def test_meeting_directions_is_the_same_from_both_ends(ours: Direction, theirs: Direction) -> None:
    met, mirrored = ours.meet(theirs), theirs.meet(ours)
    assert met.sends == mirrored.receives and met.receives == mirrored.sends
    assert not met.sends or (ours.sends and theirs.receives)


def test_media_direction_comes_before_the_sessions() -> None:
    session = described(
        "a=inactive|m=audio 1 RTP/AVP 0|a=rtcp-mux|a=sendonly|m=audio 2 RTP/AVP 0|m=audio 3 RTP/AVP 0"
    )
    assert direction_of(session, session.media[0]) is Direction.SENDONLY
    assert direction_of(session, session.media[1]) is Direction.INACTIVE
    plain = described("a=tool:x|m=audio 1 RTP/AVP 0|a=sendonly:odd")
    assert direction_of(plain, plain.media[0]) is Direction.SENDRECV


def test_formats_keep_the_lines_order_and_static_types_need_no_rtpmap() -> None:
    media = described(
        "m=audio 1 RTP/AVP 9 111 x 55 0 1234|a=rtpmap:111 opus/48000/2|a=rtpmap:111 odd/1|a=rtpmap:odd"
    ).media[0]
    assert rtpmaps(media) == [RtpMap(9, "G722", 8000), RtpMap(111, "opus", 48000, 2), RtpMap(0, "PCMU", 8000)]
    assert str(RtpMap(111, "opus", 48000, 2)) == "111 opus/48000/2"
    assert str(RtpMap(0, "PCMU", 8000)) == "0 PCMU/8000"


@pytest.mark.parametrize(
    "text", ["", "x opus/48000", "96 opus", "96 /8000", "128 opus/48000", "96 opus/fast"]
)
def test_an_rtpmap_that_makes_no_sense_is_ignored(text: str) -> None:
    assert RtpMap.parse(text) is None


def test_odd_channels_are_one() -> None:
    assert RtpMap.parse("96 opus/48000/stereo") == RtpMap(96, "opus", 48000)


def test_format_parameters() -> None:
    media = described(
        "m=audio 1 RTP/AVP 96 97|a=fmtp:97 0-15|a=fmtp:96 UseInbandFEC=1; stereo = 0;;cbr"
    ).media[0]
    assert format_parameters(media, 96) == (("useinbandfec", "1"), ("stereo", "0"), ("cbr", ""))
    assert format_parameters(media, 97) == (("0-15", ""),)
    assert format_parameters(media, 98) == ()


def test_crypto_is_read_with_lifetime_and_key_identifier() -> None:
    crypto = Crypto.parse(f"1 {SUITE} inline:{KEY}|2^20|1:4 WSH=64 KDR=0")
    assert crypto is not None and crypto.usable
    assert (crypto.tag, crypto.mki_length, crypto.key) == (1, 4, bytes(range(30)))
    assert str(crypto) == f"1 {SUITE} inline:{KEY} WSH=64 KDR=0"
    assert Crypto.parse(str(crypto)) is not None
    assert KEY not in repr(crypto) and "x00" not in repr(crypto)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"x {SUITE} inline:{KEY}",
        f"1234567890 {SUITE} inline:{KEY}",
        f"1 {SUITE} other:{KEY}",
        f"1 {SUITE} inline:%%%",
        f"1 {SUITE} inline:ä",
        f"1 {SUITE} inline:{KEY}|2^20|1:4;inline:{KEY}|2^20|2:4",
        f"1 {SUITE} inline:{KEY}|1:x",
        f"1 {SUITE} inline:{KEY}|1:129",
    ],
)
def test_crypto_that_makes_no_sense_is_ignored(text: str) -> None:
    assert Crypto.parse(text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"1 NULL_CIPHER inline:{KEY}",
        f"1 {SUITE} inline:{KEY[:20]}",
        f"1 {SUITE} inline:{KEY} UNENCRYPTED_SRTP",
        f"1 {SUITE} inline:{KEY} UNENCRYPTED_SRTCP",
        f"1 {SUITE} inline:{KEY} UNAUTHENTICATED_SRTP",
        f"1 {SUITE} inline:{KEY} KDR=10",
    ],
)
def test_weakened_crypto_is_not_usable(text: str) -> None:
    crypto = Crypto.parse(text)
    assert crypto is not None and not crypto.usable


def test_weak_fingerprints_prove_nothing() -> None:
    session = described(
        "a=fingerprint:SHA-256 ab:cd|m=audio 1 RTP/AVP 0|a=fingerprint:sha-1 aa|m=audio 2 RTP/AVP 0"
    )
    assert fingerprints(session, session.media[0]) == ()
    assert fingerprints(session, session.media[1]) == (Fingerprint("sha-256", "AB:CD"),)
    assert Fingerprint.parse("sha-256") is None
    assert str(Fingerprint("sha-256", "AB:CD")) == "sha-256 AB:CD"


def test_ice_is_read_from_media_or_session() -> None:
    session = described(
        "a=ice-lite|a=ice-ufrag:u|m=audio 1 RTP/AVP 0|a=ice-pwd:secret|a=candidate:1 1 udp 1 h 1 typ host"
        "|m=audio 2 RTP/AVP 0"
    )
    ice = IceDescription.of(session, session.media[0])
    assert ice == IceDescription("u", "secret", ("1 1 udp 1 h 1 typ host",), lite=True)
    assert "secret" not in repr(ice)
    assert IceDescription.of(session, session.media[1]) is None
    assert (
        IceDescription.of(described("m=audio 1 RTP/AVP 0"), described("m=audio 1 RTP/AVP 0").media[0]) is None
    )
