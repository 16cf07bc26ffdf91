"""What a registrar may say to a REGISTER, sense or nonsense, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.effects import Hop
from sip_bridge.core.events import RegistrationFailed, RegistrationSucceeded
from tests.doubles.sip_rig import ACCOUNT, Rig


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


@pytest.mark.parametrize("least", ["²", "9" * 400, "-1", "4e9"])
def test_a_423_with_nonsense_is_a_refusal(least: str) -> None:
    rig = Rig()
    rig.agent.register(ACCOUNT, rig.now)
    rig.open()
    rig.reply(rig.request("REGISTER"), 423, ("Min-Expires", least))
    assert rig.sent() == []
    assert rig.last(RegistrationFailed).status == 423


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
