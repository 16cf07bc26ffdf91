"""What must hold for any value and any bytes."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz.targets import sip_message
from sip_bridge.core.digest import (
    ALGORITHMS,
    Answer,
    Challenge,
    DigestAuth,
    DigestVerifier,
    Outcome,
    compute_response,
    parse_challenges,
)
from sip_bridge.core.errors import FramingError, MessageError
from sip_bridge.core.framing import KeepAlive, StreamFramer
from sip_bridge.core.headers import (
    CSeq,
    EventHeader,
    NameAddr,
    RAck,
    Reason,
    ReplacesHeader,
    SessionExpires,
    SubscriptionState,
    Via,
    parse_list,
    quote,
    unquote,
)
from sip_bridge.core.message import Headers, Request, Response, parse_message
from sip_bridge.core.uri import SipUri, escape_user, unescape

CORE = settings(max_examples=80, deadline=None)
MANY = settings(max_examples=300, deadline=None)

TOKEN = st.text("abcXYZ019-.!%*_+`'~", min_size=1, max_size=12)
# What UTF-8 with surrogateescape can carry on one line.
LINE = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"),
        st.sampled_from([chr(0xDC80 + n) for n in (0, 65, 127)]),
    ),
    max_size=20,
)
HOST = st.one_of(
    st.from_regex(r"[a-z0-9]([a-z0-9_-]{0,8}[a-z0-9])?(\.[a-z]{2,5})?", fullmatch=True),
    st.ip_addresses().map(str),
)
PORT = st.one_of(st.none(), st.integers(1, 65535))
URI_TEXT = st.text("abz019-_.!~*'()%4Fä", max_size=8)
URI_PARAMETERS = st.lists(
    st.tuples(st.text("abz-1", min_size=1, max_size=5), st.one_of(st.none(), URI_TEXT)), max_size=3
).map(tuple)
URIS = st.builds(
    SipUri,
    st.sampled_from(["sip", "sips"]),
    st.text("abz019-_.!~*'()&=+$,;?/#", max_size=8),
    st.none() | URI_TEXT,
    HOST,
    PORT,
    URI_PARAMETERS,
    st.lists(st.tuples(st.text("abz-1", min_size=1, max_size=5), URI_TEXT), max_size=2).map(tuple),
)
PARAMETERS = st.lists(
    st.tuples(TOKEN, st.one_of(st.none(), TOKEN, LINE.map(quote))),
    max_size=3,
    unique_by=lambda pair: pair[0].lower(),
).map(tuple)
ADDRESSES = st.builds(NameAddr, LINE, URIS, PARAMETERS)
VIAS = st.builds(Via, st.sampled_from(["UDP", "TCP", "TLS", "WSS"]), HOST, PORT, PARAMETERS)
HEADERS = st.lists(
    st.tuples(TOKEN.filter(lambda name: name.lower() not in ("l", "content-length")), LINE.map(str.strip)),
    max_size=6,
).map(Headers)


@CORE
@given(URIS)
def test_uris_round_trip(uri: SipUri) -> None:
    if not uri.user and uri.password is not None:
        uri = replace(uri, password=None)
    parsed = SipUri.parse(str(uri))
    assert parsed == uri
    assert str(parsed) == str(uri)
    assert uri.equivalent(parsed)


@CORE
@given(LINE)
def test_any_user_can_be_written(user: str) -> None:
    escaped = escape_user(user)
    assert unescape(escaped) == user
    assert SipUri.parse(f"sip:{escaped}@h").unescaped_user == user


@CORE
@given(LINE, LINE)
def test_uri_headers_carry_anything(name: str, value: str) -> None:
    written = str(SipUri(host="h").with_header("X" + name, value))
    assert SipUri.parse(written).header("X" + name) == value


@CORE
@given(ADDRESSES)
def test_addresses_round_trip(address: NameAddr) -> None:
    parsed = NameAddr.parse(str(address))
    assert parsed == address
    assert str(parsed) == str(address)


@CORE
@given(st.lists(ADDRESSES, max_size=4))
def test_lists_of_addresses_round_trip(addresses: list[NameAddr]) -> None:
    assert [NameAddr.parse(text) for text in parse_list(", ".join(map(str, addresses)))] == addresses


@CORE
@given(ADDRESSES, TOKEN)
def test_a_tag_changes_nothing_else(address: NameAddr, tag: str) -> None:
    parsed = NameAddr.parse(str(address))
    tagged = parsed.with_tag(tag)
    assert NameAddr.parse(str(tagged)) == tagged
    assert tagged.tag == tag
    if parsed.parameter("tag") is None:
        assert str(tagged) == f"{address};tag={tag}"


@CORE
@given(VIAS, st.ip_addresses().map(str), st.integers(1, 65535))
def test_vias_round_trip(via: Via, address: str, port: int) -> None:
    assert Via.parse(str(via)) == via
    marked = via.with_received(address, port)
    assert Via.parse(str(marked)) == marked
    assert marked.received in (address, "")
    assert (marked.host, marked.port, marked.branch) == (via.host, via.port, via.branch)


@CORE
@given(LINE)
def test_quoting_round_trips(text: str) -> None:
    assert unquote(quote(text)) == text


SMALL = st.integers(0, 2**31 - 1)
MAYBE = st.none() | SMALL


@CORE
@given(
    st.one_of(
        st.builds(CSeq, SMALL, TOKEN),
        st.builds(RAck, SMALL, SMALL, TOKEN),
        st.builds(ReplacesHeader, TOKEN, TOKEN, TOKEN, st.booleans()),
        st.builds(SessionExpires, SMALL, st.sampled_from(["", "uac", "uas"])),
        st.builds(Reason, TOKEN, MAYBE, LINE),
        st.builds(EventHeader, TOKEN, st.just("") | TOKEN),
        st.builds(SubscriptionState, TOKEN.map(str.lower), MAYBE, st.just("") | TOKEN.map(str.lower), MAYBE),
    )
)
def test_typed_values_round_trip(
    value: CSeq | RAck | ReplacesHeader | SessionExpires | Reason | EventHeader | SubscriptionState,
) -> None:
    assert type(value).parse(str(value)) == value


@CORE
@given(TOKEN, URIS.map(str), HEADERS, st.binary(max_size=60))
def test_requests_round_trip(method: str, uri: str, headers: Headers, body: bytes) -> None:
    request = Request(method, uri, headers, body)
    parsed = parse_message(bytes(request))
    assert isinstance(parsed, Request)
    assert (parsed.method, parsed.uri, parsed.body, parsed.defect) == (method, uri, body, "")
    assert list(parsed.headers)[:-1] == list(headers)
    assert bytes(parsed) == bytes(request)


@CORE
@given(st.integers(100, 699), LINE, HEADERS, st.binary(max_size=60))
def test_responses_round_trip(status: int, reason: str, headers: Headers, body: bytes) -> None:
    response = Response(status, reason, headers, body)
    parsed = parse_message(bytes(response))
    assert isinstance(parsed, Response)
    assert (parsed.status, parsed.reason, parsed.body) == (status, reason, body)
    assert bytes(parsed) == bytes(response)


MESSAGES = st.builds(Request, TOKEN, URIS.map(str), HEADERS, st.binary(max_size=40)).map(bytes)


@CORE
@given(st.lists(st.one_of(MESSAGES, st.just(b"\r\n\r\n")), max_size=5), st.data())
def test_streams_come_apart_wherever_they_are_cut(pieces: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(pieces)
    framer = StreamFramer()
    found: list[bytes] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += [frame for frame in framer.feed(stream[:size]) if not isinstance(frame, KeepAlive)]
        stream = stream[size:]
    assert found == [piece for piece in pieces if piece != b"\r\n\r\n"]


# --- arbitrary bytes -----------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        b"INVITE sip:a@b SIP/2.0\r\n",
        b"SIP/2.0 200 OK\r\n",
        b"Via: SIP/2.0/UDP h;branch=z9\r\n",
        b"From: <sip:a@b>\r\n",
        b"To: ",
        b"Contact: *\r\n",
        b"CSeq: 1 INVITE\r\n",
        b"Call-ID: x\r\n",
        b"Content-Length: ",
        b"l: 3\r\n",
        b"\r\n",
        b"\r\n\r\n",
        b"<sip:",
        b">",
        b'"',
        b";",
        b",",
        b"=",
        b"%",
        b"@",
        b":",
        b" ",
        b"\\",
        b"\xff",
        b"\x00",
        b"9",
        b"Route: <sip:a;lr>\r\n",
        b"Max-Forwards: 70\r\n",
        b"Expires: 0\r\n",
        b"a",
    ]
)
BYTES = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=30).map(b"".join))


@given(BYTES)
@MANY
def test_any_bytes_are_a_message_or_a_message_error(data: bytes) -> None:
    sip_message.run(data)


@given(st.lists(BYTES, max_size=5))
@MANY
def test_any_stream_is_framed_or_lost(chunks: list[bytes]) -> None:
    framer = StreamFramer()
    for chunk in chunks:
        try:
            framer.feed(chunk)
        except FramingError:
            return


@given(st.one_of(LINE, BYTES.map(lambda data: data.decode("utf-8", "surrogateescape"))))
@MANY
def test_any_text_is_a_value_or_a_message_error(text: str) -> None:
    sip_message.read_values(text)
    parse_challenges([text])


@CORE
@given(BYTES)
def test_uris_that_parse_can_be_compared(data: bytes) -> None:
    try:
        uri = SipUri.parse("sip:" + data.decode("utf-8", "surrogateescape"))
    except MessageError:
        return
    assert uri.equivalent(uri)


# --- digest --------------------------------------------------------------------------------------

ALGORITHM = st.sampled_from([*ALGORITHMS, *(f"{name}-sess" for name in ALGORITHMS), ""])
CHALLENGES = st.builds(
    Challenge,
    LINE,
    LINE.filter(bool),
    ALGORITHM,
    st.sampled_from([(), ("auth",), ("auth", "auth-int"), ("auth-int",)]),
    st.none() | LINE,
    st.booleans(),
    st.booleans(),
)


@CORE
@given(st.lists(CHALLENGES, max_size=3), st.booleans())
def test_challenges_round_trip_alone_and_joined(challenges: list[Challenge], joined: bool) -> None:
    values = [str(challenge) for challenge in challenges]
    assert parse_challenges([", ".join(values)] if joined else values) == challenges


@CORE
@given(CHALLENGES, LINE, LINE, TOKEN, URIS.map(str), st.binary(max_size=30))
def test_an_answer_can_be_checked(
    challenge: Challenge, username: str, secret: str, method: str, uri: str, body: bytes
) -> None:
    auth = DigestAuth(username, secret, lambda size: bytes(size))
    answer = Answer.parse(auth.answer([challenge], method, uri, body, realm=challenge.realm) or "")
    assert (answer.realm, answer.nonce, answer.uri, answer.opaque) == (
        challenge.realm,
        challenge.nonce,
        uri,
        challenge.opaque,
    )
    assert answer.response == compute_response(answer, username, secret, method, body)
    assert answer.response != compute_response(answer, username, secret + "x", method, body)


@CORE
@given(
    ALGORITHM.filter(bool),
    LINE,
    LINE,
    st.lists(st.sampled_from(["again", "replay", "late", "forged"]), max_size=6),
)
def test_server_and_client(algorithm: str, username: str, secret: str, steps: list[str]) -> None:
    counter = iter(range(10_000))
    server = DigestVerifier(
        "realm",
        {username: secret}.get,
        lambda size: next(counter).to_bytes(size, "big"),
        algorithms=(algorithm,),
    )
    auth = DigestAuth(username, secret, lambda size: bytes(size))
    now = 0.0
    challenges = parse_challenges(server.challenges(now))
    last = ""
    for step in steps:
        value = auth.answer(challenges, "REGISTER", "sip:realm") or ""
        if step == "again":
            assert server.verify(value, "REGISTER", now).outcome is Outcome.GOOD
            last = value
        elif step == "replay" and last:
            assert server.verify(last, "REGISTER", now).outcome is Outcome.STALE
        elif step == "late":
            now += 301.0
            assert server.verify(value, "REGISTER", now).outcome is Outcome.STALE
            challenges = parse_challenges(server.challenges(now, stale=True))
        elif step == "forged":
            assert server.verify(value, "INVITE", now).outcome is Outcome.WRONG
