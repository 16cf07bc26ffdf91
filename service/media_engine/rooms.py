"""Members, their feeds and subscriptions: the engine's own list, and the only place that makes peers."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from service.domain.errors import EngineError
from service.media_engine.dtls import Identity
from service.media_engine.feed import Feed
from service.media_engine.negotiation import accepted, answer_sender, offer_receiver
from service.media_engine.peer import Peer
from service.media_engine.port import Port
from service.media_engine.sdp import parse_sdp
from service.media_engine.subscription import Subscription
from service.usecases.engine import EngineEvent, FeedEnded, Member, Published, SubscriptionEnded
from service.usecases.engine import Subscription as Offered

MAX_SUBSCRIPTIONS = 64
"""Of one member."""


@dataclass(slots=True)
class Seat:
    """One member's media."""

    feed: Feed | None = None
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


class Rooms:
    """Every method raises EngineError where the room, member, feed or subscription is not there."""

    def __init__(
        self,
        port: Port,
        identity: Identity,
        clock: Callable[[], float],
        on_event: Callable[[EngineEvent], None],
    ) -> None:
        self._port = port
        self._identity = identity
        self._clock = clock
        self._on_event = on_event
        self._rooms: dict[str, dict[str, Seat]] = {}

    def admit(self, room: str, member: str) -> None:
        """A right to media."""
        self._rooms.setdefault(room, {}).setdefault(member, Seat())

    def remove(self, room: str, member: str) -> None:
        """What it sends and receives is cut before this returns."""
        seat = self._rooms.get(room, {}).get(member)
        if seat is None:
            return
        self._end_feed(room, seat)
        for subscription in seat.subscriptions.values():
            subscription.end()
        del self._rooms[room][member]
        if not self._rooms[room]:
            del self._rooms[room]

    def end_room(self, room: str) -> None:
        """Every member."""
        for member in list(self._rooms.get(room, {})):
            self.remove(room, member)

    def members(self) -> tuple[Member, ...]:
        """Who is there, with what."""
        return tuple(
            Member(room, member, seat.feed.ident if seat.feed else "", tuple(seat.subscriptions))
            for room, seats in self._rooms.items()
            for member, seat in seats.items()
        )

    def publish(self, room: str, member: str, sdp: str) -> Published:
        """Answer a sender's offer."""
        seat = self._seat(room, member)
        offer = parse_sdp(sdp)
        taken = accepted(offer)
        transport = offer.transport(taken)
        peer = self._peer()
        local = peer.local(self._port.address, self._port.number, "passive")
        answer, lines = answer_sender(offer, taken, local)
        peer.expect(transport, self._clock())
        feed = Feed(secrets.token_urlsafe(9), room, member, peer, lines, self._clock)
        peer.on_dead = lambda _: self._feed_died(feed)
        self._end_feed(room, seat)
        seat.feed = feed
        self._port.add(peer)
        return Published(feed.ident, answer, "audio" in feed.streams, "video" in feed.streams)

    def unpublish(self, room: str, member: str) -> None:
        """End its feed."""
        self._end_feed(room, self._seat(room, member))

    def subscribe(self, room: str, member: str, feed: str, *, video: bool, height: int) -> Offered:
        """Offer a feed of the same room."""
        seat = self._seat(room, member)
        found = next((s.feed for s in self._rooms[room].values() if s.feed and s.feed.ident == feed), None)
        if found is None:
            raise EngineError("no such feed")
        if len(seat.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise EngineError("too many subscriptions")
        peer = self._peer()
        subscription = Subscription(secrets.token_urlsafe(9), member, found, peer, self._clock)
        subscription.adjust(video=video, height=height)
        peer.on_dead = lambda _: self._subscription_died(room, subscription)
        seat.subscriptions[subscription.ident] = subscription
        self._port.add(peer)
        local = peer.local(self._port.address, self._port.number, "actpass")
        return Offered(subscription.ident, offer_receiver(subscription.lines, found.ident, local))

    def answer(self, room: str, member: str, subscription: str, sdp: str) -> None:
        """A receiver's answer, once."""
        found = self._subscription(room, member, subscription)
        answer = parse_sdp(sdp)
        transport = answer.transport([section for section in answer.sections if section.wanted])
        if transport.setup != "active":
            raise EngineError("the receiver must be DTLS active")
        if found.answered:
            raise EngineError("answered already")
        found.settle(answer)
        found.peer.expect(transport, self._clock())

    def adjust(self, room: str, member: str, subscription: str, *, video: bool, height: int) -> None:
        """Less or more."""
        self._subscription(room, member, subscription).adjust(video=video, height=height)

    def unsubscribe(self, room: str, member: str, subscription: str) -> None:
        """End one."""
        self._subscription(room, member, subscription).end()
        del self._rooms[room][member].subscriptions[subscription]

    def tick(self, now: float) -> None:
        """Let every timer run."""
        for seat in [seat for seats in self._rooms.values() for seat in seats.values()]:
            if seat.feed is not None:
                seat.feed.peer.tick(now)
            if seat.feed is not None:
                seat.feed.tick(now)
            for subscription in list(seat.subscriptions.values()):
                subscription.peer.tick(now)

    def close(self) -> None:
        """End everything."""
        for room in list(self._rooms):
            self.end_room(room)

    def _peer(self) -> Peer:
        return Peer(self._port, self._identity, self._clock())

    def _seat(self, room: str, member: str) -> Seat:
        seat = self._rooms.get(room, {}).get(member)
        if seat is None:
            raise EngineError("not a member")
        return seat

    def _subscription(self, room: str, member: str, subscription: str) -> Subscription:
        found = self._seat(room, member).subscriptions.get(subscription)
        if found is None:
            raise EngineError("no such subscription")
        return found

    def _end_feed(self, room: str, seat: Seat) -> None:
        """Its subscriptions end with it, silently: whoever ended the feed knows."""
        feed, seat.feed = seat.feed, None
        if feed is None:
            return
        feed.peer.close()
        for other in self._rooms[room].values():
            for ident, subscription in list(other.subscriptions.items()):
                if subscription.feed is feed:
                    subscription.end()
                    del other.subscriptions[ident]

    def _feed_died(self, feed: Feed) -> None:
        seat = self._rooms.get(feed.room, {}).get(feed.member)
        if seat is not None and seat.feed is feed:
            self._end_feed(feed.room, seat)
            self._on_event(FeedEnded(feed.room, feed.ident))

    def _subscription_died(self, room: str, subscription: Subscription) -> None:
        seat = self._rooms.get(room, {}).get(subscription.member)
        if seat is not None and seat.subscriptions.pop(subscription.ident, None) is not None:
            subscription.end()
            self._on_event(SubscriptionEnded(room, subscription.ident))
