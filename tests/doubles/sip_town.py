"""The demo's exchange and user agents signed in at it, in one memory, by a fake clock."""

from __future__ import annotations

import random
from typing import cast

from demo.exchange import Exchange
from demo.subscribers import Subscribers
from sip_bridge.core.agent import Agent
from sip_bridge.core.config import AgentConfig, RegistrationConfig
from sip_bridge.core.effects import Flow, Hop, Transmit
from sip_bridge.core.events import (
    AgentEvent,
)
from sip_bridge.core.message import Request, Response
from tests.doubles.sip_link import Link, Node, phone

CENTRE = "10.0.0.1"
PASSWORD = "battery staple"
PEOPLE = ("alice", "bob", "carol")


class Counter:
    """The exchange where the link expects a user agent: it hears of flows when something comes by them."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self._known: set[int] = set()

    def receive(self, data: bytes, flow: Flow, now: float) -> None:
        """One message."""
        if flow.id not in self._known:
            self._known.add(flow.id)
            self.exchange.flow_opened(flow)
        self.exchange.receive(data, flow, now)

    def tick(self, now: float) -> None:
        """Time."""
        self.exchange.tick(now)

    def next_timer(self) -> float | None:
        """Time to come."""
        return self.exchange.next_timer()

    def take_effects(self) -> list[Transmit]:
        """What to send."""
        return self.exchange.take_effects()

    def take_events(self) -> list[AgentEvent]:
        """It tells nobody anything."""
        return []


class Town(Link):
    """A link with the exchange at its centre; `phone` adds one that is signed in."""

    def __init__(self, transport: str = "udp") -> None:
        super().__init__(transport=transport)
        self.exchange = Exchange(
            CENTRE, Subscribers(CENTRE, dict.fromkeys(PEOPLE, PASSWORD)), random.Random(7).randbytes
        )
        address = (CENTRE, 5060)
        self.centre = Node(self, address, cast(Agent, Counter(self.exchange)))
        self.nodes[address] = self.centre

    def phone(self, user: str, host: str, *, answers_after: float | None = 0.5) -> Node:
        """A phone that is registered, rings, and answers after a while or never."""
        node = self.add(host, AgentConfig(contact_user=user))
        hop = Hop(CENTRE, 5060, self.transport)
        account = RegistrationConfig(f"sip:{user}@{CENTRE}", hop, user, PASSWORD, keepalive_s=0)
        node.agent.register(account, self.now)
        node.react = phone(answers_after)
        self.run(1)
        return node

    def dial(self, node: Node, user: str, offer: bytes | None = b"offer") -> str:
        """Let a phone call somebody."""
        return node.agent.invite(f"sip:{user}@{CENTRE}", offer, self.now)

    def cut(self, node: Node) -> None:
        """The phone's connection breaks, and it does not notice."""
        (flow,) = (flow for flow in self.centre.flows.values() if flow.remote == node.address)
        self.exchange.flow_closed(flow.id, self.now)
        self.nodes.pop(node.address)
        self.settle()

    def heard_by(self, node: Node, method: str) -> list[Request]:
        """The requests the exchange sent to a phone."""
        host, port = node.address
        return [
            message
            for _, source, message in self.seen
            if source == self.centre.address
            and isinstance(message, Request)
            and message.method == method
            and f"{host}:{port}" in message.uri
        ]

    def said_by(self, node: Node, method: str) -> list[Request]:
        """The requests a phone sent."""
        return [
            message
            for _, source, message in self.seen
            if source == node.address and isinstance(message, Request) and message.method == method
        ]

    def responses(self, node: Node, method: str) -> list[Response]:
        """The responses the exchange sent for requests of a phone's."""
        host = node.address[0]
        return [
            message
            for _, source, message in self.seen
            if source == self.centre.address
            and isinstance(message, Response)
            and message.cseq.method == method
            and message.top_via.host == host
        ]
