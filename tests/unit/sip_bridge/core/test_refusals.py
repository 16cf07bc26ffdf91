"""Requests that are refused for what they are: where the answer goes, and what it says."""

from __future__ import annotations

import pytest

from sip_bridge.core.effects import Transmit
from sip_bridge.core.errors import FramingError
from sip_bridge.core.events import IncomingInvite
from sip_bridge.core.framing import KeepAlive, StreamFramer
from sip_bridge.core.message import Request, Response
from tests.doubles.sip_rig import SERVER, Rig, call_for_us


def _refused(*changed: tuple[str, str], method: str = "INVITE") -> tuple[Response, Transmit]:
    """The one answer to such a request from our server, and how it was sent."""
    rig = Rig()
    rig.register()
    request = call_for_us()
    request = Request(method, request.uri, request.headers, request.body)
    for name, value in changed:
        request.headers.set(name, value)
    rig.sent()
    rig.raw.clear()
    rig.receive(request)
    (answer,) = rig.sent()
    assert isinstance(answer, Response)
    return answer, rig.raw[0]


def test_a_malformed_request_is_answered_where_its_via_says() -> None:
    answer, transmit = _refused(
        ("Max-Forwards", "300"), ("Via", "SIP/2.0/UDP host.example.com:5070;branch=z9hG4bKv")
    )
    assert (answer.status, answer.top_via.received) == (400, SERVER[0])
    assert transmit.to == (SERVER[0], 5070)


def test_where_the_via_cannot_be_read_the_answer_goes_back() -> None:
    answer, transmit = _refused(("Via", "SIP/7.0/UDP host.example.com;branch=z9hG4bKv"))
    assert (answer.status, answer.headers.get("Via")) == (400, "SIP/7.0/UDP host.example.com;branch=z9hG4bKv")
    assert transmit.to is None


@pytest.mark.parametrize(("method", "status"), [("NEWMETHOD", 501), ("REGISTER", 400), ("OPTIONS", 400)])
def test_what_an_unknown_method_means_by_its_cseq_is_not_judged(method: str, status: int) -> None:
    answer, _ = _refused(("CSeq", "1 INVITE"), method=method)
    assert answer.status == status
    assert ("Allow" in answer.headers) == (status == 501)


@pytest.mark.parametrize("accept", ["text/nobodyKnowsThis", "", "audio/*"])
def test_a_call_that_takes_no_sdp_is_406(accept: str) -> None:
    answer, _ = _refused(("Accept", accept))
    assert answer.status == 406


@pytest.mark.parametrize("accept", ["text/plain, Application/SDP;level=1", "application/*", "*/*;q=0.1"])
def test_a_call_that_takes_sdp_among_others_rings(accept: str) -> None:
    answer, _ = _refused(("Accept", accept))
    assert answer.status == 100


def test_an_unknown_extension_is_named_as_it_was_written() -> None:
    answer, _ = _refused(("Require", "100rel, NoBody-Knows"))
    assert (answer.status, answer.headers.get("Unsupported")) == (420, "NoBody-Knows")


def test_requests_whose_branch_is_only_the_cookie_are_told_apart() -> None:
    rig = Rig()
    rig.register()
    rig.sent()
    for call in ("one", "two", "one"):
        request = call_for_us(call_id=call, branch="z9hG4bK", body=b"")
        request.headers.set("CSeq", "1 OPTIONS")
        rig.receive(Request("OPTIONS", request.uri, request.headers))
    one, two, again = rig.sent()
    assert [answer.call_id for answer in (one, two, again)] == ["one", "two", "one"]
    assert bytes(again) == bytes(one)


@pytest.mark.parametrize(
    "lengths", ["Content-Length: -9", "l: five", "Content-Length: 3\r\nl: 4", "l: 12345678901"]
)
def test_headers_whose_length_is_wrong_are_answered_before_the_stream_is_lost(lengths: str) -> None:
    rig = Rig(transport="tcp")
    rig.register()
    rig.sent()
    head, _, _ = bytes(call_for_us(body=b"")).partition(b"Content-Length")
    with pytest.raises(FramingError) as fault:
        StreamFramer().feed(b"\r\n\r\n" + head + lengths.encode() + b"\r\n\r\nwho knows")
    ping, rest = fault.value.received
    assert ping is KeepAlive.PING
    assert isinstance(rest, bytes)
    rig.receive(rest)
    rig.response(400)
    assert not rig.of(IncomingInvite)
