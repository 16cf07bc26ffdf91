"""Everybody else's feeds: each is received, watched, and asked for anew when nothing of it comes any more."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from media.errors import CodecError
from softphone.adapters.meeting_signal import MeetingSignal
from softphone.adapters.meeting_subscriber import FeedAt, Subscriber
from softphone.adapters.meeting_voice import MeetingVoice
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import Track
from softphone.domain.picture import PictureSlot
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

STALLED_S = 2.5
"""Nothing at all of a feed for this long: the connection is dead, whatever it says of itself."""
STILL_S = 1.0
"""Packets come and no picture for this long: a key frame is asked for."""
PATIENCE_S = {True: 4.0, False: 30.0}
"""How far the wait grows while nothing comes: sound always flows, a picture alone may rest."""
GONE_S = 1.5
"""No packets of a picture for this long while others come: the camera was turned off."""
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 8.0
ADJUST_S = 0.25
"""A window that is being pulled larger asks once, at the end."""
HEIGHTS = (180, 360, 540, 720, 1080)
"""What is asked for: the next one up from what is shown."""
UNKNOWN_HEIGHT = 720


@dataclass(slots=True)
class _Entry:
    """One feed, from `add` to `remove`."""

    at: FeedAt
    subscriber: Subscriber | None = None
    task: asyncio.Task[None] | None = None
    asked: int = UNKNOWN_HEIGHT
    packets: int = 0
    pictures: int = 0
    moved_at: float = 0.0
    picture_moved_at: float = 0.0
    patience: float = STALLED_S
    heard_at: float = 0.0
    """When something of it last came, or when it was first asked for."""


def asked_height(shown: int | None) -> int:
    """The height to ask for: 0 while hidden, UNKNOWN_HEIGHT where nobody said how tall it is shown."""
    if shown is None:
        return 0
    return next((height for height in HEIGHTS if height >= shown), HEIGHTS[-1]) if shown else UNKNOWN_HEIGHT


class Feeds:
    """The table of feeds. `paused` until `begin`."""

    def __init__(
        self,
        signal: MeetingSignal,
        voices: MeetingVoice,
        executor: Executor,
        slot: Callable[[str], PictureSlot],
        on_changed: Callable[[], None],
    ) -> None:
        self._signal = signal
        self._voices = voices
        self._executor = executor
        self._slot = slot
        self._on_changed = on_changed
        self._entries: dict[str, _Entry] = {}
        self._shown: dict[str, int | None] = {}
        self._adjusting: dict[str, asyncio.TimerHandle] = {}
        self._tasks = Tasks()

    def add(self, feed: str, session: str) -> None:
        """Receive it; a feed that is there already is received anew."""
        entry = self._entries.get(feed)
        if entry is None:
            at = FeedAt(feed, session, self._slot(session))
            entry = self._entries[feed] = _Entry(at, heard_at=time.monotonic())
        self._again(entry)

    async def remove(self, feed: str) -> None:
        """It is over; harmless when done already."""
        entry = self._entries.pop(feed, None)
        if entry is not None:
            await self._end(entry)
            if not any(other.at.session == entry.at.session for other in self._entries.values()):
                entry.at.slot.put(None)

    async def close(self) -> None:
        """Receive nothing more."""
        for timer in self._adjusting.values():
            timer.cancel()
        self._adjusting.clear()
        await asyncio.gather(*(self.remove(feed) for feed in tuple(self._entries)))
        await self._tasks.close()

    def look(self, session: str, shown: int | None) -> None:
        """How tall a session's picture is shown now, None while hidden."""
        self._shown[session] = shown
        for entry in self._of(session):
            if entry.subscriber is not None and entry.subscriber.picture is not None:
                entry.subscriber.picture.look(shown)
        if session not in self._adjusting:
            loop = asyncio.get_running_loop()
            self._adjusting[session] = loop.call_later(ADJUST_S, self._adjust, session)

    def tracks(self, session: str) -> tuple[Track, ...]:
        """What flows of a session now."""
        now = time.monotonic()
        return tuple(track for entry in self._of(session) for track in _tracks(entry, now))

    @property
    def stalled(self) -> bool:
        """Whether a feed has been asked for in vain."""
        now = time.monotonic()
        return any(now - entry.heard_at > STALLED_S for entry in self._entries.values())

    def watch(self, now: float) -> None:
        """Look for what does not move any more; a few times a second."""
        for entry in tuple(self._entries.values()):
            if entry.subscriber is not None and entry.task is None:
                self._watch(entry, entry.subscriber, now)

    async def report(self) -> None:
        """Tell the engine what arrived; once a second."""
        for entry in tuple(self._entries.values()):
            if entry.subscriber is not None:
                await entry.subscriber.report()

    def _of(self, session: str) -> list[_Entry]:
        return [entry for entry in self._entries.values() if entry.at.session == session]

    # --- one feed ---------------------------------------------------------------------------------------

    def _again(self, entry: _Entry) -> None:
        if entry.task is not None:
            entry.task.cancel()
        entry.task = self._tasks.spawn(self._receive(entry, entry.task), "meeting feed")

    async def _receive(self, entry: _Entry, former: asyncio.Task[None] | None) -> None:
        """Subscribe, and try again until it works."""
        if former is not None:
            await asyncio.wait([former])
        await self._let_go(entry)
        retry = FIRST_RETRY_S
        while not await self._try(entry):
            await asyncio.sleep(retry)
            retry = min(2 * retry, LAST_RETRY_S)
        entry.task = None

    async def _try(self, entry: _Entry) -> bool:
        subscriber = Subscriber(
            entry.at, self._signal, self._voices, self._executor, self._tasks, self._on_changed
        )
        entry.subscriber = subscriber
        shown = self._shown.get(entry.at.session, 0)
        entry.asked = asked_height(shown)
        opened = False
        try:
            await subscriber.open(video=entry.asked > 0, height=entry.asked)
            opened = True
        except (MeetingRefused, ServiceUnreachable, CodecError, ValueError) as failure:
            log.info("a feed can't be received yet: %s", getattr(failure, "code", failure))
        finally:
            if not opened:
                entry.subscriber = None
                await asyncio.shield(subscriber.close())
        if opened and subscriber.picture is not None:
            subscriber.picture.look(self._shown.get(entry.at.session, 0))
        entry.moved_at = entry.picture_moved_at = time.monotonic() if opened else entry.moved_at
        entry.packets = entry.pictures = 0
        return opened

    async def _end(self, entry: _Entry) -> None:
        task, entry.task = entry.task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._let_go(entry)

    async def _let_go(self, entry: _Entry) -> None:
        subscriber, entry.subscriber = entry.subscriber, None
        if subscriber is not None:
            await asyncio.shield(subscriber.close())
            self._tasks.spawn(self._unsubscribe(subscriber.id), "unsubscribing")

    async def _unsubscribe(self, subscription: str) -> None:
        try:
            await self._signal.unsubscribe(subscription)
        except (MeetingRefused, ServiceUnreachable) as failure:
            log.debug("a subscription was over already: %s", failure.code)

    def _watch(self, entry: _Entry, subscriber: Subscriber, now: float) -> None:
        if subscriber.packets != entry.packets:
            entry.packets, entry.patience = subscriber.packets, STALLED_S
            entry.moved_at = entry.heard_at = now
        elif subscriber.failed or now - entry.moved_at > entry.patience:
            log.info("nothing of a feed for %.1f s: receiving it anew", now - entry.moved_at)
            entry.patience = min(2 * entry.patience, PATIENCE_S[subscriber.sound is not None])
            self._again(entry)
            return
        picture = subscriber.picture
        if picture is None:
            return
        if picture.packets != entry.pictures:
            entry.pictures, entry.picture_moved_at = picture.packets, now
            if picture.flow.silent_for(now) > STILL_S:
                picture.need_key()
        elif now - entry.picture_moved_at > GONE_S and picture.flow.silent_for(now):
            picture.flow.pause()
            entry.at.slot.put(None)

    def _adjust(self, session: str) -> None:
        self._adjusting.pop(session, None)
        wanted = asked_height(self._shown.get(session, 0))
        for entry in self._of(session):
            if entry.subscriber is not None and entry.subscriber.id and entry.asked != wanted:
                entry.asked = wanted
                self._tasks.spawn(self._send_adjust(entry.subscriber.id, wanted), "adjusting a picture")

    async def _send_adjust(self, subscription: str, height: int) -> None:
        try:
            await self._signal.adjust(subscription, video=height > 0, height=height)
        except (MeetingRefused, ServiceUnreachable) as failure:
            log.info("a picture could not be adjusted: %s", failure.code)


def _tracks(entry: _Entry, now: float) -> list[Track]:
    subscriber = entry.subscriber
    if subscriber is None:
        return []
    out = []
    if subscriber.sound is not None and subscriber.sound.packets:
        out.append(Track("audio", "opus", loss=subscriber.sound.loss))
    picture = subscriber.picture
    if picture is not None and picture.flow.fps(now):
        width, height = picture.size
        fps = round(picture.flow.fps(now), 1)
        out.append(Track("video", "VP8", width, height, fps, picture.flow.freezes, picture.loss))
    return out
