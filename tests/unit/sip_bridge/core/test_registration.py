"""Registering and staying registered, as scripts of what the registrar and the network do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.digest_values import Answer
from sip_bridge.core.effects import Hop
from sip_bridge.core.events import (
    LocalAddressChanged,
    RegistrationFailed,
    RegistrationSucceeded,
    Unregistered,
)
from sip_bridge.core.message import Request
from tests.doubles.sip_rig import ACCOUNT, CHALLENGE, LOCAL, Rig, other_flow


def _ok(rig: Rig, register: Request, expires: int = 600) -> None:
    rig.reply(register, 200, ("Expires", str(expires)))


def _answer_of(request: Request, header: str = "Authorization") -> Answer:
    return Answer.parse(request.headers.get(header) or "")


def test_register_names_us_and_where_we_are() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    assert rig.open() == Hop("example.com")
    register = rig.request("REGISTER")
    assert register.uri == "sip:example.com"
    assert str(register.to) == "<sip:alice@example.com>"
    (contact,) = register.contacts
    assert contact.uri is not None
    assert str(contact.uri) == "sip:alice@192.0.2.10:5060"
    assert contact.instance == "<urn:uuid:00000000-0000-4000-8000-000000000001>"
    assert (contact.expires, contact.reg_id, register.expires) == (600, 1, 600)
    assert "outbound" in register.supported
    _ok(rig, register, 300)
    success = rig.last(RegistrationSucceeded)
    assert (success.flow, success.expires, success.public_address) == (rig.flow, 300, None)
    assert success.contact == "<sip:alice@192.0.2.10:5060>"


def test_without_an_instance_no_outbound_parameters_are_sent() -> None:
    rig = Rig(transport="tcp")
    register = rig.register(replace(ACCOUNT, instance="", contact_user="line1", display_name="Alice"))
    value = register.headers.get("Contact") or ""
    assert value == "<sip:line1@192.0.2.10:5060;transport=tcp>;expires=600"
    assert (register.headers.get("From") or "").startswith('"Alice" <sip:alice@example.com>;tag=')


def test_a_challenge_is_answered_once_and_the_next_register_answers_beforehand() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    first = rig.request("REGISTER")
    rig.reply(first, 401, ("WWW-Authenticate", CHALLENGE))
    second = rig.request("REGISTER")
    answer = _answer_of(second)
    assert (answer.username, answer.realm, answer.nc) == ("alice", "example.com", "00000001")
    assert second.call_id == first.call_id
    assert second.cseq.number == first.cseq.number + 1
    _ok(rig, second, 100)
    rig.wait(80.1)
    third = rig.request("REGISTER")
    assert _answer_of(third).nc == "00000002"
    assert third.call_id == first.call_id
    assert third.cseq.number == second.cseq.number + 1


def test_the_same_challenge_again_means_a_wrong_password_and_nothing_is_tried_again() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE))
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2")))
    assert rig.last(RegistrationFailed) == RegistrationFailed(401, "wrong-credentials", None)
    rig.wait(7200)
    assert rig.sent() == []
    assert rig.opened == []


def test_a_stale_nonce_is_answered_anew() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE))
    rig.reply(
        rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2") + ", stale=true")
    )
    assert _answer_of(rig.request("REGISTER")).nonce == "n2"


def test_a_server_that_always_says_stale_is_not_answered_for_ever() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    for number in range(4):
        stale = CHALLENGE.replace("n1", f"s{number}") + ", stale=true"
        rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", stale))
    last = rig.request("REGISTER")
    rig.reply(last, 401, ("WWW-Authenticate", CHALLENGE + ", stale=true"))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).reason_key == "wrong-credentials"


def test_of_several_challenges_the_strongest_is_answered() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    strong = CHALLENGE.replace("MD5", "SHA-256")
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", CHALLENGE), ("WWW-Authenticate", strong))
    assert _answer_of(rig.request("REGISTER")).algorithm == "SHA-256"


def test_another_realm_than_the_pinned_one_gets_nothing() -> None:
    rig = Rig()
    rig.agent.register(replace(ACCOUNT, realm="example.com"), rig.now)
    rig.open()
    foreign = CHALLENGE.replace("example.com", "evil.example")
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", foreign))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).reason_key == "wrong-credentials"


def test_a_challenge_nobody_can_read_gets_nothing() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 401, ("WWW-Authenticate", "Bearer x"))
    assert rig.sent() == []


def test_a_proxy_and_the_registrar_may_both_ask() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 407, ("Proxy-Authenticate", CHALLENGE))
    second = rig.request("REGISTER")
    assert _answer_of(second, "Proxy-Authorization").nonce == "n1"
    rig.reply(second, 401, ("WWW-Authenticate", CHALLENGE.replace("n1", "n2")))
    third = rig.request("REGISTER")
    assert _answer_of(third, "Proxy-Authorization").nonce == "n1"
    assert _answer_of(third).nonce == "n2"


def test_what_a_proxy_asked_is_not_said_to_the_registrar_beforehand() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 407, ("Proxy-Authenticate", CHALLENGE))
    _ok(rig, rig.request("REGISTER"), 100)
    rig.wait(80.1)
    assert "Authorization" not in rig.request("REGISTER").headers


@pytest.mark.parametrize(
    ("status", "key"), [(403, "forbidden"), (404, "not-found"), (405, "forbidden"), (603, "forbidden")]
)
def test_refusals_for_good(status: int, key: str) -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), status)
    assert rig.last(RegistrationFailed) == RegistrationFailed(status, key, None)
    rig.wait(3600)
    assert rig.sent() == []


def test_a_flow_that_closes_after_a_refusal_changes_nothing() -> None:
    rig = Rig(transport="tcp")
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 403)
    rig.closed_flow()
    assert len(rig.of(RegistrationFailed)) == 1
    rig.wait(100)
    assert rig.opened == []


def test_refresh_comes_at_four_fifths_of_what_the_registrar_granted() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    register = rig.request("REGISTER")
    ours = register.headers.get("Contact") or ""
    rig.reply(
        register,
        200,
        ("Contact", "<sip:other@203.0.113.1>;expires=3600"),
        ("Contact", ours.replace("expires=600", "expires=50")),
        ("Expires", "900"),
    )
    assert rig.last(RegistrationSucceeded).expires == 50
    rig.wait(39.9)
    assert rig.sent() == []
    rig.wait(0.2)
    _ok(rig, rig.request("REGISTER"), 50)
    assert len(rig.of(RegistrationSucceeded)) == 2


def test_a_longer_interval_is_used_when_the_registrar_wants_it() -> None:
    rig = Rig()
    rig.agent.register(replace(ACCOUNT, expires=60), rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 423, ("Min-Expires", "1800"))
    again = rig.request("REGISTER")
    assert again.expires == 1800
    rig.reply(again, 423, ("Min-Expires", "1800"))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).retry_in is not None


def test_a_423_that_names_nothing_is_a_refusal() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 423)
    assert rig.last(RegistrationFailed).status == 423


def test_a_proxy_without_outbound_gets_a_plain_register() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 439)
    again = rig.request("REGISTER")
    assert "outbound" not in again.supported
    assert again.contacts[0].reg_id is None
    rig.reply(again, 439)
    assert rig.sent() == []


def test_retry_after_is_honoured() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 503, ("Retry-After", "30"))
    assert rig.last(RegistrationFailed) == RegistrationFailed(503, "server-error", 30.0)
    rig.wait(29.9)
    assert rig.opened == []
    rig.wait(0.2)
    rig.open()
    rig.request("REGISTER")


def test_a_server_that_asks_for_no_pause_gets_one() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 503, ("Retry-After", "0"))
    assert (rig.last(RegistrationFailed).retry_in or 0.0) >= 1.0


def test_our_address_as_the_server_saw_it_belongs_to_its_flow() -> None:
    rig = Rig(transport="tcp")
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    for _ in range(2):
        register = rig.request("REGISTER")
        seen = register.reply(200, to_tag="r")
        seen.headers.set("Via", str(register.top_via.with_received("203.0.113.77", 40123)))
        rig.receive(seen)
    assert rig.last(RegistrationSucceeded).public_address == ("203.0.113.77", 40123)
    rig.closed_flow()
    rig.wait(4.01)
    rig.open(other_flow(rig.flow, 7, local=("192.0.2.10", 40001)))
    contact = rig.request("REGISTER").headers.get("Contact") or ""
    assert contact.startswith("<sip:alice@192.0.2.10:40001;transport=tcp>")


def test_our_address_as_the_server_sees_it_is_registered_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    seen = (("Expires", "600"),)

    def natted(register: Request) -> None:
        response = register.reply(200, to_tag="r")
        via = register.top_via.with_received("203.0.113.77", 40123)
        response.headers.set("Via", str(via))
        for header in seen:
            response.headers.add(*header)
        rig.receive(response)

    natted(rig.request("REGISTER"))
    corrected = rig.request("REGISTER")
    first, second = corrected.headers.get_all("Contact")
    assert first.startswith("<sip:alice@203.0.113.77:40123>;expires=600")
    assert second == "<sip:alice@192.0.2.10:5060>;expires=0"
    assert rig.of(RegistrationSucceeded) == []
    natted(corrected)
    assert rig.sent() == []
    assert rig.last(RegistrationSucceeded).public_address == ("203.0.113.77", 40123)
    rig.wait(480.1)
    natted(rig.request("REGISTER"))
    assert rig.sent() == []
    assert len(rig.of(RegistrationSucceeded)) == 2


def test_service_route_is_kept_for_calls() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(
        rig.request("REGISTER"),
        200,
        ("Service-Route", "<sip:edge.example.com;lr>, <sip:core.example.com;lr>"),
    )
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    invite = rig.request("INVITE")
    assert [str(r) for r in invite.routes] == ["<sip:edge.example.com;lr>", "<sip:core.example.com;lr>"]


def test_an_outbound_proxy_is_first_route_and_first_hop() -> None:
    rig = Rig()
    rig.agent.register(replace(ACCOUNT, proxy="sip:proxy.example.com:5080;transport=tcp"), rig.now)
    assert rig.open() == Hop("proxy.example.com", 5080, "tcp")
    register = rig.request("REGISTER")
    assert [str(r) for r in register.routes] == ["<sip:proxy.example.com:5080;transport=tcp;lr>"]
    _ok(rig, register)
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    assert len(rig.request("INVITE").routes) == 1


# --- trouble -------------------------------------------------------------------------------------


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


# --- leaving -------------------------------------------------------------------------------------


def test_unregister_removes_the_binding() -> None:
    rig = Rig()
    rig.register()
    rig.agent.unregister(rig.now)
    register = rig.request("REGISTER")
    assert register.expires == 0
    rig.reply(register, 100)
    assert rig.of(Unregistered) == []
    _ok(rig, register)
    assert len(rig.of(Unregistered)) == 1
    rig.wait(3600)
    assert rig.sent() == []


@pytest.mark.parametrize("how", ["silence", "closed", "refused", "transport"])
def test_unregistering_ends_whatever_the_registrar_does(how: str) -> None:
    rig = Rig(transport="tcp" if how == "transport" else "udp")
    rig.register()
    rig.agent.unregister(rig.now)
    register = rig.request("REGISTER")
    if how == "silence":
        rig.wait(4.01)
    elif how == "refused":
        rig.reply(register, 500)
    else:
        rig.closed_flow()
    assert len(rig.of(Unregistered)) == 1


def test_unregistering_what_was_never_registered_says_so_at_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.agent.unregister(rig.now)
    assert len(rig.of(Unregistered)) == 1
    rig.agent.local_address_changed(rig.now)
    rig.agent.unregister(rig.now)
    assert len(rig.of(Unregistered)) == 2


def test_the_configuration_never_shows_the_password() -> None:
    assert "secret" not in repr(ACCOUNT)


@pytest.mark.parametrize("least", ["²", "9" * 400, "-1", "4e9"])
def test_a_423_with_nonsense_is_a_refusal(least: str) -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 423, ("Min-Expires", least))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).status == 423


def test_renewing_asks_the_registrar_before_its_time() -> None:
    rig = Rig()
    rig.register()
    rig.wait(3.0)
    rig.agent.renew_registration(rig.now)
    _ok(rig, rig.request("REGISTER"), 300)
    assert rig.last(RegistrationSucceeded).expires == 300


def test_renewing_while_the_registrar_is_away_tries_it_at_once() -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 503)
    assert rig.last(RegistrationFailed).retry_in
    rig.agent.renew_registration(rig.now)
    rig.open()
    _ok(rig, rig.request("REGISTER"))
    assert rig.last(RegistrationSucceeded)


def answered(*headers: tuple[str, str], status: int = 200) -> Rig:
    """A registrar that says this to the first REGISTER."""
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), status, *headers)
    return rig


@pytest.mark.parametrize(
    ("told", "refresh"),
    [
        ("1", 2.0),
        ("4294967295", 69_120.0),
        ("99999999999", 480.0),
        ("-5", 480.0),
        ("soon", 480.0),
        ("60", 48.0),
    ],
)
def test_whatever_is_granted_we_ask_again_neither_at_once_nor_in_years(told: str, refresh: float) -> None:
    rig = answered(("Expires", told))
    rig.wait(refresh - 0.1)
    assert rig.sent() == []
    rig.wait(0.2)
    rig.request("REGISTER")


@pytest.mark.parametrize(
    "told",
    [("Expires", "0"), ("Contact", "<sip:alice@192.0.2.10:5060>;expires=0")],
    ids=["header", "contact"],
)
def test_a_binding_that_lasts_no_time_is_none(told: tuple[str, str]) -> None:
    rig = answered(told)
    assert rig.of(RegistrationSucceeded) == []
    failed = rig.last(RegistrationFailed)
    assert (failed.status, failed.reason_key) == (200, "server-error")
    assert (failed.retry_in or 0.0) >= 1.0
    rig.wait(600)
    assert len(rig.opened) == 1


def test_among_thousands_of_other_devices_ours_is_found() -> None:
    others = ", ".join(f"<sip:x{number}@10.9.8.7:5060>;expires=60" for number in range(300))
    broken = ("Contact", "<<<sip:alice@192.0.2.10:5060>;expires=7")
    ours = ("Contact", "<sip:alice@192.0.2.10:5060>;expires=77")
    beside = ("Contact", "<sip:bob@192.0.2.10:5060>;expires=6")
    rig = answered(*[("Contact", others)] * 4, broken, beside, ours, ("Expires", "900"))
    assert rig.last(RegistrationSucceeded).expires == 77


def test_where_only_other_devices_are_named_what_the_answer_says_of_itself_counts() -> None:
    rig = answered(("Contact", "<sip:other@203.0.113.1>;expires=3600"), ("Expires", "900"))
    assert rig.last(RegistrationSucceeded).expires == 900


def test_an_interval_of_years_is_not_asked_for() -> None:
    rig = answered(("Min-Expires", "4294967295"), status=423)
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).retry_in is not None


def test_no_refusal_silences_us_for_more_than_ten_minutes() -> None:
    rig = answered(("Retry-After", "4294967295"), status=503)
    assert rig.last(RegistrationFailed) == RegistrationFailed(503, "server-error", 600.0)
    rig.wait(600.1)
    rig.open()
    rig.request("REGISTER")


@pytest.mark.parametrize(
    "routes",
    ["<<<<nonsense", "*", "<sip:[::1>", ",".join(["<sip:edge.example.com;lr>"] * 9)],
    ids=["text", "star", "cut", "many"],
)
def test_a_way_that_can_not_be_gone_is_none(routes: str) -> None:
    rig = answered(("Service-Route", routes), ("P-Associated-URI", "<<<<\x00"))
    rig.agent.invite("sip:bob@example.com", b"o", rig.now)
    assert rig.request("INVITE").headers.get_all("Route") == []


def test_being_sent_elsewhere_is_a_refusal() -> None:
    rig = answered(("Contact", "<sip:203.0.113.99>"), status=302)
    assert rig.last(RegistrationFailed).reason_key == "server-error"
    rig.wait(10)
    assert rig.open() == Hop("example.com")
