"""Keep-alives: what keeps a flow open, and how a dead one is noticed."""

from __future__ import annotations

from dataclasses import replace

from sip_bridge.core.config import AgentConfig
from sip_bridge.core.context import Context
from sip_bridge.core.effects import Flow
from sip_bridge.core.events import RegistrationFailed, RegistrationSucceeded
from sip_bridge.core.keepalive import KeepAlive
from sip_bridge.core.message import Request
from sip_bridge.core.transaction_layer import TransactionFailed
from tests.doubles.sip_rig import ACCOUNT, Rig, other_flow

KEPT = replace(ACCOUNT, keepalive_s=25)


def _pings(rig: Rig) -> int:
    rig.collect()
    return sum(1 for effect in rig.raw if effect.data == b"\r\n\r\n")


def _options(rig: Rig) -> list[Request]:
    """Each OPTIONS once, however often it was sent."""
    found = [m for m in rig.sent() if isinstance(m, Request) and m.method == "OPTIONS"]
    return list({m.call_id: m for m in found}.values())


def test_a_stream_is_kept_by_crlf_and_pong() -> None:
    rig = Rig(transport="tcp")
    rig.register(KEPT)
    for number in (1, 2, 3):
        rig.wait(25)
        assert _pings(rig) == number
        rig.receive(b"\r\n")
    assert rig.sent() == []
    assert rig.of(RegistrationFailed) == []


def test_a_stream_that_ponged_once_and_then_not_is_dead_after_ten_seconds() -> None:
    rig = Rig(transport="tcp")
    rig.register(KEPT)
    rig.wait(25)
    rig.receive(b"\r\n")
    rig.wait(25)
    assert rig.of(RegistrationFailed) == []
    rig.wait(10)
    assert rig.last(RegistrationFailed) == RegistrationFailed(0, "timeout", 0.0)
    assert [effect.flow_id for effect in rig.closed] == [rig.flow.id]
    rig.open(other_flow(rig.flow, 9))
    rig.request("REGISTER")


def test_a_server_that_never_pongs_is_asked_by_options() -> None:
    rig = Rig(transport="tcp")
    rig.register(KEPT)
    rig.wait(35.1)
    (options,) = _options(rig)
    assert options.uri == "sip:example.com"
    rig.reply(options, 501)
    assert rig.of(RegistrationFailed) == []
    rig.wait(25.1)
    assert _pings(rig) == 1
    assert len(_options(rig)) == 1
    rig.wait(10)
    assert rig.last(RegistrationFailed).reason_key == "timeout"


def test_udp_is_kept_by_options_and_any_answer_will_do() -> None:
    rig = Rig()
    rig.register(KEPT)
    for _ in range(3):
        rig.wait(25)
        (options,) = _options(rig)
        rig.reply(options, 483)
    assert rig.of(RegistrationFailed) == []


def test_a_dead_udp_path_keeps_its_socket_and_registers_again() -> None:
    rig = Rig()
    rig.register(replace(KEPT, keepalive_s=2))
    rig.wait(4.1)
    assert rig.last(RegistrationFailed).reason_key == "timeout"
    assert rig.closed == []
    rig.sent()
    rig.open()
    rig.wait(10)
    registers = [m for m in rig.sent() if isinstance(m, Request) and m.method == "REGISTER"]
    assert len(registers) == 5
    rig.reply(registers[-1], 200)
    assert len(rig.of(RegistrationSucceeded)) == 2
    rig.wait(2)
    assert len(_options(rig)) == 1


def test_the_address_the_server_sees_outlives_a_dead_spell_on_the_same_socket() -> None:
    rig = Rig()

    def seen(register: Request) -> None:
        response = register.reply(200, to_tag="r")
        response.headers.set("Via", str(register.top_via.with_received("203.0.113.77", 40123)))
        rig.receive(response)

    rig.agent.register(replace(KEPT, keepalive_s=2), rig.now)
    rig.open()
    seen(rig.request("REGISTER"))
    seen(rig.request("REGISTER"))
    rig.wait(4.1)
    rig.sent()
    rig.open()
    register = rig.request("REGISTER")
    assert "203.0.113.77:40123" in (register.headers.get("Contact") or "")
    seen(register)
    assert rig.sent() == []
    assert len(rig.of(RegistrationSucceeded)) == 2


def test_options_that_fail_at_once_are_noticed_at_once() -> None:
    rig = Rig(transport="tcp")
    rig.register(KEPT)
    rig.wait(35.1)
    assert len(_options(rig)) == 1
    other = other_flow(rig.flow, 33)
    rig.receive(b"\r\n", other)
    rig.closed_flow()
    assert len(rig.of(RegistrationFailed)) == 1


def test_without_options_udp_gets_crlf_and_no_judgement() -> None:
    rig = Rig()
    rig.register(replace(KEPT, keepalive_by_options=False))
    rig.wait(100)
    assert _pings(rig) in {4, 5}
    assert rig.sent() == []
    assert rig.of(RegistrationFailed) == []


def test_zero_switches_keepalives_off_but_a_poke_still_looks() -> None:
    rig = Rig()
    rig.register()
    rig.wait(100)
    assert rig.sent() == []
    rig.agent.refresh_registration(rig.now)
    (options,) = _options(rig)
    rig.reply(options, 200)
    rig.wait(100)
    assert rig.of(RegistrationFailed) == []


def test_a_poke_has_little_patience() -> None:
    rig = Rig(transport="tcp")
    rig.register(KEPT)
    rig.wait(25)
    rig.receive(b"\r\n")
    rig.agent.refresh_registration(rig.now)
    rig.wait(3.1)
    assert rig.last(RegistrationFailed).reason_key == "timeout"


def test_two_pokes_at_once_ask_twice_and_hear_the_newer() -> None:
    rig = Rig()
    rig.register(KEPT)
    rig.agent.refresh_registration(rig.now)
    (first,) = _options(rig)
    rig.agent.refresh_registration(rig.now)
    (second,) = _options(rig)
    rig.reply(first, 200)
    rig.reply(second, 200)
    rig.wait(3.1)
    assert rig.of(RegistrationFailed) == []


def test_crlf_crlf_from_a_stream_is_answered_and_from_udp_is_not() -> None:
    for transport, answers in (("tcp", 1), ("udp", 0)):
        rig = Rig(transport=transport)
        rig.receive(b"\r\n\r\n")
        rig.receive(b"\r\n")
        assert len(rig.raw) == answers


def test_a_transport_that_breaks_under_options_is_dead_at_once() -> None:
    context = Context.build(AgentConfig(), lambda n: bytes(n))
    dead: list[float] = []
    keepalive = KeepAlive(context, dead.append)
    keepalive.poke(0.0)
    keepalive.start(Flow(1, "udp", ("192.0.2.10", 5060), ("192.0.2.1", 5060)), 25, True, 0.0)
    context.agenda.run(25.0)
    (transaction,) = context.layer._table.values()
    context.layer.flow_closed(1, 25.0)
    (failed,) = context.layer.take_events()
    assert isinstance(failed, TransactionFailed)
    assert failed.transaction is transaction
    context.sender.transaction_failed(failed, 25.0)
    assert dead == [25.0]


def test_a_pong_over_another_flow_says_nothing() -> None:
    rig = Rig(transport="tcp")
    rig.register(KEPT)
    rig.wait(25)
    rig.receive(b"\r\n", Flow(50, "tcp", rig.flow.local, ("203.0.113.9", 5060)))
    rig.wait(10.1)
    assert len(_options(rig)) == 1
