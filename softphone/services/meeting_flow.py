"""When media may flow in a meeting: a ticket is redeemed, then everything begins, and begins anew.

Steps run one after another on a task of their own. What belongs to a connection that is gone is passed over.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from service_api.meeting import Command, Done, Feed, Redeem
from service_api.states import MeetingRefusal
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.ports.meetings import MeetingMedia
from softphone.runtime.tasks import Tasks
from softphone.services.ids import new_id

log = logging.getLogger(__name__)

AGAIN_S = 1.5
"""How long a service that failed is left alone, in seconds."""

TOLD_ANEW = (MeetingRefusal.ENGINE_DOWN, MeetingRefusal.WRONG_STATE)
"""Another ticket comes by itself: with the engine's return, or because one was given meanwhile."""

Step = Callable[[], Awaitable[None]]


class MediaFlow:
    """What the service says of feeds and tickets, carried out by the media.

    `on_flow` is told whether media flows by our right to it; `on_spoiled` that a ticket was not taken and
    another connection has to bring a new one.
    """

    def __init__(
        self,
        media: MeetingMedia,
        signal: Callable[[Command], Awaitable[Done]],
        own_session: Callable[[], str],
        tasks: Tasks,
        *,
        on_flow: Callable[[bool], None],
        on_spoiled: Callable[[], None],
    ) -> None:
        self._media = media
        self._signal = signal
        self._own_session = own_session
        self._tasks = tasks
        self._on_flow = on_flow
        self._on_spoiled = on_spoiled
        self._steps: list[Step] = []
        self._running: asyncio.Task[None] | None = None
        self._round = 0
        self._feeds: dict[str, Feed] = {}
        self._received: set[str] = set()
        self._joined = False

    @property
    def joined(self) -> bool:
        """Whether the media was begun and not ended."""
        return self._joined

    def told(self, feeds: Iterable[Feed]) -> None:
        """These are the feeds there are, and no others."""
        self._feeds = {feed.id: feed for feed in feeds}
        self._do(self._match)

    def added(self, feed: Feed) -> None:
        """One more."""
        self._feeds[feed.id] = feed
        self._do(self._match)

    def removed(self, feed: str) -> None:
        """One less."""
        self._feeds.pop(feed, None)
        self._do(self._match)

    def ticket(self, ticket: str) -> None:
        """Redeem it, and begin."""
        self._round += 1
        this = self._round
        self._do(lambda: self._begin(this, ticket))

    def lost(self) -> None:
        """The service has forgotten what we send and receive; what still flows is left to run dry."""
        self._round += 1
        self._joined = False
        self._on_flow(False)

    def stop(self) -> None:
        """Nothing flows any more, and camera and microphone are let go."""
        self.lost()
        self._do(self._leave)

    async def settled(self) -> None:
        """Wait until all is done that was to be done."""
        while self._running is not None and not self._running.done():
            await asyncio.wait({self._running})

    def _do(self, step: Step) -> None:
        self._steps.append(step)
        if self._running is None or self._running.done():
            self._running = self._tasks.spawn(self._run(), "meeting media steps")

    async def _run(self) -> None:
        while self._steps:
            await self._steps.pop(0)()

    async def _begin(self, this: int, ticket: str) -> None:
        if this != self._round:
            return
        try:
            await self._signal(Redeem(id=new_id(), ticket=ticket))
        except ServiceUnreachable:
            return
        except MeetingRefused as refused:
            log.warning("the right to media is not given: %s", refused.code)
            self._refused(this, refused.code)
            return
        if await self._join(this):
            await self._match()
            if this == self._round:
                self._on_flow(True)

    async def _join(self, this: int) -> bool:
        """Send and receive anew; False where the right to it ended meanwhile, as it may at every wait."""
        for feed in tuple(self._received):
            if this != self._round:
                return False
            await self._media.feed_removed(feed)
            self._received.discard(feed)
        if this == self._round:
            await self._media.join()
        self._joined = this == self._round
        return self._joined

    def _refused(self, this: int, code: str) -> None:
        """What the service tells of by itself needs no other ticket; for the rest nobody else asks."""
        if this == self._round and code not in TOLD_ANEW:
            pause = 0.0 if code == MeetingRefusal.TICKET_REFUSED else AGAIN_S
            self._tasks.spawn(self._spoiled(this, pause), "meeting ticket refused")

    async def _spoiled(self, this: int, pause: float) -> None:
        await asyncio.sleep(pause)
        if this == self._round:
            self._on_spoiled()

    async def _leave(self) -> None:
        self._received.clear()
        await self._media.leave()

    async def _match(self) -> None:
        """Receive what there is, and nothing that is gone."""
        if not self._joined:
            return
        for gone in self._received - self._feeds.keys():
            self._received.discard(gone)
            await self._media.feed_removed(gone)
        for feed in tuple(self._feeds.values()):
            if feed.id not in self._received and feed.session != self._own_session():
                self._received.add(feed.id)
                await self._media.feed_added(feed.id, feed.session, audio=feed.audio, video=feed.video)
