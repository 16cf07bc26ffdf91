"""Who is registered, and over which flow they are reached (RFC 3261 section 10.3)."""

from __future__ import annotations

from dataclasses import dataclass

from sip_bridge.core.effects import Flow
from sip_bridge.core.headers import NameAddr
from sip_bridge.core.message import Request, Response

LONGEST_S = 600
SHORTEST_S = 10
MOST = 8
"""Contacts of one user; the oldest gives way."""


@dataclass(frozen=True, slots=True)
class Binding:
    """One contact of one user, reached over the flow it registered on."""

    contact: NameAddr
    flow: Flow
    expires_at: float

    def is_for(self, contact: NameAddr) -> bool:
        """Whether `contact` is the same phone: the same instance (RFC 5626), or the same URI without one."""
        if self.contact.instance or contact.instance:
            return self.contact.instance == contact.instance
        ours, theirs = self.contact.uri, contact.uri
        return ours is not None and theirs is not None and ours.equivalent(theirs)


class Bindings:
    """The location service: the contacts of each user, each gone with its flow or its time."""

    def __init__(self) -> None:
        self._bound: dict[str, list[Binding]] = {}

    def find(self, user: str, now: float) -> list[Binding]:
        """Where `user` is now, the newest first."""
        return [binding for binding in self._bound.get(user, ()) if binding.expires_at > now]

    def drop_flow(self, flow_id: int) -> None:
        """A connection broke: nobody is behind it any more."""
        for user, bound in list(self._bound.items()):
            self._keep(user, [binding for binding in bound if binding.flow.id != flow_id])

    def register(self, user: str, request: Request, flow: Flow, now: float) -> Response:
        """Answer an authenticated REGISTER."""
        for contact in request.contacts:
            seconds = self._seconds(request, contact)
            if 0 < seconds < SHORTEST_S:
                reply = request.reply(423)
                reply.headers.set("Min-Expires", str(SHORTEST_S))
                return reply
            self._bind(user, Binding(contact, flow, now + seconds), now)
        return self._accepted(user, request, now)

    def _bind(self, user: str, new: Binding, now: float) -> None:
        """In place of what the phone had before; `*` stands for all of them."""
        others = [one for one in self.find(user, now) if new.contact.uri is not None]
        kept = [one for one in others if not one.is_for(new.contact)]
        self._keep(user, [new, *kept][:MOST] if new.expires_at > now else kept)

    def _keep(self, user: str, bound: list[Binding]) -> None:
        if bound:
            self._bound[user] = bound
        else:
            self._bound.pop(user, None)

    @staticmethod
    def _seconds(request: Request, contact: NameAddr) -> int:
        own = contact.expires
        wanted = own if own is not None else request.expires
        return min(LONGEST_S, LONGEST_S if wanted is None else wanted)

    def _accepted(self, user: str, request: Request, now: float) -> Response:
        reply = request.reply(200)
        for bound in self.find(user, now):
            left = max(1, round(bound.expires_at - now))
            reply.headers.add("Contact", str(bound.contact.with_parameter("expires", str(left))))
        return reply
