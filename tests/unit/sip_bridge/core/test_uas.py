"""What requests from outside get: the checks of RFC 3261 8.2 and 12.2.2, method by method."""

from __future__ import annotations

import pytest

from sip_bridge.core.calls import UnknownCall
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import Flow
from sip_bridge.core.events import (
    Ended,
    IncomingInvite,
    InfoReceived,
    NotifyReceived,
)
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import (
    CONTACT,
    LOCAL,
    PEER,
    Rig,
    answered,
    call_for_us,
    calling,
    cancelling,
    inside,
    talking,
)


def _plain(method: str, *headers: tuple[str, str], branch: str = "z9hG4bKp", body: bytes = b"") -> Request:
    request = call_for_us(body=b"", branch=branch, call_id=f"{method}-{branch}")
    plain = Request(method, request.uri, request.headers, body)
    plain.headers.set("CSeq", f"1 {method}")
    for header in headers:
        plain.headers.add(*header)
    return plain


def test_options_tell_what_we_can() -> None:
    rig = Rig()
    rig.register()
    rig.receive(_plain("OPTIONS"))
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
    rig.receive(_plain("OPTIONS"))
    rig.response(486)
    assert len(rig.of(IncomingInvite)) == 1


@pytest.mark.parametrize(("method", "status"), [("SUBSCRIBE", 405), ("REGISTER", 405), ("DANCE", 501)])
def test_methods_we_do_not_serve(method: str, status: int) -> None:
    rig = Rig()
    rig.register()
    rig.receive(_plain(method))
    assert "INVITE" in rig.response(status).allow


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INFO", "REFER", "PRACK"])
def test_requests_that_need_a_dialog_get_481_outside(method: str) -> None:
    rig = Rig()
    rig.register()
    rig.receive(_plain(method))
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
    rig.receive(_plain("MESSAGE", ("Content-Type", "text/plain"), body=b"hi"))
    assert "MESSAGE" not in rig.response(405).headers.get_all("Allow")
    rig.receive(inside(ack, "MESSAGE", 1, body=b"there", content_type="text/plain"))
    rig.response(405)


def test_news_of_the_mailbox_is_told_and_other_news_refused() -> None:
    rig = Rig()
    rig.register()
    rig.receive(
        _plain(
            "NOTIFY",
            ("Event", "message-summary"),
            ("Content-Type", "application/simple-message-summary"),
            body=b"Messages-Waiting: yes\r\n",
        )
    )
    rig.response(200)
    assert rig.last(NotifyReceived).event == "message-summary"
    rig.receive(_plain("NOTIFY", ("Event", "presence"), branch="z9hG4bKq"))
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


# --- strangers and forgers -----------------------------------------------------------------------


STRANGER = Flow(77, "udp", LOCAL, ("203.0.113.66", 5060))


@pytest.mark.parametrize("method", ["INVITE", "OPTIONS", "MESSAGE", "NOTIFY", "BYE"])
def test_a_stranger_is_refused_once_and_nothing_is_kept(method: str) -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us() if method == "INVITE" else _plain(method), STRANGER)
    assert rig.response(403).to.tag
    rig.wait(40)
    assert rig.sent() == []
    assert len(rig.agent._context.layer) == 0
    assert not {IncomingInvite, NotifyReceived} & {type(event) for event in rig.events}


def test_a_stranger_in_a_dialog_of_its_own_invention_is_481() -> None:
    rig = Rig()
    _, ack = talking(rig)
    for method in ("INVITE", "BYE", "ACK"):
        guess = inside(ack, method, 1)
        guess.headers.set("To", "<sip:alice@example.com>;tag=guess")
        rig.receive(guess, STRANGER)
    assert rig.names() == ["481 INVITE", "481 BYE"]
    rig.wait(40)
    assert rig.sent() == []


def test_a_direct_peer_is_answered_over_the_flow_it_spoke_by_last() -> None:
    rig = Rig(AgentConfig(accept_strangers=True))
    first, second = (
        Flow(number, "tcp", LOCAL, (PEER[0], port)) for number, port in ((21, 40001), (22, 40002))
    )
    invite = call_for_us()
    invite.headers.remove("Record-Route")
    invite.headers.set("Contact", "<sip:bob@198.51.100.7;transport=tcp>")
    rig.receive(invite, first)
    rig.agent.answer("call-1", b"answer", rig.now)
    ok = rig.sent()[-1]
    rig.receive(inside(ok, "ACK", 1, ours=False), first)
    rig.receive(inside(ok, "INFO", 2, ours=False), second)
    rig.response(200)
    rig.closed_flow(first)
    rig.agent.cancel_or_bye("call-1", rig.now)
    rig.request("BYE")
    assert rig.raw[-1].flow_id == second.id


def test_the_peer_itself_may_speak_in_its_dialog() -> None:
    rig = Rig()
    _, ack = talking(rig)
    bye = inside(ack, "BYE", 1)
    rig.receive(bye, rig.peer_flow)
    rig.receive(bye, rig.peer_flow)
    assert rig.names() == ["200 BYE", "200 BYE"]
    assert rig.last(Ended).by_remote


def test_before_any_registration_everybody_is_a_stranger() -> None:
    rig = Rig()
    rig.receive(call_for_us())
    rig.response(403)


def test_strangers_may_be_allowed() -> None:
    rig = Rig(AgentConfig(accept_strangers=True))
    rig.receive(call_for_us(), STRANGER)
    assert rig.of(IncomingInvite)


def test_the_server_may_come_by_another_port() -> None:
    rig = Rig()
    rig.register()
    rig.receive(call_for_us(), Flow(78, "udp", LOCAL, ("192.0.2.1", 34567)))
    assert rig.of(IncomingInvite)


def test_a_forged_response_changes_nothing() -> None:
    rig = Rig()
    rig.register()
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    rig.reply(invite, 603, flow=STRANGER)
    assert rig.of(Ended) == []


# --- what is malformed ---------------------------------------------------------------------------


def test_noise_is_dropped() -> None:
    rig = Rig()
    rig.receive(b"\x00\xff\xfe")
    rig.receive(b"HELLO\r\n\r\n")
    rig.receive(b"SIP/2.0 200 OK\r\nVia: x\r\n\r\n")
    assert rig.sent() == []


def test_a_malformed_request_gets_400_where_it_can_be_answered() -> None:
    rig = Rig()
    rig.receive(call_for_us(("Contact", "<")))
    assert rig.sent() == []
    rig.register()
    broken = call_for_us()
    broken.headers.set("CSeq", "1 BYE")
    rig.receive(broken)
    rig.response(400)
    nameless = call_for_us()
    nameless.headers.remove("Via")
    rig.receive(nameless)
    without = call_for_us()
    without.headers.remove("CSeq")
    rig.receive(without)
    assert rig.sent() == []


def test_a_malformed_ack_is_never_answered() -> None:
    rig = Rig()
    rig.register()
    ack = _plain("ACK")
    ack.headers.set("CSeq", "1 BYE")
    rig.receive(ack)
    assert rig.sent() == []


def test_another_version_is_505() -> None:
    rig = Rig()
    rig.register()
    rig.receive(bytes(call_for_us()).replace(b"SIP/2.0\r\n", b"SIP/3.0\r\n", 1))
    rig.response(505)


def test_too_many_transactions_are_503() -> None:
    rig = Rig(AgentConfig(max_transactions=1, accept_strangers=True))
    rig.receive(call_for_us())
    rig.receive(_plain("OPTIONS"))
    assert rig.names() == ["100 INVITE", "503 OPTIONS"]


# --- handles -------------------------------------------------------------------------------------


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
