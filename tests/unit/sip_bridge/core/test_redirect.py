"""Redirection: which contacts are tried, in which order, and when it ends."""

from __future__ import annotations

import pytest

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.events import Provisional
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import CONTACT, Rig, calling, how_it_ended, inside


def test_redirection_follows_q_and_goes_on_after_a_failure() -> None:
    rig = Rig()
    _, invite = calling(rig)
    places = "<sip:low@a.example>;q=0.1, <sip:high@b.example>;q=0.9, <mailto:x@y>, <sip:bob@198.51.100.7>"
    rig.reply(invite, 302, ("Contact", places))
    _, second = rig.sent()
    assert isinstance(second, Request)
    assert second.uri == "sip:high@b.example"
    assert second.call_id == invite.call_id
    assert second.cseq.number == invite.cseq.number + 1
    assert second.from_.tag == invite.from_.tag
    rig.reply(second, 404)
    _, third = rig.sent()
    assert isinstance(third, Request)
    assert third.uri == "sip:low@a.example"
    rig.reply(third, 404)
    assert rig.names() == ["ACK"]
    assert how_it_ended(rig) == (404, "not-found", True)


@pytest.mark.parametrize(("status", "followed"), [(300, True), (399, True), (305, False), (380, False)])
def test_what_is_followed(status: int, followed: bool) -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, status, ("Contact", "<sip:a@a.example>"))
    assert rig.names() == (["ACK", "INVITE"] if followed else ["ACK"])


def test_a_6xx_ends_the_search() -> None:
    rig = Rig()
    _, invite = calling(rig)
    rig.reply(invite, 300, ("Contact", "<sip:a@a.example>, <sip:b@b.example>"))
    rig.reply(_second(rig), 603)
    assert rig.names() == ["ACK"]
    assert how_it_ended(rig)[0] == 603


def _second(rig: Rig) -> Request:
    request = rig.sent()[-1]
    assert isinstance(request, Request)
    return request


def test_a_loop_of_redirections_ends() -> None:
    rig = Rig(AgentConfig(max_redirects=3))
    _, invite = calling(rig)
    for number in range(3):
        rig.reply(invite, 302, ("Contact", f"<sip:next{number}@x.example>"))
        invite = _second(rig)
    rig.reply(invite, 302, ("Contact", "<sip:once-more@x.example>"))
    assert rig.names() == ["ACK"]
    assert how_it_ended(rig)[0] == 302


def test_an_early_dialog_of_a_redirected_call_is_forgotten() -> None:
    rig = Rig(AgentConfig(max_early_dialogs=1))
    _, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.reply(invite, 302, ("Contact", "<sip:new@x.example>"))
    second = _second(rig)
    update = inside(invite, "UPDATE", 1)
    update.headers.set("From", f"{invite.headers.get('To')};tag=far")
    rig.receive(update)
    rig.response(481)
    rig.reply(second, 180, CONTACT, tag="other")
    assert rig.last(Provisional).dialog == "other"


def test_a_secure_call_is_not_redirected_to_plain() -> None:
    rig = Rig(transport="tls")
    rig.register()
    rig.agent.invite("sips:bob@example.com", b"o", rig.now)
    rig.reply(rig.request("INVITE"), 302, ("Contact", "<sip:bob@x.example>, <sips:bob@y.example>;q=0.5"))
    assert _second(rig).uri == "sips:bob@y.example"
