"""Session timers (RFC 4028)."""

from __future__ import annotations

import pytest

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.events import Ended, IncomingInvite, ReofferFailed
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import CONTACT, ROUTE, Rig, call_for_us, calling, inside, talking

ALLOW_UPDATE = ("Allow", "INVITE, ACK, BYE, UPDATE")
TIMER = ("Supported", "timer")


def _answer(rig: Rig, *headers: tuple[str, str]) -> tuple[tuple[str, ...], str]:
    """A call for us, answered: what our 2xx says about the session."""
    rig.register()
    rig.receive(call_for_us(*headers))
    rig.agent.answer(rig.last(IncomingInvite).call, b"answer", rig.now)
    ok = rig.sent()[-1]
    rig.receive(inside(ok, "ACK", 1, ours=False))
    return ok.require, ok.headers.get("Session-Expires") or ""


# --- we called -----------------------------------------------------------------------------------


def test_our_invite_names_an_interval() -> None:
    rig = Rig(AgentConfig(session_expires=1200))
    _, invite = calling(rig)
    assert invite.headers.get("Session-Expires") == "1200"
    assert invite.headers.get("Min-SE") == "90"
    assert "timer" in invite.supported


def test_without_timers_nothing_is_said() -> None:
    rig = Rig(AgentConfig(session_expires=0))
    _, invite = calling(rig)
    assert "Session-Expires" not in invite.headers
    require, said = _answer(Rig(AgentConfig(session_expires=0)), TIMER, ("Session-Expires", "1800"))
    assert (require, said) == ((), "")


def test_as_refresher_we_update_at_half_time() -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", "1800;refresher=uac"), ALLOW_UPDATE)
    rig.wait(899)
    assert rig.sent() == []
    rig.wait(1.1)
    update = rig.request("UPDATE")
    assert update.body == b""
    assert update.headers.get("Session-Expires") == "1800;refresher=uac"
    rig.reply(update, 200, CONTACT, ("Session-Expires", "1800;refresher=uac"))
    rig.wait(900.1)
    assert rig.names() == ["UPDATE"]
    assert rig.of(Ended) == []


def test_a_peer_without_update_is_refreshed_by_reinvite_with_what_stands() -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", "90;refresher=uac"))
    rig.wait(45.1)
    invite = rig.request("INVITE")
    assert invite.body == b"offer"
    rig.reply(invite, 200, CONTACT, ("Session-Expires", "90"), body=b"answer")
    assert rig.names() == ["ACK"]
    rig.wait(45.1)
    assert rig.names() == ["INVITE"]


def test_a_peer_that_learnt_update_meanwhile_is_refreshed_by_it() -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", "90;refresher=uac"))
    rig.wait(45.1)
    again = ("Session-Expires", "90;refresher=uac")
    rig.reply(rig.request("INVITE"), 200, CONTACT, ALLOW_UPDATE, again, body=b"answer")
    rig.request("ACK")
    rig.wait(45.1)
    rig.request("UPDATE")


def test_a_failed_refresh_is_no_news_but_the_session_expires() -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", "90;refresher=uac"), ALLOW_UPDATE)
    rig.wait(45.1)
    rig.reply(rig.request("UPDATE"), 500)
    rig.wait(14)
    assert rig.sent() == []
    rig.wait(1)
    assert rig.names() == ["BYE"]
    assert rig.of(ReofferFailed) == []
    assert rig.last(Ended).reason_key == "network-lost"


def test_a_refresh_that_found_no_way_is_tried_again_and_a_reoffer_does_it_too() -> None:
    rig = Rig(transport="tcp")
    handle, _ = talking(rig, ("Session-Expires", "1800;refresher=uac"), ALLOW_UPDATE)
    rig.wait(900.1)
    rig.request("UPDATE")
    rig.closed_flow()
    rig.wait(4.01)
    rig.open()
    rig.reply(rig.request("REGISTER"), 200, ("Expires", "1000000"))
    rig.wait(6)
    update = rig.request("UPDATE")
    rig.closed_flow()
    rig.wait(4.01)
    rig.open()
    rig.reply(rig.request("REGISTER"), 200, ("Expires", "1000000"))
    rig.agent.reoffer(handle, b"hold", rig.now)
    rig.reply(rig.request("INVITE"), 200, CONTACT, ("Session-Expires", "1800;refresher=uac"), body=b"held")
    rig.sent()
    rig.wait(800)
    assert rig.sent() == []
    assert update.body == b""
    assert rig.of(ReofferFailed) == []


@pytest.mark.parametrize(("interval", "end"), [(300, 268), (90, 60)])
def test_when_the_peer_does_not_refresh_we_end_it_a_little_before_time(interval: int, end: int) -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", f"{interval};refresher=uas"))
    rig.wait(end - 1)
    assert rig.sent() == []
    rig.wait(1.1)
    bye = rig.request("BYE")
    assert "cause=408" in (bye.headers.get("Reason") or "")


def test_the_peers_refresh_starts_the_time_again() -> None:
    rig = Rig()
    _, ack = talking(rig, ("Session-Expires", "300;refresher=uas"))
    rig.wait(200)
    rig.receive(inside(ack, "UPDATE", 1, CONTACT, TIMER, ("Session-Expires", "300;refresher=uac")))
    ok = rig.response(200)
    assert ok.headers.get("Session-Expires") == "300;refresher=uac"
    assert ok.require == ("timer",)
    rig.wait(260)
    assert rig.sent() == []


def test_without_session_expires_in_the_2xx_nothing_expires() -> None:
    rig = Rig()
    talking(rig)
    rig.wait(60_000)
    assert rig.sent() == []


def test_a_broken_session_expires_is_none() -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", "soon"))
    rig.wait(50_000)
    assert rig.of(Ended) == []


def test_422_asks_for_a_longer_interval() -> None:
    rig = Rig(AgentConfig(session_expires=100))
    _, invite = calling(rig)
    rig.reply(invite, 422, ("Min-SE", "600"))
    again = rig.sent()[-1]
    assert isinstance(again, Request)
    assert (again.headers.get("Session-Expires"), again.headers.get("Min-SE")) == ("600", "600")
    assert again.cseq.number == invite.cseq.number + 1
    rig.reply(again, 422, ("Min-SE", "600"))
    assert rig.last(Ended).status == 422


def test_422_without_min_se_is_a_refusal() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 422)
    assert rig.last(Ended).status == 422


def test_422_to_a_refresh_asks_again_at_once() -> None:
    rig = Rig()
    talking(rig, ("Session-Expires", "90;refresher=uac"), ALLOW_UPDATE)
    rig.wait(45.1)
    rig.reply(rig.request("UPDATE"), 422, ("Min-SE", "300"))
    assert rig.request("UPDATE").headers.get("Session-Expires") == "300;refresher=uac"


def _reoffering_at_half_time(rig: Rig) -> Request:
    """A re-INVITE of ours is open at the moment a refresh is due."""
    handle, _ = talking(rig, ("Session-Expires", "90;refresher=uac"), ALLOW_UPDATE)
    rig.wait(44.9)
    rig.agent.reoffer(handle, b"hold", rig.now)
    invite = rig.request("INVITE")
    rig.wait(0.2)
    assert rig.sent() == []
    return invite


def test_a_reoffer_that_is_accepted_is_the_refresh() -> None:
    rig = Rig()
    invite = _reoffering_at_half_time(rig)
    rig.reply(invite, 200, CONTACT, ("Session-Expires", "90;refresher=uac"), body=b"held")
    assert rig.names() == ["ACK"]
    rig.wait(44)
    assert rig.sent() == []
    rig.wait(1.1)
    rig.request("UPDATE")


def test_a_refresh_waits_for_a_reoffer_and_follows_its_refusal() -> None:
    rig = Rig()
    invite = _reoffering_at_half_time(rig)
    rig.reply(invite, 488)
    assert rig.names() == ["ACK", "UPDATE"]


@pytest.mark.parametrize("accepted", [True, False])
def test_a_refresh_waits_for_what_the_peer_offers(accepted: bool) -> None:
    rig = Rig()
    handle, ack = talking(rig, ("Session-Expires", "90;refresher=uac"), ALLOW_UPDATE)
    rig.wait(44)
    rig.receive(inside(ack, "INVITE", 1, CONTACT, TIMER, ("Session-Expires", "90"), body=b"theirs"))
    rig.wait(2)
    assert set(rig.names()) == {"100 INVITE"}
    if accepted:
        rig.agent.answer_offer(handle, b"ours", rig.now)
        rig.receive(inside(ack, "ACK", 1))
        assert rig.names() == ["200 INVITE"]
    else:
        rig.agent.refuse_offer(handle, 488, rig.now)
        assert rig.names() == ["488 INVITE", "UPDATE"]


# --- we are called -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "require", "said"),
    [
        ((), (), ""),
        ((TIMER,), (), "1800;refresher=uas"),
        ((TIMER, ("Session-Expires", "600")), (), "600;refresher=uas"),
        ((TIMER, ("Session-Expires", "600;refresher=uac")), ("timer",), "600;refresher=uac"),
        ((("Session-Expires", "600;refresher=uac"),), (), "600;refresher=uas"),
        ((TIMER, ("Session-Expires", "7200")), (), "1800;refresher=uas"),
        ((TIMER, ("Session-Expires", "7200"), ("Min-SE", "3600")), (), "3600;refresher=uas"),
        ((("Session-Expires", "30"),), (), "90;refresher=uas"),
    ],
)
def test_who_refreshes_and_how_often(
    headers: tuple[tuple[str, str], ...], require: tuple[str, ...], said: str
) -> None:
    assert _answer(Rig(), *headers) == (require, said)


def test_too_short_an_interval_is_422() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us(TIMER, ("Session-Expires", "30")))
    refusal = rig.response(422)
    assert refusal.headers.get("Min-SE") == "90"
    assert rig.of(IncomingInvite) == []


@pytest.mark.parametrize(("method", "body"), [("UPDATE", b""), ("UPDATE", b"offer"), ("INVITE", b"offer")])
def test_too_short_an_interval_is_422_inside_a_call_too(method: str, body: bytes) -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, method, 1, CONTACT, TIMER, ("Session-Expires", "30"), body=body))
    rig.response(422)


def test_as_refresher_we_refresh_a_call_for_us() -> None:
    rig = Rig()
    _answer(rig, TIMER, ("Session-Expires", "200"), ALLOW_UPDATE)
    rig.wait(100.1)
    assert rig.request("UPDATE").headers.get("Session-Expires") == "200;refresher=uac"


def test_a_call_that_ended_is_not_refreshed() -> None:
    rig = Rig()
    handle, _ = talking(rig, ROUTE, ("Session-Expires", "90;refresher=uac"))
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(rig.request("BYE"), 200)
    rig.wait(1000)
    assert rig.sent() == []
