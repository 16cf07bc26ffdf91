"""The media engine as the service sees it. SDP goes in and out whole: nothing is trickled (RFC 8829).

A *member* is one session's right to media, made by `admit` after its ticket was redeemed and ended by
`remove`. Only members can publish or subscribe. `members` is the engine's own list, not what the caller
remembers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Published:
    """A feed stands; `sdp` answers the offer. The sender's session is `member`."""

    feed: str
    sdp: str
    audio: bool
    video: bool


@dataclass(frozen=True, slots=True)
class Subscription:
    """A feed on offer to one member; it flows after `answer`."""

    subscription: str
    sdp: str


@dataclass(frozen=True, slots=True)
class Member:
    """One of the engine's own list. `feed` is what it sends ("" for nothing)."""

    room: str
    member: str
    feed: str = ""
    subscriptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedEnded:
    """A sender's connection died or was closed."""

    room: str
    feed: str


@dataclass(frozen=True, slots=True)
class SubscriptionEnded:
    """A receiver's connection died."""

    room: str
    subscription: str


@dataclass(frozen=True, slots=True)
class EngineRestarted:
    """Everything in it is gone; it can be used again from now on."""


EngineEvent = FeedEnded | SubscriptionEnded | EngineRestarted


class MediaEngine(Protocol):
    """Forwards media between members of a room. `on_event` is called on the loop.

    Every method raises EngineError where the engine is down or the thing asked for is not there; none takes
    longer than CALL_S.
    """

    on_event: Callable[[EngineEvent], None]

    async def start(self) -> None:
        """Ready when it returns."""
        ...

    async def close(self) -> None:
        """End everything."""
        ...

    async def admit(self, room: str, member: str) -> None:
        """Give a session its right to media; the room comes to be with its first member."""
        ...

    async def remove(self, room: str, member: str) -> None:
        """Cut what it sends and receives at once; harmless where it is not there."""
        ...

    async def end_room(self, room: str) -> None:
        """Remove every member."""
        ...

    async def members(self) -> tuple[Member, ...]:
        """The engine's own list."""
        ...

    async def publish(self, room: str, member: str, sdp: str) -> Published:
        """Answer a sender's offer; its former feed ends."""
        ...

    async def unpublish(self, room: str, member: str) -> None:
        """End its feed."""
        ...

    async def subscribe(self, room: str, member: str, feed: str, *, video: bool, height: int) -> Subscription:
        """Offer another member's feed. `height` is the largest useful picture in pixels, 0 for none."""
        ...

    async def answer(self, room: str, member: str, subscription: str, sdp: str) -> None:
        """The receiver's answer."""
        ...

    async def adjust(self, room: str, member: str, subscription: str, *, video: bool, height: int) -> None:
        """Less or more of a picture."""
        ...

    async def unsubscribe(self, room: str, member: str, subscription: str) -> None:
        """End one."""
        ...


CALL_S = 5.0
"""Seconds."""
