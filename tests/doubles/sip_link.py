"""User agents in one memory: a fake clock, and a wire that loses, delays and doubles as it is told."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sip_bridge.core.agent import Agent
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import REFUSED_EXHAUSTED, Address, CloseFlow, Flow, OpenFlow, Transmit
from sip_bridge.core.events import AgentEvent, IncomingInvite, OfferReceived, OfferWanted, ReferReceived
from sip_bridge.core.message import Request, Response, parse_message

T = TypeVar("T")
Fate = Callable[[], Sequence[float]]
"""Delays in seconds of the copies of one datagram that arrive: () is lost, two are doubled."""


def prompt() -> Sequence[float]:
    """A wire that loses nothing."""
    return (0.01,)


class Weather:
    """The fate of datagrams, one after another; then the sky clears."""

    def __init__(self, fates: Sequence[Sequence[float]]) -> None:
        self.fates = list(fates)

    def __call__(self) -> Sequence[float]:
        return self.fates.pop(0) if self.fates else prompt()


@dataclass(eq=False)
class Node:
    """One agent at one address, with everything that happened to it."""

    link: Link
    address: Address
    agent: Agent
    react: Callable[[Node, AgentEvent], None] | None = None
    events: list[AgentEvent] = field(default_factory=list)
    flows: dict[tuple[str, Address], Flow] = field(default_factory=dict)

    def flow_to(self, transport: str, remote: Address) -> Flow:
        """The flow to that address; there is one per transport and address."""
        key = (transport, remote)
        if key not in self.flows:
            self.flows[key] = Flow(next(self.link.serial), transport, self.address, remote, remote[0])
        return self.flows[key]

    def of(self, kind: type[T]) -> list[T]:
        """The events of one kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    def last(self, kind: type[T]) -> T:
        """The newest event of that kind."""
        return self.of(kind)[-1]


class Link:
    """The wire and the clock between nodes. Datagrams obey `fate`, streams are faithful."""

    def __init__(self, fate: Fate = prompt, transport: str = "udp") -> None:
        self.now = 1000.0
        self.fate = fate
        self.transport = transport
        self.serial = itertools.count(1)
        self.nodes: dict[Address, Node] = {}
        self.seen: list[tuple[float, Address, Request | Response]] = []
        self._queue: list[tuple[float, int, Callable[[], None]]] = []

    def add(self, host: str, config: AgentConfig | None = None, *, port: int = 5060) -> Node:
        """A new agent at host:port."""
        address = (host, port)
        chance = random.Random(f"{host}:{port}")
        config = config or AgentConfig(aor=f"sip:user@{host}", contact_user="user", accept_strangers=True)
        node = Node(self, address, Agent(config, chance.randbytes))
        self.nodes[address] = node
        return node

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something that many seconds from now."""
        heapq.heappush(self._queue, (self.now + seconds, next(self.serial), action))

    def run(self, seconds: float) -> None:
        """Let that much time pass."""
        end = self.now + seconds
        self.settle()
        while (due := self._next()) is not None and due <= end:
            self.now = max(self.now, due)
            while self._queue and self._queue[0][0] <= self.now:
                heapq.heappop(self._queue)[2]()
            for node in self.nodes.values():
                timer = node.agent.next_timer()
                if timer is not None and timer <= self.now:
                    node.agent.tick(self.now)
            self.settle()
        self.now = end

    def settle(self) -> None:
        """Carry out what the agents asked for, until they ask for nothing more."""
        busy = True
        while busy:
            busy = False
            for node in self.nodes.values():
                busy = self._events(node) or busy
                busy = self._effects(node) or busy

    def _next(self) -> float | None:
        times = [node.agent.next_timer() for node in self.nodes.values()]
        known = [time for time in times if time is not None]
        if self._queue:
            known.append(self._queue[0][0])
        return min(known, default=None)

    def _events(self, node: Node) -> bool:
        events = node.agent.take_events()
        node.events += events
        for event in events:
            if node.react is not None:
                node.react(node, event)
        return bool(events)

    def _effects(self, node: Node) -> bool:
        effects = node.agent.take_effects()
        for effect in effects:
            match effect:
                case OpenFlow(request, hop):
                    target = (hop.host, hop.port or 5060)
                    if target in self.nodes and hop.attempt == 0:
                        flow = node.flow_to(hop.transport or self.transport, target)
                        node.agent.flow_opened(request, flow, self.now)
                    else:
                        node.agent.flow_refused(request, REFUSED_EXHAUSTED, self.now)
                case Transmit(flow_id, data, to):
                    self._transmit(node, flow_id, data, to)
                case CloseFlow(flow_id):
                    node.flows = {key: flow for key, flow in node.flows.items() if flow.id != flow_id}
        return bool(effects)

    def _transmit(self, node: Node, flow_id: int, data: bytes, to: Address | None) -> None:
        flow = next((flow for flow in node.flows.values() if flow.id == flow_id), None)
        if flow is None:
            return
        target = self.nodes.get(to or flow.remote)
        if data.strip():
            self.seen.append((self.now, node.address, parse_message(data)))
        if target is None:
            return
        delays = (0.01,) if flow.reliable else self.fate()
        for delay in delays:
            self.at(delay, lambda: self._deliver(node, target, flow.transport, data))

    def _deliver(self, source: Node, target: Node, transport: str, data: bytes) -> None:
        target.agent.receive(data, target.flow_to(transport, source.address), self.now)
        self.settle()

    def methods(self) -> list[str]:
        """What went over the wire, as "INVITE" and "200 INVITE"."""
        return [
            message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}"
            for _, _, message in self.seen
        ]


def phone(answers_after: float | None = 0.5) -> Callable[[Node, AgentEvent], None]:
    """Rings, answers after so many seconds or never, agrees to every offer, goes where it is referred to."""

    def react(node: Node, event: AgentEvent) -> None:
        agent, link = node.agent, node.link
        match event:
            case IncomingInvite(call=call):
                agent.ring(call, link.now)
                if answers_after is not None:
                    link.at(answers_after, lambda: agent.answer(call, b"answer", link.now))
            case OfferReceived(call=call):
                agent.answer_offer(call, b"answer to offer", link.now)
            case OfferWanted(call=call):
                agent.provide_offer(call, b"offer on demand", link.now)
            case ReferReceived(call=call, target=target, replaces=replaces):
                agent.accept_refer(call, link.now)
                agent.invite(target, b"offer", link.now, replaces=replaces, refer=call)

    return react
