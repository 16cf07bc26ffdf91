"""What the demo's exchange says to one phone, by script: this arrives, that is sent."""

from __future__ import annotations

import itertools

from demo.bindings import MOST, Bindings
from demo.exchange import Exchange
from demo.ringing import MOST_DIALOGS
from demo.subscribers import Subscribers
from demo.talks import GONE, PROBE_S
from sip_bridge.core.digest import DigestAuth, parse_challenges
from sip_bridge.core.effects import Flow
from sip_bridge.core.message import Request, Response, parse_message

ALICE = Flow(1, "tls", ("127.0.0.1", 5061), ("127.0.0.1", 40001))
BOB = Flow(2, "udp", ("127.0.0.1", 5060), ("127.0.0.1", 40002))
PASSWORDS = {"alice": "correct horse", "bob": "battery staple"}
counter = itertools.count()


def random(size: int) -> bytes:
    return next(counter).to_bytes(size, "big")


def exchange() -> Exchange:
    made = Exchange("127.0.0.1", Subscribers("127.0.0.1", PASSWORDS), random)
    made.flow_opened(ALICE)
    made.flow_opened(BOB)
    return made


def request(method: str, sender: str, to: str, flow: Flow, *more: tuple[str, str], uri: str = "") -> Request:
    made = Request(method, uri or (f"sip:{to}@127.0.0.1" if method != "REGISTER" else "sip:127.0.0.1"))
    host, port = flow.remote
    made.headers.add(
        "Via", f"SIP/2.0/{flow.transport.upper()} {host}:{port};branch=z9hG4bK{random(4).hex()};rport"
    )
    made.headers.add("Max-Forwards", "70")
    made.headers.add("From", f"<sip:{sender}@127.0.0.1>;tag=a1")
    made.headers.add("To", f"<sip:{to}@127.0.0.1>")
    made.headers.add("Call-ID", f"{random(4).hex()}@test")
    made.headers.add("CSeq", f"1 {method}")
    for name, value in more:
        made.headers.add(name, value)
    return made


def send(
    at: Exchange, message: Request | Response, flow: Flow, now: float = 0.0
) -> list[tuple[int, Request | Response]]:
    at.receive(bytes(message), flow, now)
    return [(one.flow_id, parse_message(one.data)) for one in at.take_effects()]


def reply(at: Exchange, message: Request, flow: Flow, now: float = 0.0) -> Response:
    ((flow_id, answer),) = send(at, message, flow, now)
    assert flow_id == flow.id
    assert isinstance(answer, Response)
    return answer


def credentials(challenged: Response, method: str, uri: str, user: str, password: str) -> tuple[str, str]:
    at_registrar = challenged.status == 401
    name = "WWW-Authenticate" if at_registrar else "Proxy-Authenticate"
    auth = DigestAuth(user, password, random)
    value = auth.answer(parse_challenges(challenged.headers.get_lines(name)), method, uri)
    assert value is not None
    return ("Authorization" if at_registrar else "Proxy-Authorization", value)


def register(
    at: Exchange, user: str, flow: Flow, password: str, expires: str = "60", now: float = 0.0
) -> Response:
    host, port = flow.remote
    contact = ("Contact", f"<sip:{user}@{host}:{port};transport={flow.transport}>;expires={expires}")
    challenged = reply(at, request("REGISTER", user, user, flow, contact), flow, now)
    assert challenged.status == 401
    proof = credentials(challenged, "REGISTER", "sip:127.0.0.1", user, password)
    return reply(at, request("REGISTER", user, user, flow, contact, proof), flow, now)


def authenticated(at: Exchange, method: str, to: str, *more: tuple[str, str]) -> Request:
    """A request of Alice's that answers the challenge it met."""
    call = ("Call-ID", random(4).hex())
    asked = request(method, "alice", to, ALICE, *more)
    asked.headers.set(*call)
    challenged = reply(at, asked, ALICE)
    assert challenged.status == 407
    proof = credentials(challenged, method, asked.uri, "alice", PASSWORDS["alice"])
    again = request(method, "alice", to, ALICE, *more, proof)
    again.headers.set(*call)
    again.headers.set("CSeq", f"2 {method}")
    return again


def inside(method: str, sender: str, flow: Flow, response: Response, number: int, uri: str) -> Request:
    """A request in the dialog that `response` made for the caller."""
    made = request(method, sender, "bob", flow, uri=uri)
    for name in ("From", "To", "Call-ID"):
        made.headers.set(name, response.headers.get(name) or "")
    made.headers.set("CSeq", f"{number} {method}")
    return made


def connected(at: Exchange, *offered: tuple[str, str]) -> tuple[Response, Request]:
    """Alice talks to Bob: what she was answered, and the INVITE he got."""
    register(at, "bob", BOB, PASSWORDS["bob"])
    contact = ("Contact", "<sip:alice@127.0.0.1:40001;transport=tls>")
    sent = send(at, authenticated(at, "INVITE", "bob", contact, *offered), ALICE)
    (invite,) = (message for flow_id, message in sent if flow_id == BOB.id)
    assert isinstance(invite, Request)
    taken = invite.reply(200, to_tag="b1")
    taken.headers.add("Contact", "<sip:bob@127.0.0.1:40002>")
    ((flow_id, answer),) = send(at, taken, BOB)
    assert flow_id == ALICE.id
    assert isinstance(answer, Response)
    return answer, invite


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


def ringing(at: Exchange) -> tuple[Request, Request]:
    """Alice's INVITE, and the one Bob got."""
    register(at, "bob", BOB, PASSWORDS["bob"])
    asked = authenticated(at, "INVITE", "bob")
    (invite,) = (message for flow_id, message in send(at, asked, ALICE) if flow_id == BOB.id)
    assert isinstance(invite, Request)
    return asked, invite


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
