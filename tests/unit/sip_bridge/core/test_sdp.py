"""Session descriptions: what is read, what is written, and that both agree."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sip_bridge.core import sdp
from sip_bridge.core.sdp import Attribute, Connection, Media, Origin, SdpError, SessionDescription

FULL = (
    "v=0\r\n"
    "o=jdoe 2890844526 2890842807 IN IP4 198.51.100.1\r\n"
    "s=SDP Seminar\r\n"
    "i=A Seminar on the session description protocol\r\n"
    "u=http://www.example.com/seminars/sdp.pdf\r\n"
    "e=j.doe@example.com (Jane Doe)\r\n"
    "p=+1 617 555-6011\r\n"
    "c=IN IP4 233.252.0.1/127\r\n"
    "b=AS:128\r\n"
    "t=2873397496 2873404696\r\n"
    "r=7d 1h 0 25h\r\n"
    "z=2882844526 -1h\r\n"
    "k=clear:x\r\n"
    "a=recvonly\r\n"
    "a=note:\r\n"
    "m=audio 49170/2 RTP/AVP 0 8\r\n"
    "i=title\r\n"
    "c=IN IP6 2001:db8::1\r\n"
    "b=AS:64\r\n"
    "k=prompt\r\n"
    "a=rtpmap:0 PCMU/8000\r\n"
    "m=video 51372 RTP/AVP 99\r\n"
)

words = st.text(
    st.characters(
        codec="utf-8",
        exclude_characters="\r\n:= \x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
        exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp"),
    ),
    min_size=1,
    max_size=12,
)
values = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)
attributes = st.lists(st.builds(Attribute, words, st.none() | values), max_size=4).map(tuple)
addresses = st.ip_addresses().map(lambda ip: Connection.of(str(ip)))
media_lines = st.builds(
    Media,
    kind=st.sampled_from(["audio", "video", "text"]),
    port=st.integers(0, 65_535),
    protocol=st.sampled_from(["RTP/AVP", "RTP/SAVPF"]),
    formats=st.lists(st.integers(0, 127).map(str), max_size=4).map(tuple),
    port_count=st.integers(1, 9),
    title=st.none() | values,
    connection=st.none() | addresses,
    bandwidths=st.lists(values, max_size=2).map(tuple),
    key=st.none() | values,
    attributes=attributes,
)
descriptions = st.builds(
    SessionDescription,
    origin=st.builds(Origin, words, words, words, st.sampled_from(["IP4", "IP6"]), words),
    name=values,
    information=st.none() | values,
    uri=st.none() | values,
    contacts=st.lists(values.map("e={}".format), max_size=2).map(tuple),
    connection=st.none() | addresses,
    bandwidths=st.lists(values, max_size=2).map(tuple),
    times=st.lists(values.map("t={}".format), min_size=1, max_size=2).map(tuple),
    key=st.none() | values,
    attributes=attributes,
    media=st.lists(media_lines, max_size=3).map(tuple),
)


@given(descriptions)
def test_what_is_written_is_read_back(description: SessionDescription) -> None:
    assert SessionDescription.parse(str(description)) == description
    assert SessionDescription.parse(bytes(description)) == description


@given(st.binary(max_size=300))
def test_any_bytes_parse_or_raise_our_error(data: bytes) -> None:
    try:
        SessionDescription.parse(data)
    except SdpError:
        return
    try:
        SessionDescription.parse(b"m=audio 4 RTP/AVP 0\n" + data)
    except SdpError:
        return


def test_a_full_description_is_kept_to_the_byte() -> None:
    description = SessionDescription.parse(FULL)
    assert str(description) == FULL
    audio = description.media[0]
    assert (audio.port, audio.port_count, audio.formats) == (49170, 2, ("0", "8"))
    assert description.connection_of(audio) == Connection("2001:db8::1", "IP6")
    assert description.connection_of(description.media[1]) == Connection("233.252.0.1", "IP4", "/127")
    assert description.effective(audio, "recvonly") == ""
    assert description.get("note") == "" and description.get_all("absent") == []
    assert description.effective_all(audio, "rtpmap") == ["0 PCMU/8000"]


def test_bytes_that_are_no_utf_8_survive() -> None:
    raw = FULL.encode().replace(b"Jane", b"J\xe4ne")
    assert bytes(SessionDescription.parse(raw)) == raw


def test_sloppy_text_is_understood() -> None:
    text = (
        "s=x\nnonsense\nx=unknown\na= sendonly \nm=AUDIO 9 RTP/AVP 0 \nc=IN IP4 192.0.2.1\n"
        "c=IN IP4 192.0.2.2\ny=unknown\n\n"
    )
    description = SessionDescription.parse(text)
    assert description.times == ("t=0 0",) and description.origin == Origin()
    assert description.get("sendonly") == ""
    assert description.media[0].kind == "audio"
    assert description.media[0].connection == Connection("192.0.2.1")


@pytest.mark.parametrize(
    "text",
    [
        "v=1\r\n",
        "o=- 1 2 IN IP4\r\n",
        "c=IN IP4\r\n",
        "c=IN IP9 192.0.2.1\r\n",
        "c=ATM IP4 192.0.2.1\r\n",
        "m=audio 1\r\n",
        "m=audio x RTP/AVP 0\r\n",
        "m=audio 70000 RTP/AVP 0\r\n",
        "m=audio 123456 RTP/AVP 0\r\n",
        "m=audio ٣ RTP/AVP 0\r\n",
        "m=audio 1 RTP/AVP 0\r\n" * (sdp.MAX_MEDIA + 1),
        "\n" * (sdp.MAX_LINES + 1),
        "s=" + "x" * sdp.MAX_BYTES,
    ],
)
def test_what_cannot_be_understood_raises(text: str) -> None:
    with pytest.raises(SdpError):
        SessionDescription.parse(text)
