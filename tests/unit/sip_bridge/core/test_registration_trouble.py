"""Staying registered while addresses, flows and the registrar come and go."""

from __future__ import annotations

from dataclasses import replace

from sip_bridge.core.effects import Hop
from sip_bridge.core.events import LocalAddressChanged, RegistrationFailed, RegistrationSucceeded
from tests.doubles.sip_rig import ACCOUNT, LOCAL, Rig, granted, other_flow


def test_a_flow_that_closes_after_a_refusal_changes_nothing() -> None:
    rig = Rig(transport="tcp")
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 403)
    rig.closed_flow()
    assert len(rig.of(RegistrationFailed)) == 1
    rig.wait(100)
    assert rig.opened == []


def test_every_address_of_the_registrar_is_tried_before_waiting() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    assert rig.refuse("connection-refused") == Hop("example.com")
    assert rig.refuse("certificate") == Hop("example.com", attempt=1)
    assert rig.of(RegistrationFailed) == []
    assert rig.refuse("exhausted") == Hop("example.com", attempt=2)
    failure = rig.last(RegistrationFailed)
    assert (failure.status, failure.reason_key) == (0, "connection-refused")
    assert failure.retry_in is not None
    assert 1.0 <= failure.retry_in <= 4.0
    rig.wait(4.01)
    assert rig.open() == Hop("example.com")


def test_a_name_without_addresses_is_told_as_it_is() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.refuse("exhausted")
    assert rig.last(RegistrationFailed).reason_key == "exhausted"


def test_a_silent_registrar_is_left_for_its_next_address() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.wait(32.1)
    assert set(rig.names()) == {"REGISTER"}
    assert rig.refuse("exhausted") == Hop("example.com", attempt=1)
    assert rig.last(RegistrationFailed).reason_key == "timeout"


def test_back_off_is_quick_in_the_first_minute_and_grows_to_a_minute() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.refuse("exhausted")
    pauses: list[tuple[float, float]] = []
    start = rig.now
    for _ in range(60):
        pause = rig.last(RegistrationFailed).retry_in or 0.0
        pauses.append((rig.now - start, pause))
        rig.wait(pause + 0.001)
        rig.refuse("exhausted")
    assert all(1.0 <= pause <= 4.0 for at, pause in pauses if at < 60)
    assert len({pause for at, pause in pauses if at < 60}) > 5
    assert max(pause for _, pause in pauses) <= 60.0
    assert min(pause for _, pause in pauses[-5:]) >= 30.0


def test_a_lost_flow_is_replaced_and_a_running_call_moves_with_it() -> None:
    rig = Rig(transport="tcp")
    rig.register()
    rig.closed_flow()
    assert rig.last(RegistrationFailed).reason_key == "connection-refused"
    rig.wait(4.01)
    new = other_flow(rig.flow, 7, local=("192.0.2.10", 40001))
    rig.open(new)
    rig.reply(rig.request("REGISTER"), 200, flow=new)
    assert rig.last(RegistrationSucceeded).flow == new
    assert rig.of(LocalAddressChanged) == []


def test_a_flow_that_closes_while_registering_is_one_loss() -> None:
    rig = Rig(transport="tcp")
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.closed_flow()
    assert len(rig.of(RegistrationFailed)) == 1
    rig.closed_flow(rig.peer_flow)
    assert len(rig.of(RegistrationFailed)) == 1
    rig.wait(4.01)
    assert len(rig.opened) == 1


def test_a_changed_local_address_means_one_register_over_a_new_flow() -> None:
    rig = Rig()
    rig.register()
    rig.agent.local_address_changed(rig.now)
    rig.collect()
    assert [effect.flow_id for effect in rig.closed] == [rig.flow.id]
    new = other_flow(rig.flow, 7, local=("198.18.0.5", 5060))
    rig.open(new)
    register = rig.request("REGISTER")
    assert "198.18.0.5" in (register.headers.get("Contact") or "")
    rig.reply(register, 200, flow=new)
    assert rig.sent() == []
    assert rig.last(LocalAddressChanged) == LocalAddressChanged(LOCAL, ("198.18.0.5", 5060))


def test_a_change_while_a_flow_is_being_opened_forgets_the_first_one() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.agent.local_address_changed(rig.now)
    rig.collect()
    stale, wanted = rig.opened
    rig.agent.flow_opened(stale.request, rig.flow, rig.now)
    assert rig.sent() == []
    rig.agent.flow_opened(wanted.request, rig.flow, rig.now)
    rig.request("REGISTER")


def test_an_answer_nobody_waits_for_is_ignored() -> None:
    rig = Rig()
    rig.agent.flow_opened(77, rig.flow, rig.now)
    rig.agent.flow_refused(78, "not-found", rig.now)
    rig.agent.local_address_changed(rig.now)
    rig.agent.refresh_registration(rig.now)
    rig.closed_flow()
    assert rig.sent() == []
    assert rig.events == []


def test_waking_up_tries_again_at_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.refuse("exhausted")
    rig.agent.refresh_registration(rig.now)
    rig.open()
    rig.request("REGISTER")


def test_another_account_takes_the_place_of_the_first() -> None:
    rig = Rig()
    rig.register()
    rig.agent.register(replace(ACCOUNT, aor="sip:bob@example.org", registrar=Hop("example.org")), rig.now)
    assert rig.open() == Hop("example.org")
    assert str(rig.request("REGISTER").to) == "<sip:bob@example.org>"


def test_renewing_asks_the_registrar_before_its_time() -> None:
    rig = Rig()
    rig.register()
    rig.wait(3.0)
    rig.agent.renew_registration(rig.now)
    granted(rig, rig.request("REGISTER"), 300)
    assert rig.last(RegistrationSucceeded).expires == 300


def test_renewing_while_the_registrar_is_away_tries_it_at_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 503)
    assert rig.last(RegistrationFailed).retry_in
    rig.agent.renew_registration(rig.now)
    rig.open()
    granted(rig, rig.request("REGISTER"))
    assert rig.last(RegistrationSucceeded)
