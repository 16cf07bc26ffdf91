"""RFC 4475: each of its 49 messages, by wire to the product's own client, gets what its section says.

The client is a phone: what the RFC says of "an element" or of user agents binds. For REGISTER, which a
phone does not serve, "well formed" shows as 405 (RFC 3261 8.2.1) and "malformed" as 400.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from sip_bridge import client_events as told
from sip_bridge.core.message import Request, Response
from sip_bridge.io import stream
from tests.lab.certificates import Authority
from tests.lab.printed import message
from tests.lab.torture import assert_answers, assert_works, connected, ring_and_refuse

RFC = "rfc4475"
OTHER_PORTS = {"quotbal": 5050}
"""Where a Via names a port the answer goes there."""

ANSWER = b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"


def case(name: str, section: str, what: str, *values: object) -> ParameterSet:
    """One message: its name, what is expected of it, and its row of the table."""
    mark = pytest.mark.conformance(f"RFC 4475 {section}", f"{name}: {what}")
    return pytest.param(name, *values, id=name, marks=mark)


def answered(name: str, section: str, status: int, what: str, transport: str = "udp") -> ParameterSet:
    """A message that gets one answer."""
    return case(name, section, f"{what}: {status}", transport, status)


# --- calls that ring --------------------------------------------------------------------------------

LONG = "amazinglylongcallername" * 5


@pytest.mark.parametrize(
    ("name", "transport", "caller"),
    [
        case("esc01", "3.1.1.3", "escapes in URIs; it rings", "udp", "sip:I%20have%20spaces@example.net"),
        case(
            "longreq", "3.1.1.7", "long names, values and 34 Vias; it rings", "tcp", f"sip:{LONG}@example.net"
        ),
        case(
            "baddate", "3.1.2.12", "a Date not in GMT is ignored; it rings", "udp", "sip:caller@example.net"
        ),
        case(
            "inv2543",
            "3.4.1",
            "a call as of RFC 2543 rings",
            "udp",
            "sip:+13035551111@ift.client.example.net",
        ),
    ],
)
async def test_a_call_rings(name: str, transport: str, caller: str) -> None:
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, transport)
        assert await ring_and_refuse(server, phone, message(RFC, name)) == caller
        await assert_works(server, phone)


# --- requests that get one answer --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "transport", "status"),
    [
        # Its To has a tag: a phone that knows no such dialog says so (RFC 3261 12.2.2). 400 would be wrong.
        answered("wsinv", "3.1.1.1", 481, "blanks and folds everywhere, in a dialog nobody knows"),
        answered("intmeth", "3.1.1.2", 501, "every character a token may have; an unknown method", "tcp"),
        answered("escnull", "3.1.1.4", 405, "escaped NULs in user parts are well formed"),
        answered("esc02", "3.1.1.5", 501, "a % that escapes nothing: RE%47IST%45R is no REGISTER", "tcp"),
        answered("lwsdisp", "3.1.1.6", 200, "no blank between display name and <"),
        answered("dblreq", "3.1.1.8", 405, "what stands behind the body is noise, not a call"),
        answered("semiuri", "3.1.1.9", 200, "semicolons in the user part"),
        answered("transports", "3.1.1.10", 200, "all transports in Via, and one nobody knows"),
        # It is framed and understood; a phone that shows no messages takes none (RFC 3261 8.2.1).
        answered("mpart01", "3.1.1.11", 405, "a multipart body with NULs, of no use to a phone"),
        answered("badinv01", "3.1.2.1", 400, "separators without values"),
        answered("clerr", "3.1.2.2", 400, "Content-Length beyond the datagram"),
        answered("ncl", "3.1.2.3", 400, "negative Content-Length"),
        answered("scalar02", "3.1.2.4", 400, "numbers out of range in a request", "tcp"),
        answered("quotbal", "3.1.2.6", 400, "a quote that is not closed"),
        answered("ltgtruri", "3.1.2.7", 400, "the Request-URI in <>"),
        answered("lwsruri", "3.1.2.8", 400, "blanks in the Request-URI"),
        answered("lwsstart", "3.1.2.9", 400, "more than one blank in the start line"),
        answered("trws", "3.1.2.10", 400, "blanks at the end of the start line", "tcp"),
        answered("escruri", "3.1.2.11", 400, "headers in the Request-URI"),
        answered("regbadct", "3.1.2.13", 400, "a URI with headers without <>"),
        # 3.1.2.14 and 3.1.2.15 leave the choice between 400 and tolerance.
        answered("badaspec", "3.1.2.14", 200, "blanks within <> are tolerated"),
        answered("baddn", "3.1.2.15", 200, "a comma in an unquoted display name is tolerated"),
        answered("badvers", "3.1.2.16", 505, "an unknown version"),
        answered("mismatch01", "3.1.2.17", 400, "start line and CSeq name different methods"),
        answered("mismatch02", "3.1.2.18", 501, "the same where the method is unknown"),
        answered("badbranch", "3.2.1", 200, "a branch that is only the cookie"),
        answered("insuf", "3.3.1", 400, "required headers are missing"),
        answered("unkscm", "3.3.2", 416, "a Request-URI of an unknown scheme", "tcp"),
        answered("novelsc", "3.3.3", 416, "a Request-URI of a scheme that is not SIP's", "tcp"),
        # A registrar would say 400 of the To; for a phone To and From are only names.
        answered("unksm2", "3.3.4", 405, "unknown schemes in To, From and Contact are well formed"),
        answered(
            "bext01", "3.3.5", 420, "what is required of us and unknown is named, not of proxies", "tls"
        ),
        answered("invut", "3.3.6", 415, "a body of unknown type; what we read is told"),
        # A phone asks nobody for credentials: those that come unasked are ignored (RFC 3261 22).
        answered("regaut01", "3.3.7", 405, "an unknown authorization scheme hurts nobody", "tcp"),
        answered("multi01", "3.3.8", 400, "several values where one may stand"),
        answered("mcl01", "3.3.9", 400, "two Content-Lengths"),
        answered("zeromf", "3.3.11", 200, "Max-Forwards 0 is no fault where nothing is forwarded"),
        answered("cparam01", "3.3.12", 405, "a parameter of the Contact is well formed"),
        answered("cparam02", "3.3.13", 405, "a parameter of the Contact's URI is well formed"),
        answered("regescrt", "3.3.14", 405, "a Contact's URI with headers, in <>, is well formed"),
        answered("sdp01", "3.3.15", 406, "an Accept without SDP"),
    ],
)
async def test_a_request_is_answered(name: str, transport: str, status: int, tmp_path: Path) -> None:
    authority = Authority(tmp_path) if transport == "tls" else None
    async with AsyncExitStack() as stack:
        ports = [OTHER_PORTS[name]] if name in OTHER_PORTS else []
        server, phone = await connected(stack, transport, *ports, authority=authority)
        data = message(RFC, name)
        server.send(data)
        (answer,) = [answer for answer in await server.all_answers() if answer.status != 100]
        assert answer.status == status
        assert_answers(server, data, answer)
        _assert_says_why(name, answer)
        if "INVITE" in (answer.headers.get("CSeq") or "") and "Call-ID" in answer.headers:
            server.acknowledge(data, answer)
        assert not phone.heard(told.Incoming)
        await assert_works(server, phone)


def _assert_says_why(name: str, answer: Response) -> None:
    """The headers with which an answer says what would have been right."""
    if answer.status in (405, 501):
        assert "OPTIONS" in answer.headers.get_all("Allow")
    if answer.status == 415:
        assert answer.headers.get_all("Accept") == ["application/sdp"]
    if answer.status == 420:
        assert answer.headers.get_all("Unsupported") == ["nothingSupportsThis", "nothingSupportsThisEither"]
    if name == "transports":
        assert [via.transport for via in answer.vias] == ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]


@pytest.mark.conformance("RFC 4475 3.2.1", "badbranch: two requests whose branch is only the cookie are two")
async def test_the_bare_cookie_is_no_transaction_identifier() -> None:
    async with AsyncExitStack() as stack:
        server, _ = await connected(stack, "udp")
        data = message(RFC, "badbranch")
        server.send(data)
        server.send(data.replace(b"badbranch.", b"another."))
        answers = await server.all_answers()
        assert [answer.call_id.partition(".")[0] for answer in answers] == ["badbranch", "another"]


# --- responses ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "transport"),
    [
        case("unreason", "3.1.1.12", "an unusual reason phrase; the response is nobody's: silence", "udp"),
        case("noreason", "3.1.1.13", "no reason phrase; the response is nobody's: silence", "udp"),
        case("scalarlg", "3.1.2.5", "numbers out of range in a response: dropped", "tcp"),
        case("bigcode", "3.1.2.19", "a status beyond 699: dropped", "udp"),
        case("bcast", "3.3.10", "a response with a second Via, to everybody: dropped", "udp"),
    ],
)
async def test_a_response_to_nothing_is_dropped(name: str, transport: str) -> None:
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, transport)
        server.send(message(RFC, name))
        assert await server.all_answers() == []
        assert {request.method for request in server.requests} == {"REGISTER"}
        await assert_works(server, phone)


@pytest.mark.conformance("RFC 4475 3.1.1.12", "unreason: its status line establishes a call of ours")
@pytest.mark.conformance("RFC 4475 3.1.1.13", "noreason: its status line is a 100 to a call of ours")
async def test_reason_phrases_are_for_people() -> None:
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, "udp")
        call_id = await phone.client.dial("1002")
        invite = await server.request("INVITE")
        server.send(_under_the_line_of("noreason", invite.reply(100)))
        server.send(_under_the_line_of("unreason", _accepting(invite)))
        await phone.wait_for(told.Established)
        ack = await server.request("ACK")
        assert (ack.call_id, ack.to.tag) == (invite.call_id, "theirs")
        server.hang_up(invite)
        assert (await phone.wait_for(told.Ended)).call_id == call_id
        await assert_works(server, phone)


def _under_the_line_of(name: str, answer: Response) -> bytes:
    """The answer under the status line that the RFC prints."""
    return message(RFC, name).partition(b"\r\n")[0] + b"\r\n" + bytes(answer).partition(b"\r\n")[2]


def _accepting(invite: Request) -> Response:
    answer = invite.reply(200, to_tag="theirs")
    answer.headers.add("Contact", "<sip:server@example.com>")
    answer.headers.add("Content-Type", "application/sdp")
    answer.body = ANSWER
    return answer


# --- streams -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "statuses"),
    [
        case(
            "clerr", "3.1.2.2", "by TCP: nothing more comes, and after a while the connection is closed", []
        ),
        case(
            "ncl", "3.1.2.3", "by TCP: 400, and the connection, whose messages have no end, is closed", [400]
        ),
        case(
            "mcl01", "3.3.9", "by TCP: 400, and the connection, whose messages have no end, is closed", [400]
        ),
    ],
)
async def test_a_stream_that_is_lost_is_closed(
    name: str, statuses: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream.Stream.__init__, "__defaults__", (0.3,))
    async with AsyncExitStack() as stack:
        server, phone = await connected(stack, "tcp")
        server.send(message(RFC, name))
        await server.request("REGISTER", 2)
        assert (server.connections, server.lost) == (2, 1)
        assert [answer.status for answer in server.answers] == statuses
        assert not phone.heard(told.Incoming)
        await assert_works(server, phone)
