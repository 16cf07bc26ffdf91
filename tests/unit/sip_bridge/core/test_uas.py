"""What requests from outside get: the checks of RFC 3261 8.2 and 12.2.2, method by method."""

from __future__ import annotations

import pytest

from sip_bridge.core.calls import UnknownCall
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.events import Ended, IncomingInvite, InfoReceived, NotifyReceived
from tests.doubles.sip_rig import (
    CONTACT,
    Rig,
    answered,
    call_for_us,
    calling,
    cancelling,
    inside,
    outside,
    talking,
)


def test_options_tell_what_we_can() -> None:
    rig = Rig()
    rig.register()
    rig.receive(outside("OPTIONS"))
    ok = rig.response(200)
    assert "UPDATE" in ok.allow
    assert "replaces" in ok.supported
    assert "application/sdp" in (ok.headers.get("Accept") or "")
    assert ok.to.tag


def test_options_inside_a_call() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, "OPTIONS", 1))
    rig.response(200)


def test_a_full_house_is_busy() -> None:
    rig = Rig(AgentConfig(max_calls=1))
    rig.register()
    rig.receive(call_for_us())
    rig.response(100)
    rig.receive(call_for_us(call_id="in2", branch="z9hG4bKin2"))
    rig.response(486)
    rig.receive(outside("OPTIONS"))
    rig.response(486)
    assert len(rig.of(IncomingInvite)) == 1


@pytest.mark.parametrize(("method", "status"), [("SUBSCRIBE", 405), ("REGISTER", 405), ("DANCE", 501)])
def test_methods_we_do_not_serve(method: str, status: int) -> None:
    rig = Rig()
    rig.register()
    rig.receive(outside(method))
    assert "INVITE" in rig.response(status).allow


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INFO", "REFER", "PRACK"])
def test_requests_that_need_a_dialog_get_481_outside(method: str) -> None:
    rig = Rig()
    rig.register()
    rig.receive(outside(method))
    assert rig.response(481).to.tag


def test_a_request_in_a_dialog_we_do_not_know_is_481() -> None:
    rig = Rig()
    _, ack = talking(rig)
    stranger = inside(ack, "BYE", 1)
    stranger.headers.set("Call-ID", "guess")
    rig.receive(stranger)
    rig.response(481)
    assert rig.of(Ended) == []


def test_an_extension_we_do_not_know_is_named() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us(("Require", "timer, precondition")))
    assert rig.response(420).headers.get("Unsupported") == "precondition"
    assert rig.of(IncomingInvite) == []


def test_the_same_call_by_two_ways_rings_once() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us())
    rig.response(100)
    rig.receive(call_for_us(branch="z9hG4bKother"))
    rig.response(482)
    assert len(rig.of(IncomingInvite)) == 1


def test_a_body_we_cannot_read_is_415() -> None:
    rig = Rig()
    rig.register()
    invite = call_for_us(body=b"")
    invite.headers.add("Content-Type", "text/plain")
    invite.body = b"hello"
    rig.receive(invite)
    assert rig.response(415).headers.get("Accept") == "application/sdp"


def test_a_packed_body_is_415_that_says_so_and_an_optional_one_is_left_unread() -> None:
    rig = Rig()
    rig.register()
    packed = call_for_us(branch="z9hG4bKpacked")
    packed.headers.add("Content-Encoding", "gzip")
    rig.receive(packed)
    assert rig.response(415).headers.get("Accept-Encoding") == "identity"
    picture = call_for_us(branch="z9hG4bKpicture", call_id="picture", body=b"")
    picture.headers.add("Content-Type", "image/png")
    picture.headers.add("Content-Disposition", "icon; handling=Optional")
    picture.body = b"\x89PNG"
    rig.receive(picture)
    rig.response(100)
    assert rig.last(IncomingInvite).offer is None


@pytest.mark.parametrize(("size", "status"), [(65_536, 200), (65_537, 413), (200_000, 413)])
def test_a_body_may_have_64_kilobytes(size: int, status: int) -> None:
    rig = Rig(transport="tcp")
    _, ack = talking(rig)
    rig.receive(inside(ack, "INFO", 5, body=b"x" * size, content_type="text/plain"))
    rig.response(status)


def test_an_update_with_a_body_we_cannot_read_is_415() -> None:
    rig = Rig()
    _, ack = talking(rig)
    update = inside(ack, "UPDATE", 5)
    update.headers.add("Content-Type", "text/plain")
    update.body = b"hello"
    rig.receive(update)
    rig.response(415)


def test_an_old_number_is_500() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(inside(ack, "INFO", 5))
    rig.response(200)
    rig.receive(inside(ack, "INFO", 5))
    rig.response(500)


def test_info_is_told_and_sent() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "INFO", 1, body=b"Signal=5", content_type="application/dtmf-relay"))
    rig.response(200)
    assert rig.last(InfoReceived) == InfoReceived(handle, "application/dtmf-relay", b"Signal=5")
    rig.agent.send_info(handle, "application/dtmf-relay", b"Signal=1", rig.now)
    info = rig.request("INFO")
    assert (info.content_type, info.body) == ("application/dtmf-relay", b"Signal=1")
    rig.reply(info, 415)
    assert rig.of(Ended) == []


def test_a_message_nobody_would_read_is_refused_inside_and_outside() -> None:
    rig = Rig()
    _, ack = talking(rig)
    rig.receive(outside("MESSAGE", ("Content-Type", "text/plain"), body=b"hi"))
    assert "MESSAGE" not in rig.response(405).headers.get_all("Allow")
    rig.receive(inside(ack, "MESSAGE", 1, body=b"there", content_type="text/plain"))
    rig.response(405)


def test_news_of_the_mailbox_is_told_and_other_news_refused() -> None:
    rig = Rig()
    rig.register()
    rig.receive(
        outside(
            "NOTIFY",
            ("Event", "message-summary"),
            ("Content-Type", "application/simple-message-summary"),
            body=b"Messages-Waiting: yes\r\n",
        )
    )
    rig.response(200)
    assert rig.last(NotifyReceived).event == "message-summary"
    rig.receive(outside("NOTIFY", ("Event", "presence"), branch="z9hG4bKq"))
    rig.response(481)


def test_a_refusal_nobody_acknowledges_troubles_nobody() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us(("Require", "unheard-of")))
    rig.wait(40)
    assert set(rig.names()) == {"420 INVITE"}


def test_a_cancel_of_a_refused_call_leaves_the_running_one_alone() -> None:
    rig = Rig()
    handle, _ = talking(rig)
    refused = call_for_us(("Require", "unheard-of"))
    rig.receive(refused)
    rig.receive(cancelling(refused))
    assert rig.names() == ["420 INVITE", "200 CANCEL"]
    assert rig.of(Ended) == []
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.request("BYE")


def test_a_bye_from_a_party_that_only_rings_is_answered_and_the_call_goes_on() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    bye = inside(invite, "BYE", 1)
    bye.headers.set("From", f"{invite.headers.get('To')};tag=far")
    rig.receive(bye)
    rig.response(200)
    assert rig.of(Ended) == []


@pytest.mark.parametrize("handle", ["call-2", "call-0", "call-x", "", "x-1"])
def test_a_handle_never_given_out_is_our_own_mistake(handle: str) -> None:
    rig = Rig()
    answered(rig)
    with pytest.raises(UnknownCall):
        rig.agent.cancel_or_bye(handle, rig.now)


def test_commands_for_a_call_that_is_over_do_nothing() -> None:
    rig = Rig()
    handle, ack = talking(rig)
    rig.receive(inside(ack, "BYE", 1))
    rig.sent()
    agent, now = rig.agent, rig.now
    agent.ring(handle, now)
    agent.answer(handle, b"x", now)
    agent.reject(handle, 486, now)
    agent.cancel_or_bye(handle, now)
    agent.reoffer(handle, b"x", now)
    agent.answer_offer(handle, b"x", now)
    agent.refuse_offer(handle, 488, now)
    agent.provide_offer(handle, b"x", now)
    agent.send_info(handle, "x/y", b"x", now)
    agent.refer(handle, "sip:x@y", now)
    agent.refer_to_call(handle, handle, now)
    agent.accept_refer(handle, now)
    agent.refuse_refer(handle, 603, now)
    assert rig.sent() == []


def test_more_new_calls_than_people_make_are_busy_for_a_while() -> None:
    rig = Rig(AgentConfig(max_rush=3, rush_window=10.0))
    rig.register()

    def call(number: int) -> None:
        invite = call_for_us(call_id=f"in{number}", branch=f"z9hG4bKin{number}")
        rig.receive(invite)
        rig.receive(cancelling(invite))

    for number in range(50):
        call(number)
    assert len(rig.of(IncomingInvite)) == 3
    assert rig.names().count("486 INVITE") == 47
    rig.wait(10.0)
    call(51)
    assert len(rig.of(IncomingInvite)) == 4
