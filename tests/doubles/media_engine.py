"""A media engine without media: it keeps the list the real one keeps, and breaks on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from service.domain.errors import EngineError
from service.usecases.engine import EngineEvent, EngineRestarted, FeedEnded, Member, Published, Subscription


@dataclass
class _Member:
    feed: str = ""
    subscriptions: dict[str, str] = field(default_factory=dict)


class MemoryEngine:
    """Implements engine.MediaEngine. `gate`: where it is cleared, calls that take time wait for it."""

    def __init__(self) -> None:
        self.on_event: Callable[[EngineEvent], None] = lambda _: None
        self.down = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.ever: set[str] = set()
        self._members: dict[tuple[str, str], _Member] = {}
        self._made = 0

    async def start(self) -> None:
        """See MediaEngine."""

    async def close(self) -> None:
        """See MediaEngine."""
        self._members.clear()

    async def admit(self, room: str, member: str) -> None:
        """See MediaEngine."""
        await self._turn()
        self.ever.add(member)
        self._members.setdefault((room, member), _Member())

    async def remove(self, room: str, member: str) -> None:
        """See MediaEngine."""
        if self.down:
            raise EngineError("down")
        gone = self._members.pop((room, member), None)
        if gone is not None and gone.feed:
            self.on_event(FeedEnded(room, gone.feed))

    async def end_room(self, room: str) -> None:
        """See MediaEngine."""
        for key in [key for key in self._members if key[0] == room]:
            await self.remove(*key)

    async def members(self) -> tuple[Member, ...]:
        """See MediaEngine."""
        return tuple(
            Member(room, member, one.feed, tuple(one.subscriptions))
            for (room, member), one in self._members.items()
        )

    async def publish(self, room: str, member: str, sdp: str) -> Published:
        """See MediaEngine."""
        one = await self._member(room, member)
        one.feed = self._name("feed")
        return Published(one.feed, f"answer to {sdp}", audio=True, video="video" in sdp)

    async def unpublish(self, room: str, member: str) -> None:
        """See MediaEngine."""
        (await self._member(room, member)).feed = ""

    async def subscribe(self, room: str, member: str, feed: str, *, video: bool, height: int) -> Subscription:
        """See MediaEngine."""
        one = await self._member(room, member)
        if not any(key[0] == room and other.feed == feed for key, other in self._members.items()):
            raise EngineError("no such feed")
        name = self._name("subscription")
        one.subscriptions[name] = feed
        return Subscription(name, f"offer of {feed} at {height if video else 0}")

    async def answer(self, room: str, member: str, subscription: str, sdp: str) -> None:
        """See MediaEngine."""
        await self._subscription(room, member, subscription)

    async def adjust(self, room: str, member: str, subscription: str, *, video: bool, height: int) -> None:
        """See MediaEngine."""
        await self._subscription(room, member, subscription)

    async def unsubscribe(self, room: str, member: str, subscription: str) -> None:
        """See MediaEngine."""
        (await self._subscription(room, member, subscription)).subscriptions.pop(subscription)

    def restart(self) -> None:
        """It dies and comes back with nothing in it."""
        self._members.clear()
        self.down = False
        self.on_event(EngineRestarted())

    def names(self) -> set[str]:
        """Who has a right to media now."""
        return {member for _, member in self._members}

    async def _turn(self) -> None:
        if self.down:
            raise EngineError("down")
        await self.gate.wait()

    async def _member(self, room: str, member: str) -> _Member:
        await self._turn()
        found = self._members.get((room, member))
        if found is None:
            raise EngineError("no such member")
        return found

    async def _subscription(self, room: str, member: str, subscription: str) -> _Member:
        one = await self._member(room, member)
        if subscription not in one.subscriptions:
            raise EngineError("no such subscription")
        return one

    def _name(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"
