"""What two phones say to the demo's exchange, message by message."""

from __future__ import annotations

import itertools

from demo.exchange import Exchange
from demo.subscribers import Subscribers
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


def ringing(at: Exchange) -> tuple[Request, Request]:
    """Alice's INVITE, and the one Bob got."""
    register(at, "bob", BOB, PASSWORDS["bob"])
    asked = authenticated(at, "INVITE", "bob")
    (invite,) = (message for flow_id, message in send(at, asked, ALICE) if flow_id == BOB.id)
    assert isinstance(invite, Request)
    return asked, invite
