"""Hanging up before the answer: CANCEL, and what crosses it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.events import Ended, Established, Provisional
from tests.doubles.sip_rig import ACCOUNT, CHALLENGE, CONTACT, ROUTE, TARGET, Rig, calling, how_it_ended


def test_cancel_after_ringing_ends_with_487() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.agent.cancel_or_bye(handle, rig.now, "SIP;cause=200")
    cancel = rig.request("CANCEL")
    assert cancel.headers.get("Reason") == "SIP;cause=200"
    assert rig.of(Ended) == []
    rig.reply(cancel, 200)
    rig.reply(invite, 487)
    assert rig.names() == ["ACK"]
    assert how_it_ended(rig) == (487, "cancelled", False)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []


def test_cancel_waits_for_the_first_provisional() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert rig.sent() == []
    rig.reply(invite, 100)
    assert rig.names() == ["CANCEL"]
    rig.reply(invite, 180, CONTACT)
    assert rig.sent() == []
    assert rig.of(Provisional) == []


def test_a_cancelled_invite_nobody_ever_answered_just_ends() -> None:
    rig = Rig()
    handle, _ = calling(rig)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.wait(33)
    assert "CANCEL" not in rig.names()
    assert how_it_ended(rig) == (487, "cancelled", False)
    assert rig.opened == []


def test_cancel_crossing_a_2xx_gets_ack_and_bye() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["CANCEL", "ACK", "BYE"]
    assert how_it_ended(rig) == (487, "cancelled", False)
    assert rig.of(Established) == []
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK"]


def test_a_cancelled_invite_without_487_is_given_up() -> None:
    rig = Rig()
    handle, invite = calling(rig)
    rig.reply(invite, 180, CONTACT)
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(rig.request("CANCEL"), 200)
    rig.wait(33)
    assert how_it_ended(rig) == (487, "cancelled", False)
    rig.reply(invite, 200, CONTACT, ROUTE, body=b"answer")
    assert rig.names() == ["ACK", "BYE"]


def test_a_challenge_after_hanging_up_is_not_answered() -> None:
    rig = Rig()
    rig.register(replace(ACCOUNT, realm="example.com"))
    handle = rig.agent.invite(TARGET, b"offer", rig.now)
    invite = rig.request("INVITE")
    rig.agent.cancel_or_bye(handle, rig.now)
    rig.reply(invite, 407, ("Proxy-Authenticate", CHALLENGE))
    assert rig.names() == ["ACK"]
    assert how_it_ended(rig)[1] == "cancelled"


def test_hanging_up_before_a_flow_is_found_sends_nothing() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    handle = rig.agent.invite(TARGET, b"o", rig.now)
    rig.agent.cancel_or_bye(handle, rig.now)
    assert how_it_ended(rig) == (487, "cancelled", False)
    rig.opened.pop(0)
    rig.open()
    assert rig.sent() == []


@pytest.mark.parametrize("trouble", ["overload", "silence"])
def test_hanging_up_while_the_next_address_is_looked_for_sends_nothing_there(trouble: str) -> None:
    rig = Rig()
    handle, invite = calling(rig)
    if trouble == "overload":
        rig.reply(invite, 503)
    else:
        rig.wait(33)
    rig.sent()
    rig.agent.cancel_or_bye(handle, rig.now)
    assert how_it_ended(rig) == (487, "cancelled", False)
    rig.open()
    rig.wait(40)
    assert rig.sent() == []
