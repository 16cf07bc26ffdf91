"""The demo's telephone exchange, without input or output: a registrar and a stateless proxy.

A record-routing proxy (RFC 3261 16.11) and not a B2BUA: whatever the two phones say to each other, transfers
with Replaces included, passes as they said it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping

from demo.bindings import Bindings
from sip_bridge.core.digest import DigestVerifier, Outcome
from sip_bridge.core.effects import Flow, Transmit
from sip_bridge.core.errors import MessageError
from sip_bridge.core.message import Request, Response, parse_message
from sip_bridge.core.uri import SipUri
from sip_bridge.core.validate import validate

NEVER_CHALLENGED = frozenset({"ACK", "CANCEL"})
FLOW_PARAMETER = "flow"


class Exchange:
    """`users` maps user parts to passwords. Flows are told by `flow_opened` and `flow_closed`."""

    def __init__(self, realm: str, users: Mapping[str, str], random: Callable[[int], bytes]) -> None:
        self._realm = realm
        self._verifier = DigestVerifier(realm, users.get, random)
        self._key = random(16)
        self._bindings = Bindings()
        self._flows: dict[int, Flow] = {}

    def flow_opened(self, flow: Flow) -> None:
        """A client connected, or a UDP address was heard for the first time."""
        self._flows[flow.id] = flow

    def flow_closed(self, flow_id: int) -> None:
        """A connection is gone."""
        self._flows.pop(flow_id, None)
        self._bindings.drop_flow(flow_id)

    def registered(self, user: str, now: float) -> bool:
        """Whether a phone is signed in as `user`."""
        return self._bindings.find(user, now) is not None

    def receive(self, data: bytes, flow: Flow, now: float) -> list[Transmit]:
        """Take one message and say what to send."""
        try:
            message = parse_message(data)
            problem = validate(message, forwarding=True)
            if problem is not None:
                if isinstance(message, Request) and message.method != "ACK":
                    return [self._back(message.reply(problem.status, problem.reason), flow)]
                return []
            return (
                self._response(message)
                if isinstance(message, Response)
                else self._request(message, flow, now)
            )
        except MessageError:
            return []

    # --- responses ----------------------------------------------------------------------------------

    def _response(self, response: Response) -> list[Transmit]:
        """Pass on over the flow that our own Via remembers (RFC 3261 16.7)."""
        flow = self._flow_of(response.top_via.parameter(FLOW_PARAMETER))
        response.headers.remove_first("Via")
        return (
            [Transmit(flow.id, bytes(response))] if flow is not None and response.headers.get("Via") else []
        )

    def _flow_of(self, text: str | None) -> Flow | None:
        return self._flows.get(int(text)) if text and text.isdecimal() else None

    def _back(self, response: Response, flow: Flow) -> Transmit:
        if not response.to.tag:
            seed = self._key + response.call_id.encode("utf-8", "surrogateescape")
            tag = hashlib.sha256(seed).hexdigest()[:12]
            response.headers.set("To", str(response.to.with_tag(tag)))
        return Transmit(flow.id, bytes(response))

    # --- requests -----------------------------------------------------------------------------------

    def _request(self, request: Request, flow: Flow, now: float) -> list[Transmit]:
        via = request.top_via.with_received(*flow.remote)
        request.headers.replace_first("Via", str(via))
        inside = bool(request.to.tag)
        if request.method not in NEVER_CHALLENGED and not inside:
            refusal = self._challenge(request, now)
            if refusal is not None:
                return [self._back(reply, flow) for reply in refusal]
        if request.method == "REGISTER":
            user = SipUri.parse(str(request.to.uri)).user or ""
            return [self._back(self._bindings.register(user, request, flow, now), flow)]
        onward = self._onward(request, now)
        if onward is not None:
            return [self._forward(request, flow, onward)]
        if request.method == "ACK":
            return []
        return [self._back(request.reply(481 if inside else 480), flow)]

    def _challenge(self, request: Request, now: float) -> list[Response] | None:
        """None where the sender proved who they are, and is who From says."""
        at_registrar = request.method == "REGISTER"
        name = "Authorization" if at_registrar else "Proxy-Authorization"
        verdicts = [
            self._verifier.verify(value, request.method, now, body=request.body)
            for value in request.headers.get_lines(name)
        ]
        claimed = (request.to if at_registrar else request.from_).uri
        sender = claimed.user if claimed is not None else None
        good = [verdict for verdict in verdicts if verdict.outcome is Outcome.GOOD]
        if good:
            request.headers.remove(name)
            return None if good[0].username == sender else [request.reply(403)]
        stale = any(verdict.outcome is Outcome.STALE for verdict in verdicts)
        reply = request.reply(401 if at_registrar else 407)
        for challenge in self._verifier.challenges(now, stale=stale):
            reply.headers.add("WWW-Authenticate" if at_registrar else "Proxy-Authenticate", challenge)
        return [reply]

    def _onward(self, request: Request, now: float) -> Flow | None:
        """The flow the request goes on over; a user's address becomes the contact they registered."""
        while "Route" in request.headers and (uri := request.routes[0].uri) is not None and self._ours(uri):
            request.headers.remove_first("Route")
        target = SipUri.parse(request.uri)
        if self._ours(target):
            bound = self._bindings.find(target.user or "", now)
            if bound is None:
                return None
            request.uri = str(bound.contact.uri)
            return self._flows.get(bound.flow.id)
        address = (target.host, target.port)
        return next((flow for flow in self._flows.values() if flow.remote == address), None)

    def _ours(self, uri: SipUri) -> bool:
        if uri.host == self._realm and uri.port is None:
            return True
        return any((uri.host, uri.port) == flow.local for flow in self._flows.values())

    def _forward(self, request: Request, flow: Flow, onward: Flow) -> Transmit:
        """Add our Via, with the branch of a stateless proxy, and stay on the dialog's route (16.6, 16.11)."""
        seed = f"{request.top_via.branch}{request.call_id}{request.cseq.number}{request.top_via.sent_by}"
        branch = hashlib.sha256(self._key + seed.encode("utf-8", "surrogateescape")).hexdigest()[:24]
        request.headers.set("Max-Forwards", str((request.max_forwards or 70) - 1))
        host, port = onward.local
        transport = onward.transport.upper()
        via = f"SIP/2.0/{transport} {host}:{port};branch=z9hG4bK{branch};{FLOW_PARAMETER}={flow.id}"
        request.headers.prepend("Via", via)
        if request.method in ("INVITE", "SUBSCRIBE", "REFER", "UPDATE"):
            for side in (flow, onward) if flow.local != onward.local else (onward,):
                host, port = side.local
                request.headers.prepend("Record-Route", f"<sip:{host}:{port};transport={side.transport};lr>")
        return Transmit(onward.id, bytes(request))
