"""The demo's exchange, by script: this arrives, that is sent."""

from __future__ import annotations

import itertools

from demo.exchange import Exchange
from sip_bridge.core.digest import DigestAuth, parse_challenges
from sip_bridge.core.effects import Flow, Transmit
from sip_bridge.core.message import Request, Response, parse_message

ALICE = Flow(1, "tls", ("127.0.0.1", 5061), ("127.0.0.1", 40001))
BOB = Flow(2, "udp", ("127.0.0.1", 5060), ("127.0.0.1", 40002))
PASSWORDS = {"alice": "correct horse", "bob": "battery staple"}
counter = itertools.count()


def random(size: int) -> bytes:
    return next(counter).to_bytes(size, "big")


def exchange() -> Exchange:
    made = Exchange("127.0.0.1", PASSWORDS, random)
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
    made.headers.add("Call-ID", "one@test")
    made.headers.add("CSeq", f"1 {method}")
    for name, value in more:
        made.headers.add(name, value)
    return made


def send(
    at: Exchange, message: Request | Response, flow: Flow, now: float = 0.0
) -> list[tuple[int, Request | Response]]:
    sent: list[Transmit] = at.receive(bytes(message), flow, now)
    return [(one.flow_id, parse_message(one.data)) for one in sent]


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


def invited(at: Exchange) -> tuple[int, Request]:
    """Alice's INVITE as it leaves for Bob."""
    challenged = reply(at, request("INVITE", "alice", "bob", ALICE), ALICE)
    assert challenged.status == 407
    proof = credentials(challenged, "INVITE", "sip:bob@127.0.0.1", "alice", PASSWORDS["alice"])
    ((flow_id, onward),) = send(at, request("INVITE", "alice", "bob", ALICE, proof), ALICE)
    assert isinstance(onward, Request)
    return flow_id, onward


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
    at.flow_closed(ALICE.id)
    assert not at.registered("alice", 0.0)


def test_a_call_crosses_transports_and_stays_on_the_route() -> None:
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    flow_id, onward = invited(at)
    assert flow_id == BOB.id
    assert onward.uri == "sip:bob@127.0.0.1:40002;transport=udp"
    assert "Proxy-Authorization" not in onward.headers
    assert len(onward.vias) == 2
    assert [str(route.uri) for route in onward.record_routes] == [
        "sip:127.0.0.1:5060;transport=udp;lr",
        "sip:127.0.0.1:5061;transport=tls;lr",
    ]
    ((back_id, answer),) = send(at, onward.reply(180, to_tag="b1"), BOB)
    assert back_id == ALICE.id
    assert isinstance(answer, Response)
    assert (answer.status, len(answer.vias)) == (180, 1)

    bye = request("BYE", "alice", "bob", ALICE, uri="sip:bob@127.0.0.1:40002;transport=udp")
    bye.headers.set("To", "<sip:bob@127.0.0.1>;tag=b1")
    bye.headers.add("Route", "<sip:127.0.0.1:5061;transport=tls;lr>, <sip:127.0.0.1:5060;transport=udp;lr>")
    ((bye_flow, inside),) = send(at, bye, ALICE)
    assert bye_flow == BOB.id
    assert isinstance(inside, Request)
    assert not inside.routes


def test_cancel_and_ack_follow_their_invite() -> None:
    at = exchange()
    register(at, "bob", BOB, PASSWORDS["bob"])
    challenged = reply(at, request("INVITE", "alice", "bob", ALICE), ALICE)
    proof = credentials(challenged, "INVITE", "sip:bob@127.0.0.1", "alice", PASSWORDS["alice"])
    invite = request("INVITE", "alice", "bob", ALICE, proof)
    ((_, onward),) = send(at, invite, ALICE)
    for method in ("CANCEL", "ACK"):
        later = request(method, "alice", "bob", ALICE)
        later.headers.set("Via", invite.headers.get("Via") or "")
        ((flow_id, forwarded),) = send(at, later, ALICE)
        assert flow_id == BOB.id
        assert forwarded.top_via.branch == onward.top_via.branch


def test_nobody_there_and_nobody_known() -> None:
    at = exchange()
    challenged = reply(at, request("INVITE", "alice", "bob", ALICE), ALICE)
    proof = credentials(challenged, "INVITE", "sip:bob@127.0.0.1", "alice", PASSWORDS["alice"])
    assert reply(at, request("INVITE", "alice", "bob", ALICE, proof), ALICE).status == 480
    stray = request("BYE", "alice", "bob", ALICE, uri="sip:bob@127.0.0.1:9999")
    stray.headers.set("To", "<sip:bob@127.0.0.1>;tag=b1")
    assert reply(at, stray, ALICE).status == 481
    stray.method = "ACK"
    stray.headers.set("CSeq", "1 ACK")
    assert send(at, stray, ALICE) == []


def test_rubbish_is_dropped_and_faults_are_answered() -> None:
    at = exchange()
    assert at.receive(b"\x00\xff rubbish", ALICE, 0.0) == []
    faulty = request("OPTIONS", "alice", "bob", ALICE)
    faulty.headers.set("Max-Forwards", "0")
    assert reply(at, faulty, ALICE).status == 483
    lost = request("OPTIONS", "alice", "bob", ALICE).reply(200, to_tag="x")
    assert send(at, lost, ALICE) == []
