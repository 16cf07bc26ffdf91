"""One agent on a bench: what it sends is read as messages, what it gets is written by the test."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TypeVar

from sip_bridge.core.agent import Agent
from sip_bridge.core.config import AgentConfig, RegistrationConfig
from sip_bridge.core.effects import CloseFlow, Flow, Hop, OpenFlow, Transmit
from sip_bridge.core.events import AgentEvent, Ended, IncomingInvite
from sip_bridge.core.message import Request, Response, parse_message

T = TypeVar("T")

LOCAL = ("192.0.2.10", 5060)
SERVER = ("192.0.2.1", 5060)
PEER = ("198.51.100.7", 5060)
ACCOUNT = RegistrationConfig(
    aor="sip:alice@example.com",
    registrar=Hop("example.com"),
    username="alice",
    password="secret",
    instance="urn:uuid:00000000-0000-4000-8000-000000000001",
    keepalive_s=0,
)
CHALLENGE = 'Digest realm="example.com", nonce="n1", algorithm=MD5, qop="auth"'


class Rig:
    """An agent, a clock and a hand on every wire."""

    def __init__(self, config: AgentConfig | None = None, transport: str = "udp") -> None:
        self.now = 1000.0
        self.agent = Agent(config or AgentConfig(contact_user="me"), random.Random(1).randbytes)
        self.flow = Flow(1, transport, LOCAL, SERVER, "example.com")
        self.peer_flow = Flow(2, transport, LOCAL, PEER, PEER[0])
        self.events: list[AgentEvent] = []
        self.opened: list[OpenFlow] = []
        self.closed: list[CloseFlow] = []
        self.raw: list[Transmit] = []
        self._sent: list[Request | Response] = []

    # --- reading ---------------------------------------------------------------------------------

    def collect(self) -> None:
        """Take what the agent has to say."""
        for effect in self.agent.take_effects():
            match effect:
                case OpenFlow():
                    self.opened.append(effect)
                case CloseFlow():
                    self.closed.append(effect)
                case Transmit(_, data, _):
                    self.raw.append(effect)
                    if data.strip():
                        self._sent.append(parse_message(data))
        self.events += self.agent.take_events()

    def sent(self) -> list[Request | Response]:
        """The messages sent since the last look."""
        self.collect()
        sent, self._sent = self._sent, []
        return sent

    def request(self, method: str) -> Request:
        """The one request sent since the last look; it must be of that method."""
        (message,) = self.sent()
        assert isinstance(message, Request), message
        assert message.method == method, message
        return message

    def response(self, status: int) -> Response:
        """The one response sent since the last look; it must have that status."""
        (message,) = self.sent()
        assert isinstance(message, Response), message
        assert message.status == status, message
        return message

    def names(self) -> list[str]:
        """What was sent since the last look, as "INVITE" and "200 INVITE"."""
        return [
            message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"
            for message in self.sent()
        ]

    def of(self, kind: type[T]) -> list[T]:
        """The events of one kind so far."""
        self.collect()
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[T]) -> T:
        """The newest event of that kind."""
        return self.of(kind)[-1]

    # --- writing ---------------------------------------------------------------------------------

    def open(self, flow: Flow | None = None) -> Hop:
        """Grant the oldest flow asked for; returns the hop it was for."""
        self.collect()
        wanted = self.opened.pop(0)
        self.agent.flow_opened(wanted.request, flow or self.flow, self.now)
        self.collect()
        return wanted.hop

    def refuse(self, reason: str) -> Hop:
        """Refuse the oldest flow asked for."""
        self.collect()
        wanted = self.opened.pop(0)
        self.agent.flow_refused(wanted.request, reason, self.now)
        self.collect()
        return wanted.hop

    def receive(self, message: Request | Response | bytes, flow: Flow | None = None) -> None:
        """A message arrives (from the server, unless another flow is named)."""
        self.agent.receive(bytes(message), flow or self.flow, self.now)
        self.collect()

    def reply(
        self,
        request: Request,
        status: int,
        *headers: tuple[str, str],
        tag: str = "far",
        body: bytes = b"",
        flow: Flow | None = None,
        reason: str | None = None,
    ) -> Response:
        """The far end answers a request of ours."""
        response = request.reply(status, reason, to_tag=tag if status > 100 else "")
        for name, value in headers:
            response.headers.add(name, value)
        if body:
            response.headers.add("Content-Type", "application/sdp")
            response.body = body
        self.receive(response, flow)
        return response

    def wait(self, seconds: float) -> None:
        """Let time pass, timer by timer."""
        end = self.now + seconds
        while (due := self.agent.next_timer()) is not None and due <= end:
            self.now = max(self.now, due)
            self.agent.tick(self.now)
            self.collect()
        self.now = end

    # --- common beginnings -----------------------------------------------------------------------

    def register(self, account: RegistrationConfig = ACCOUNT, expires: int = 10_000_000) -> Request:
        """Register without a challenge, for long; returns the REGISTER."""
        self.agent.register(account, self.now)
        self.open()
        register = self.request("REGISTER")
        self.reply(register, 200, ("Expires", str(expires)))
        return register

    def closed_flow(self, flow: Flow | None = None) -> None:
        """The driver lost a flow."""
        self.agent.flow_closed((flow or self.flow).id, "reset", self.now)
        self.collect()


def other_flow(flow: Flow, number: int, **changes: object) -> Flow:
    """A flow like that one with another id."""
    return replace(flow, id=number, **changes)  # type: ignore[arg-type]


TARGET = "sip:bob@198.51.100.7"
CONTACT = ("Contact", "<sip:bob@198.51.100.7:5060>")
ROUTE = ("Record-Route", "<sip:192.0.2.1;lr>")
NEW_PLACE = ("Contact", "<sip:bob@203.0.113.44:5060>")
"""Where the far end may move to within a call."""


def calling(rig: Rig, offer: bytes | None = b"offer") -> tuple[str, Request]:
    """Registered, and an INVITE of ours is out."""
    rig.register()
    handle = rig.agent.invite(TARGET, offer, rig.now)
    return handle, rig.request("INVITE")


def talking(rig: Rig, *headers: tuple[str, str], tag: str = "far") -> tuple[str, Request]:
    """A call of ours, answered; its route is the server. Returns the handle and the ACK."""
    handle, invite = calling(rig)
    rig.reply(invite, 200, CONTACT, ROUTE, *headers, body=b"answer", tag=tag)
    return handle, rig.request("ACK")


def granted(rig: Rig, register: Request, expires: int = 600) -> None:
    """The registrar accepts for that many seconds."""
    rig.reply(register, 200, ("Expires", str(expires)))


def how_it_ended(rig: Rig) -> tuple[int, str, bool]:
    """Status, reason key and whether it was the other side, of the one call that ended."""
    (ended,) = rig.of(Ended)
    return ended.status, ended.reason_key, ended.by_remote


def call_for_us(
    *headers: tuple[str, str], body: bytes = b"offer", call_id: str = "in1", branch: str = "z9hG4bKin1"
) -> Request:
    """An INVITE for us by way of the server."""
    request = Request("INVITE", "sip:alice@192.0.2.10:5060")
    request.headers.add("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch={branch}")
    request.headers.add("Max-Forwards", "70")
    request.headers.add("From", '"Bob" <sip:bob@example.com>;tag=far')
    request.headers.add("To", "<sip:alice@example.com>")
    request.headers.add("Call-ID", call_id)
    request.headers.add("CSeq", "1 INVITE")
    for header in (CONTACT, ROUTE, *headers):
        request.headers.add(*header)
    if body:
        request.headers.add("Content-Type", "application/sdp")
        request.body = body
    return request


def outside(method: str, *headers: tuple[str, str], branch: str = "z9hG4bKp", body: bytes = b"") -> Request:
    """A request by way of the server that belongs to no dialog."""
    request = call_for_us(body=b"", branch=branch, call_id=f"{method}-{branch}")
    plain = Request(method, request.uri, request.headers, body)
    plain.headers.set("CSeq", f"1 {method}")
    for header in headers:
        plain.headers.add(*header)
    return plain


def reoffering(rig: Rig, handle: str, sdp: bytes = b"hold") -> Request:
    """We offer anew within a call; the INVITE that goes out."""
    rig.agent.reoffer(handle, sdp, rig.now)
    return rig.request("INVITE")


_branches = iter(range(1, 1_000_000))


def inside(
    answer: Request | Response,
    method: str,
    number: int,
    *headers: tuple[str, str],
    body: bytes = b"",
    ours: bool = True,
    content_type: str = "application/sdp",
) -> Request:
    """A request of the peer inside the dialog that `answer` belongs to.

    `ours`: `answer` is a request we sent (its From is us); else a response of ours (its To is us).
    """
    us, them = ("From", "To") if ours else ("To", "From")
    request = Request(method, "sip:alice@192.0.2.10:5060")
    request.headers.add("Via", f"SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKp{next(_branches)}")
    request.headers.add("Max-Forwards", "70")
    request.headers.add("From", answer.headers.get(them) or "")
    request.headers.add("To", answer.headers.get(us) or "")
    request.headers.add("Call-ID", answer.call_id)
    request.headers.add("CSeq", f"{number} {method}")
    for header in headers:
        request.headers.add(*header)
    if body:
        request.headers.add("Content-Type", content_type)
        request.body = body
    return request


def cancelling(invite: Request, *headers: tuple[str, str]) -> Request:
    """The CANCEL of an INVITE for us (RFC 3261 9.1)."""
    cancel = Request("CANCEL", invite.uri)
    for name in ("Via", "From", "To", "Call-ID"):
        cancel.headers.add(name, invite.headers.get(name) or "")
    cancel.headers.add("CSeq", f"{invite.cseq.number} CANCEL")
    for header in headers:
        cancel.headers.add(*header)
    return cancel


def answered(rig: Rig, *headers: tuple[str, str], body: bytes = b"offer") -> tuple[str, Response]:
    """A call for us, answered and acknowledged. Returns the handle and our 200."""
    rig.register()
    rig.receive(call_for_us(*headers, body=body))
    handle = rig.last(IncomingInvite).call
    rig.agent.answer(handle, b"answer", rig.now)
    ok = rig.sent()[-1]
    assert isinstance(ok, Response)
    assert ok.status == 200
    rig.receive(inside(ok, "ACK", 1, ours=False))
    return handle, ok
