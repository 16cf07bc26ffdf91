"""What the demo's exchange says to one phone, by script: this arrives, that is sent."""

from __future__ import annotations

from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Request, Response, parse_message
from tests.unit.demo.exchange_script import (
    ALICE,
    BOB,
    PASSWORDS,
    authenticated,
    connected,
    credentials,
    exchange,
    inside,
    register,
    reply,
    request,
    send,
)


def test_right_password_registers_and_wrong_does_not() -> None:
    at = exchange()
    assert register(at, "alice", ALICE, PASSWORDS["alice"]).status == 200
    assert at.registered("alice", 59.0)
    assert not at.registered("alice", 61.0)
    assert register(at, "bob", BOB, "wrong").status == 401
    assert not at.registered("bob", 0.0)


def test_nobody_registers_another_ones_address() -> None:
    at = exchange()
    challenged = reply(at, request("REGISTER", "alice", "bob", ALICE), ALICE)
    proof = credentials(challenged, "REGISTER", "sip:127.0.0.1", "alice", PASSWORDS["alice"])
    assert reply(at, request("REGISTER", "alice", "bob", ALICE, proof), ALICE).status == 403


def test_registration_ends_by_request_by_flow_and_not_too_briefly() -> None:
    at = exchange()
    assert register(at, "alice", ALICE, PASSWORDS["alice"], "5").status == 423
    register(at, "alice", ALICE, PASSWORDS["alice"])
    assert register(at, "alice", ALICE, PASSWORDS["alice"], "0").status == 200
    assert not at.registered("alice", 0.0)
    register(at, "alice", ALICE, PASSWORDS["alice"])
    at.flow_closed(ALICE.id, 0.0)
    assert not at.registered("alice", 0.0)


def test_a_call_crosses_transports_and_each_side_knows_the_exchange_alone() -> None:
    at = exchange()
    answer, invite = connected(at, ("P-Asserted-Identity", "<sip:boss@127.0.0.1>"), ("X-Unknown", "passes"))
    assert invite.uri == "sip:bob@127.0.0.1:40002;transport=udp"
    assert invite.headers.get("X-Unknown") == "passes"
    assert "P-Asserted-Identity" not in invite.headers
    assert str(invite.contacts[0].uri) == "sip:alice@127.0.0.1:5060"
    assert str(answer.contacts[0].uri) == "sip:bob@127.0.0.1:5061;transport=tls"
    ack = inside("ACK", "alice", ALICE, answer, 2, "sip:bob@127.0.0.1:5061")
    ((flow_id, onward),) = send(at, ack, ALICE)
    assert (flow_id, onward.cseq.number) == (BOB.id, 1)
    assert send(at, inside("ACK", "alice", ALICE, answer, 7, "sip:bob@127.0.0.1:5061"), ALICE) == []


def test_bob_hears_bye_in_his_own_dialog() -> None:
    at = exchange()
    answer, invite = connected(at)
    sent = send(at, inside("BYE", "alice", ALICE, answer, 3, "sip:bob@127.0.0.1:5061"), ALICE)
    assert [(flow_id, message.cseq.method) for flow_id, message in sent] == [(1, "BYE"), (2, "BYE")]
    bye = sent[1][1]
    assert isinstance(bye, Request)
    assert (bye.call_id, bye.to.tag, bye.from_.tag) == (invite.call_id, "b1", invite.from_.tag)
    assert bye.uri == "sip:bob@127.0.0.1:40002"
    assert not at.busy()


def test_a_stranger_inside_a_call_must_prove_who_he_is() -> None:
    at = exchange()
    answer, _ = connected(at)
    mallory = Flow(3, "tls", ("127.0.0.1", 5061), ("127.0.0.1", 40003))
    at.flow_opened(mallory)
    challenged = reply(at, inside("BYE", "alice", mallory, answer, 3, "sip:bob@127.0.0.1:5061"), mallory)
    assert challenged.status == 407
    for user, status in (("bob", 403), ("alice", 200)):
        bye = inside("BYE", "alice", mallory, answer, 4, "sip:bob@127.0.0.1:5061")
        bye.headers.add(*credentials(challenged, "BYE", bye.uri, user, PASSWORDS[user]))
        (_, said), *_ = send(at, bye, mallory)
        assert isinstance(said, Response)
        assert said.status == status
        challenged = reply(at, inside("BYE", "alice", mallory, answer, 5, bye.uri), mallory)
        assert challenged.status == (407 if at.busy() else 481)


def test_what_began_over_tls_is_not_taken_up_over_udp() -> None:
    at = exchange()
    register(at, "alice", ALICE, PASSWORDS["alice"])
    answer, _ = connected(at)
    plain = Flow(3, "udp", ("127.0.0.1", 5060), ("127.0.0.1", 40003))
    at.flow_opened(plain)
    register(at, "alice", plain, PASSWORDS["alice"])
    bye = inside("BYE", "alice", plain, answer, 3, "sip:bob@127.0.0.1:5061")
    assert reply(at, bye, plain).status == 407


def test_a_phones_challenge_stays_with_the_exchange() -> None:
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    sent = send(at, authenticated(at, "INVITE", "bob"), ALICE)
    (invite,) = (message for flow_id, message in sent if flow_id == BOB.id)
    assert isinstance(invite, Request)
    asking = invite.reply(407, to_tag="b1")
    asking.headers.add("Proxy-Authenticate", 'Digest realm="127.0.0.1", nonce="n"')
    answers = [message for flow_id, message in send(at, asking, BOB) if flow_id == ALICE.id]
    assert isinstance(answers[0], Response)
    assert answers[0].status == 403
    assert "Proxy-Authenticate" not in answers[0].headers


def test_numbers_and_events_are_translated() -> None:
    at = exchange()
    answer, _ = connected(at)
    update = inside("UPDATE", "alice", ALICE, answer, 9, "sip:bob@127.0.0.1:5061")
    update.headers.add("Session-Expires", "1800;refresher=uac")
    ((_, onward),) = send(at, update, ALICE)
    assert onward.cseq.number == 2
    assert onward.headers.get("Session-Expires") == "1800;refresher=uac"
    prack = inside("PRACK", "alice", ALICE, answer, 10, "sip:bob@127.0.0.1:5061")
    prack.headers.add("RAck", "77 2 INVITE")
    ((_, onward),) = send(at, prack, ALICE)
    assert onward.headers.get("RAck") == "77 1 INVITE"
    broken = inside("PRACK", "alice", ALICE, answer, 11, "sip:bob@127.0.0.1:5061")
    broken.headers.add("RAck", "rubbish")
    assert reply(at, broken, ALICE).status == 400
    old = inside("INFO", "alice", ALICE, answer, 9, "sip:bob@127.0.0.1:5061")
    assert reply(at, old, ALICE).status == 500


def test_a_refer_to_elsewhere_passes_as_it_is() -> None:
    at = exchange()
    answer, _ = connected(at)
    refer = inside("REFER", "alice", ALICE, answer, 9, "sip:bob@127.0.0.1:5061")
    refer.headers.add("Refer-To", "<sip:someone@example.com>")
    ((_, onward),) = send(at, refer, ALICE)
    assert onward.headers.get("Refer-To") == "<sip:someone@example.com>"


def test_a_reinvite_can_be_cancelled() -> None:
    at = exchange()
    answer, _ = connected(at)
    again = inside("INVITE", "alice", ALICE, answer, 9, "sip:bob@127.0.0.1:5061")
    (_, trying), (_, onward) = send(at, again, ALICE)
    assert isinstance(trying, Response) and isinstance(onward, Request)
    assert trying.status == 100
    send(at, onward.reply(100), BOB)
    cancel = inside("CANCEL", "alice", ALICE, answer, 9, again.uri)
    cancel.headers.set("Via", again.headers.get("Via") or "")
    sent = send(at, cancel, ALICE)
    assert [(flow_id, type(message)) for flow_id, message in sent] == [(1, Response), (2, Request)]
    assert sent[1][1].cseq.method == "CANCEL"
    cancel.headers.set("Via", "SIP/2.0/TLS 127.0.0.1:40001;branch=z9hG4bKother")
    assert reply(at, cancel, ALICE).status == 481


def test_an_ack_finds_its_invite_though_another_came_between() -> None:
    at = exchange()
    answer, _ = connected(at)
    (_, trying), (_, onward) = send(
        at, inside("INVITE", "alice", ALICE, answer, 9, "sip:bob@127.0.0.1:5061"), ALICE
    )
    assert isinstance(trying, Response) and isinstance(onward, Request)
    send(at, onward.reply(491), BOB)
    for number in (2, 2):
        ((flow_id, ack),) = send(
            at, inside("ACK", "alice", ALICE, answer, number, "sip:bob@127.0.0.1:5061"), ALICE
        )
        assert (flow_id, ack.cseq.method, ack.cseq.number) == (BOB.id, "ACK", 1)


def test_nobody_there_and_nobody_known() -> None:
    at = exchange()
    assert reply(at, authenticated(at, "INVITE", "bob"), ALICE).status == 480
    elsewhere = authenticated(at, "MESSAGE", "bob")
    elsewhere.uri = "sip:bob@example.com"
    assert reply(at, elsewhere, ALICE).status == 480
    stray = request("BYE", "alice", "bob", ALICE)
    stray.headers.set("To", "<sip:bob@127.0.0.1>;tag=b1")
    assert reply(at, stray, ALICE).status == 481
    at.tick(40.0)  # nobody acknowledged the refusals
    stray.method = "ACK"
    stray.headers.set("CSeq", "1 ACK")
    assert send(at, stray, ALICE) == []


def test_nobody_calls_in_another_ones_name() -> None:
    at = exchange()
    challenged = reply(at, request("INVITE", "bob", "alice", ALICE), ALICE)
    proof = credentials(challenged, "INVITE", "sip:alice@127.0.0.1", "alice", PASSWORDS["alice"])
    forged = request("INVITE", "bob", "alice", ALICE, proof)
    forged.headers.set("CSeq", "2 INVITE")
    assert reply(at, forged, ALICE).status == 403


def test_outside_calls() -> None:
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    assert reply(at, authenticated(at, "SUBSCRIBE", "bob"), ALICE).status == 405
    here = authenticated(at, "OPTIONS", "")
    here.uri = "sip:127.0.0.1"
    assert reply(at, here, ALICE).status == 200
    asked = authenticated(at, "MESSAGE", "bob")
    asked.body = b"hello"
    ((flow_id, onward),) = send(at, asked, ALICE)
    assert isinstance(onward, Request)
    assert (flow_id, onward.body) == (BOB.id, b"hello")
    assert onward.call_id != asked.call_id
    answer = onward.reply(200, to_tag="b1")
    answer.headers.add("Contact", "<sip:bob@127.0.0.1:40002>")
    ((flow_id, back),) = send(at, answer, BOB)
    assert isinstance(back, Response)
    assert (flow_id, back.status, back.call_id) == (ALICE.id, 200, asked.call_id)
    assert "Contact" not in back.headers


def test_a_message_nobody_answers_is_not_answered_either() -> None:
    """RFC 4320 4.2: who asked has given up in the same second."""
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    send(at, authenticated(at, "MESSAGE", "bob"), ALICE)
    at.tick(32.0)
    assert {effect.flow_id for effect in at.take_effects()} == {BOB.id}
    at.tick(33.0)
    assert at.waiting() == 0


def test_a_message_to_a_broken_connection() -> None:
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    send(at, authenticated(at, "MESSAGE", "bob"), ALICE)
    at.flow_closed(BOB.id, 1.0)
    ((flow_id, said),) = [(sent.flow_id, parse_message(sent.data)) for sent in at.take_effects()]
    assert isinstance(said, Response)
    assert (flow_id, said.status) == (ALICE.id, 480)


def test_the_same_request_by_two_ways_is_asked_once() -> None:
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    invite = authenticated(at, "INVITE", "bob")
    assert len(send(at, invite, ALICE)) == 2
    assert [type(message) for _, message in send(at, invite, ALICE)] == [Response]
    invite.headers.set("Via", "SIP/2.0/TLS 127.0.0.1:40001;branch=z9hG4bKother;rport")
    assert reply(at, invite, ALICE).status == 482


def test_rubbish_is_dropped_and_faults_are_answered() -> None:
    at = exchange()
    at.receive(b"\x00\xff rubbish", ALICE, 0.0)
    assert at.take_effects() == []
    faulty = request("OPTIONS", "alice", "bob", ALICE)
    faulty.headers.set("Max-Forwards", "0")
    assert reply(at, faulty, ALICE).status == 483
    lost = request("OPTIONS", "alice", "bob", ALICE).reply(200, to_tag="x")
    assert send(at, lost, ALICE) == []
