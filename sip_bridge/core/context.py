"""What the parts of one user agent share; each part gets it in its constructor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sip_bridge.core.auth import Authenticator
from sip_bridge.core.binding import Binding
from sip_bridge.core.config import AgentConfig
from sip_bridge.core.effects import CloseFlow, Flow, OpenFlow, Transmit
from sip_bridge.core.events import AgentEvent
from sip_bridge.core.message import Request, Response
from sip_bridge.core.sending import Sender
from sip_bridge.core.timers import Agenda
from sip_bridge.core.transaction import Transaction
from sip_bridge.core.transaction_layer import TransactionLayer


@dataclass
class Context:
    """The agent's common ground."""

    config: AgentConfig
    random: Callable[[int], bytes]
    agenda: Agenda
    layer: TransactionLayer
    binding: Binding
    auth: Authenticator
    sender: Sender
    events: list[AgentEvent] = field(default_factory=list)
    transmits: list[Transmit] = field(default_factory=list)

    @classmethod
    def build(cls, config: AgentConfig, random: Callable[[int], bytes]) -> Context:
        """Everything wired for one agent."""
        agenda = Agenda()
        layer = TransactionLayer(random, agenda, limit=config.max_transactions)
        binding = Binding(config)
        auth = Authenticator(random)
        return cls(config, random, agenda, layer, binding, auth, Sender(config, layer, binding, auth))

    def take_effects(self) -> list[OpenFlow | Transmit | CloseFlow]:
        """What to do: transmit over the flows there are, close those given up, open new ones."""
        transmits, self.transmits = self.transmits, []
        closed, opened = self.sender.take_effects()
        return [*self.layer.take_effects(), *transmits, *closed, *opened]

    def emit(self, event: AgentEvent) -> None:
        """Tell the agent's owner."""
        self.events.append(event)

    def tag(self) -> str:
        """A fresh tag (RFC 3261 19.3) or other identifier."""
        return self.random(8).hex()

    def respond(
        self,
        transaction: Transaction,
        status: int,
        now: float,
        *,
        to_tag: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        reason: str | None = None,
    ) -> Response:
        """Answer a request the plain way; returns what was sent."""
        response = transaction.request.reply(status, reason, to_tag=to_tag)
        for name, value in headers:
            response.headers.add(name, value)
        if status > 100:
            response.headers.add("Server", self.config.user_agent)
        response.body = body
        self.layer.respond(transaction, response, now)
        return response

    def contact(self, flow: Flow) -> tuple[str, str]:
        """Our Contact header for what goes over `flow`."""
        return ("Contact", self.binding.contact(flow))

    def stamp(self, request: Request) -> Request:
        """Say who we are."""
        request.headers.add("User-Agent", self.config.user_agent)
        return request
