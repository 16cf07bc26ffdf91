"""Who is registered, and over which flow they are reached (RFC 3261 section 10.3)."""

from __future__ import annotations

from dataclasses import dataclass

from sip_bridge.core.effects import Flow
from sip_bridge.core.errors import MessageError
from sip_bridge.core.headers import NameAddr
from sip_bridge.core.message import Request, Response

LONGEST_S = 600
SHORTEST_S = 10


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of one user, reached over the flow it registered on."""

    contact: NameAddr
    flow: Flow
    expires_at: float


class Bindings:
    """The location service: the newest contact of each user, gone with its flow or its time."""

    def __init__(self) -> None:
        self._bound: dict[str, Binding] = {}

    def find(self, user: str, now: float) -> Binding | None:
        """Where `user` is now."""
        binding = self._bound.get(user)
        return binding if binding is not None and binding.expires_at > now else None

    def drop_flow(self, flow_id: int) -> None:
        """A connection broke: nobody is behind it any more."""
        self._bound = {user: bound for user, bound in self._bound.items() if bound.flow.id != flow_id}

    def register(self, user: str, request: Request, flow: Flow, now: float) -> Response:
        """Answer an authenticated REGISTER."""
        try:
            contacts = request.contacts
        except MessageError:
            return request.reply(400)
        for contact in contacts:
            seconds = self._seconds(request, contact)
            if 0 < seconds < SHORTEST_S:
                reply = request.reply(423)
                reply.headers.set("Min-Expires", str(SHORTEST_S))
                return reply
            if seconds == 0:
                self._bound.pop(user, None)
            else:
                self._bound[user] = Binding(contact, flow, now + seconds)
        return self._accepted(user, request, now)

    @staticmethod
    def _seconds(request: Request, contact: NameAddr) -> int:
        own = contact.expires
        wanted = own if own is not None else request.expires
        return min(LONGEST_S, LONGEST_S if wanted is None else wanted)

    def _accepted(self, user: str, request: Request, now: float) -> Response:
        reply = request.reply(200)
        if bound := self.find(user, now):
            left = max(1, round(bound.expires_at - now))
            reply.headers.add("Contact", f"<{bound.contact.uri}>;expires={left}")
        return reply
