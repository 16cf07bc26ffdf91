"""Several phones, several dialogs, and phones that fall silent at the demo's exchange."""

from __future__ import annotations

from demo.bindings import MOST, Bindings
from demo.ringing import MOST_DIALOGS
from demo.talks import GONE, PROBE_S
from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Request, Response, parse_message
from tests.unit.demo.exchange_script import (
    ALICE,
    BOB,
    PASSWORDS,
    authenticated,
    connected,
    exchange,
    inside,
    register,
    request,
    ringing,
    send,
)


def test_where_else_to_call_passes_with_its_contact() -> None:
    at = exchange()
    _, invite = ringing(at)
    moved = invite.reply(302, to_tag="b1")
    moved.headers.add("Contact", "<sip:carol@127.0.0.1>")
    answers = [message for flow_id, message in send(at, moved, BOB) if flow_id == ALICE.id]
    assert isinstance(answers[0], Response)
    assert answers[0].status == 302
    assert str(answers[0].contacts[0].uri) == "sip:carol@127.0.0.1"


def test_a_phone_makes_only_so_many_dialogs() -> None:
    at = exchange()
    _, invite = ringing(at)
    tags = set()
    for number in range(MOST_DIALOGS + 3):
        for _, message in send(at, invite.reply(180, to_tag=f"b{number}"), BOB):
            tags.add(message.to.tag)
    assert len(tags) == MOST_DIALOGS


def test_every_dialog_of_a_fork_has_its_own_and_late_answers_are_ended() -> None:
    at = exchange()
    _, invite = ringing(at)
    for tag in ("b1", "b2"):
        ((_, ringing_there),) = send(at, invite.reply(180, to_tag=tag), BOB)
        assert isinstance(ringing_there, Response)
    assert [flow_id for flow_id, _ in send(at, invite.reply(200, to_tag="b1"), BOB)] == [ALICE.id]
    assert [flow_id for flow_id, _ in send(at, invite.reply(200, to_tag="b1"), BOB)] == [ALICE.id]
    late = send(at, invite.reply(200, to_tag="b2"), BOB)
    assert [(flow_id, message.cseq.method, message.to.tag) for flow_id, message in late] == [
        (BOB.id, "ACK", "b2"),
        (BOB.id, "BYE", "b2"),
    ]
    assert send(at, invite.reply(183, to_tag="b2"), BOB) == []


def test_a_bye_to_a_ringing_phone_that_crosses_its_answer() -> None:
    at = exchange()
    _, invite = ringing(at)
    ((_, early),) = send(at, invite.reply(180, to_tag="b1"), BOB)
    assert isinstance(early, Response)
    send(at, inside("BYE", "alice", ALICE, early, 3, "sip:bob@127.0.0.1:5061"), ALICE)
    sent = send(at, invite.reply(200, to_tag="b1"), BOB)
    assert [(flow_id, message.cseq.method) for flow_id, message in sent] == [
        (ALICE.id, "INVITE"),
        (BOB.id, "ACK"),
        (BOB.id, "BYE"),
    ]
    assert isinstance(sent[0][1], Response)
    assert sent[0][1].status == 487
    assert not at.busy()


def test_a_cancelled_phone_that_says_no_more_is_forgotten() -> None:
    at = exchange()
    _, invite = ringing(at)
    send(at, invite.reply(180, to_tag="b1"), BOB)
    for now in range(0, 400, 4):
        at.tick(float(now))
    methods = [parse_message(effect.data).cseq.method for effect in at.take_effects()]
    assert "CANCEL" in methods
    assert not at.busy()
    assert at.waiting() == 0
    assert at.next_timer() is None


def test_a_silent_phone_ends_the_call_with_the_first_thing_it_does_not_answer() -> None:
    at = exchange()
    answer, _ = connected(at)
    send(at, inside("INFO", "alice", ALICE, answer, 3, "sip:bob@127.0.0.1:5061"), ALICE, 1.0)
    for now in range(1, 40):
        at.tick(float(now))
    byes = [
        message
        for effect in at.take_effects()
        if (message := parse_message(effect.data)).cseq.method == "BYE"
    ]
    assert [str(bye.headers.get("Reason")) for bye in byes][:1] == [GONE]
    assert not at.busy()


def test_a_phone_that_does_not_know_the_call_any_more_ends_it() -> None:
    at = exchange()
    connected(at)
    at.tick(PROBE_S)
    sent = [(effect.flow_id, parse_message(effect.data)) for effect in at.take_effects()]
    probe = next(message for flow_id, message in sent if flow_id == BOB.id)
    assert isinstance(probe, Request)
    assert probe.method == "OPTIONS"
    ended = send(at, probe.reply(481), BOB, PROBE_S)
    assert [(flow_id, message.cseq.method) for flow_id, message in ended] == [(ALICE.id, "BYE")]
    assert not at.busy()


def test_several_phones_of_one_person() -> None:
    at = exchange()
    other = Flow(3, "udp", ("127.0.0.1", 5060), ("127.0.0.1", 40003))
    at.flow_opened(other)
    register(at, "bob", BOB, PASSWORDS["bob"])
    assert len(register(at, "bob", other, PASSWORDS["bob"]).contacts) == 2
    sent = send(at, authenticated(at, "INVITE", "bob"), ALICE)
    assert [flow_id for flow_id, message in sent if isinstance(message, Request)] == [other.id, BOB.id]
    assert len(register(at, "bob", other, PASSWORDS["bob"], "0").contacts) == 1


def test_one_phone_under_a_new_address_is_one_phone() -> None:
    at = Bindings()
    for port, flow in ((40002, BOB), (40009, ALICE)):
        made = request("REGISTER", "bob", "bob", flow)
        made.headers.add("Contact", f'<sip:bob@127.0.0.1:{port}>;+sip.instance="<urn:uuid:1>"')
        assert len(at.register("bob", made, flow, 0.0).contacts) == 1
    assert at.find("bob", 0.0)[0].flow is ALICE
    everything = request("REGISTER", "bob", "bob", BOB, ("Contact", "*"), ("Expires", "0"))
    assert at.register("bob", everything, BOB, 0.0).contacts == ()
    for port in range(MOST + 3):
        made = request("REGISTER", "bob", "bob", BOB, ("Contact", f"<sip:bob@127.0.0.1:{1000 + port}>"))
        assert len(at.register("bob", made, BOB, 0.0).contacts) == min(port + 1, MOST)
