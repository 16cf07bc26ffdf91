"""Transfer, the other way: the peer asks us to call somebody and hears how it goes."""

from __future__ import annotations

import pytest

from sip_bridge.core.events import Ended, ReferReceived
from sip_bridge.core.message import Request, Response
from tests.doubles.sip_rig import CONTACT, ROUTE, Rig, call_for_us, inside, talking


def _referred(rig: Rig, refer_to: str, *headers: tuple[str, str]) -> tuple[str, Request]:
    handle, ack = talking(rig)
    rig.receive(inside(ack, "REFER", 1, ("Refer-To", refer_to), *headers))
    return handle, ack


def test_the_peer_asks_us_to_call_and_hears_how_it_goes() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>", ("Referred-By", "<sip:bob@example.com>"))
    event = rig.last(ReferReceived)
    assert event == ReferReceived(handle, "sip:carol@example.com", "", "<sip:bob@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    accepted, trying = rig.sent()
    assert isinstance(accepted, Response)
    assert accepted.status == 202
    assert trying.body == b"SIP/2.0 100 Trying\r\n"
    assert trying.headers.get("Event") == "refer;id=1"
    assert (trying.headers.get("Subscription-State") or "").startswith("active")
    assert isinstance(trying, Request)
    rig.reply(trying, 200)
    rig.agent.accept_refer(handle, rig.now)
    rig.agent.invite(event.target, b"o", rig.now, referred_by=event.referred_by, refer=handle)
    invite = rig.request("INVITE")
    assert invite.headers.get("Referred-By") == "<sip:bob@example.com>"
    rig.reply(invite, 180, CONTACT)
    assert rig.request("NOTIFY").body == b"SIP/2.0 180 Ringing\r\n"
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"a")
    done, _ = rig.sent()
    assert done.body == b"SIP/2.0 200 OK\r\n"
    assert (done.headers.get("Subscription-State") or "").startswith("terminated")


def test_the_peer_hears_of_failure_too() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    rig.sent()
    rig.agent.invite("sip:carol@example.com", b"o", rig.now, refer=handle)
    rig.reply(rig.request("INVITE"), 486)
    _, notify = rig.sent()
    assert notify.body == b"SIP/2.0 486 Busy Here\r\n"
    assert rig.last(Ended).call != handle


def test_replaces_comes_out_of_the_uri() -> None:
    rig = Rig()
    _referred(rig, "<sip:carol@example.com?Replaces=abc%3Bto-tag%3D1%3Bfrom-tag%3D2>")
    event = rig.last(ReferReceived)
    assert (event.target, event.replaces) == ("sip:carol@example.com", "abc;to-tag=1;from-tag=2")


def test_a_refer_that_wants_no_news_gets_none() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>", ("Refer-Sub", "false"))
    rig.agent.accept_refer(handle, rig.now)
    assert rig.response(202).headers.get("Refer-Sub") == "false"
    rig.agent.invite("sip:carol@example.com", b"o", rig.now, refer=handle)
    rig.reply(rig.request("INVITE"), 180, CONTACT)
    assert rig.sent() == []


def test_refusing_a_transfer() -> None:
    rig = Rig()
    handle, ack = _referred(rig, "<sip:carol@example.com>")
    rig.agent.refuse_refer(handle, 603, rig.now)
    rig.response(603)
    rig.agent.refuse_refer(handle, 603, rig.now)
    rig.agent.accept_refer(handle, rig.now)
    assert rig.sent() == []
    rig.receive(inside(ack, "REFER", 2, ("Refer-To", "<sip:dave@example.com>")))
    assert len(rig.of(ReferReceived)) == 2


def test_an_accepted_transfer_that_comes_to_nothing_is_told() -> None:
    rig = Rig()
    handle, ack = _referred(rig, "<sip:carol@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    assert len(rig.sent()) == 2  # 202 and the first NOTIFY
    rig.agent.refuse_refer(handle, 603, rig.now)
    notify = rig.request("NOTIFY")
    assert notify.body.startswith(b"SIP/2.0 603 ")
    assert (notify.headers.get("Subscription-State") or "").startswith("terminated")
    rig.agent.refuse_refer(handle, 603, rig.now)
    assert rig.sent() == []
    rig.receive(inside(ack, "REFER", 2, ("Refer-To", "<sip:dave@example.com>")))
    assert len(rig.of(ReferReceived)) == 2


@pytest.mark.parametrize(
    ("refer_to", "status"), [("", 400), ("<broken", 400), ("<http://example.com>", 416), ("*", 416)]
)
def test_a_refer_to_nowhere(refer_to: str, status: int) -> None:
    rig = Rig()
    _referred(rig, refer_to)
    rig.response(status)
    assert rig.of(ReferReceived) == []


def test_a_refer_before_the_call_stands_has_to_wait() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.agent.ring("call-1", rig.now)
    ringing = rig.sent()[-1]
    rig.receive(inside(ringing, "REFER", 2, ("Refer-To", "<sip:carol@example.com>"), ours=False))
    rig.response(491)
    assert rig.of(ReferReceived) == []


def test_a_second_refer_waits_for_the_first() -> None:
    rig = Rig()
    _, ack = _referred(rig, "<sip:carol@example.com>")
    rig.receive(inside(ack, "REFER", 2, ("Refer-To", "<sip:dave@example.com>")))
    rig.response(491)


def test_hanging_up_answers_an_undecided_refer_and_tells_no_more() -> None:
    rig = Rig()
    handle, _ = _referred(rig, "<sip:carol@example.com>")
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.names() == ["487 REFER", "BYE"]


def test_after_the_first_call_ended_nobody_is_told() -> None:
    rig = Rig()
    handle, ack = _referred(rig, "<sip:carol@example.com>")
    rig.agent.accept_refer(handle, rig.now)
    rig.agent.invite("sip:carol@example.com", b"o", rig.now, refer=handle)
    invite = rig.sent()[-1]
    assert isinstance(invite, Request)
    rig.receive(inside(ack, "BYE", 2))
    rig.response(200)
    rig.reply(invite, 180, CONTACT)
    assert rig.sent() == []
    rig.agent.invite("sip:dave@example.com", b"o", rig.now, refer=handle)
    rig.request("INVITE")
