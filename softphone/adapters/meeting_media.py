"""A meeting's media by aiortc: our sound and picture out, everybody else's in. Lives on the engine loop.

Sound meets the calls' in the same voice path: one stream of it goes out, already without echo, and what
comes in goes through the same jitter buffers. Pictures are encoded and decoded in executor threads.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from devices.cameras.types import Picture
from media.jitter_figures import JitterStatistics
from softphone.adapters.call_voice import Ear
from softphone.adapters.cameras import CameraDesk
from softphone.adapters.meeting_feeds import Feeds
from softphone.adapters.meeting_outgoing import Outgoing
from softphone.adapters.meeting_signal import MeetingSignal
from softphone.adapters.meeting_voice import MeetingVoice
from softphone.domain.meeting import Track, Trouble
from softphone.domain.picture import PictureSlot
from softphone.runtime.frames import FrameSlot
from softphone.runtime.memory import give_back
from softphone.runtime.tasks import Tasks

if TYPE_CHECKING:
    from service_api.meeting import Command

log = logging.getLogger(__name__)

TICK_S = 0.2
REPORT_EVERY = 5
"""Ticks."""
TROUBLE_S = 3.0
"""What is back sooner than this is not spoken of."""


class AiortcMedia:
    """Implements ports.MeetingMedia. Used for one meeting after another."""

    def __init__(self, ear: Ear, cameras: CameraDesk) -> None:
        self._ear = ear
        self._cameras = cameras
        self._slots: dict[str, FrameSlot] = {}
        self._tasks = Tasks()
        self._on_changed: Callable[[], None] = lambda: None
        self._on_trouble: Callable[[str], None] = lambda trouble: None
        self._parts: _Parts | None = None
        self._feeds: dict[str, str] = {}
        self._signal: MeetingSignal | None = None
        self._shown: dict[str, int | None] = {}
        self._microphone = True
        self._held = False
        self._camera = False
        self._speaking: frozenset[str] = frozenset()
        self._told: object = None
        self._trouble = Trouble.NONE
        self._well_at = 0.0
        cameras.on_state = self._camera_changed

    # --- ports.MeetingMedia -----------------------------------------------------------------------------

    async def start(
        self,
        signal: Callable[[Command], object],
        on_changed: Callable[[], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        """See ports.MeetingMedia."""
        await self.leave()
        self._signal = MeetingSignal(signal)
        self._on_changed, self._on_trouble = on_changed, on_trouble
        self._slots.clear()
        self._shown.clear()
        self._microphone, self._held = True, False

    async def join(self) -> None:
        """See ports.MeetingMedia. Publishing and receiving go on in the background."""
        if self._signal is None:
            raise RuntimeError("start comes before join")
        if self._parts is None:
            self._parts = _Parts(self._signal, self.picture, self._changed)
            self._mute()
            self._ear.attach(self._parts.voice, self._parts.outgoing.send)
            self._tasks.spawn(self._watch(self._parts), "meeting media")
            for session, shown in self._shown.items():
                self._parts.feeds.look(session, shown)
        self._well_at = time.monotonic()
        await self._parts.outgoing.begin()
        for feed, session in self._feeds.items():
            self._parts.feeds.add(feed, session)

    async def leave(self) -> None:
        """See ports.MeetingMedia."""
        parts, self._parts = self._parts, None
        if parts is not None:
            self._ear.detach(parts.voice)  # at once: a camera may take seconds
        self._camera = False
        await self._cameras.detach(self._offer)
        self._feeds.clear()
        if parts is not None:
            await self._tasks.close()
            await parts.close()
        self._speaking, self._trouble = frozenset(), Trouble.NONE
        for slot in self._slots.values():
            slot.put(None)

    async def feed_added(self, feed: str, session: str, *, audio: bool, video: bool) -> None:
        """See ports.MeetingMedia."""
        self._feeds[feed] = session
        if self._parts is not None:
            self._parts.feeds.add(feed, session)

    async def feed_removed(self, feed: str) -> None:
        """See ports.MeetingMedia."""
        self._feeds.pop(feed, None)
        if self._parts is not None:
            await self._parts.feeds.remove(feed)
            self._changed()

    async def camera(self, on: bool) -> bool:
        """See ports.MeetingMedia."""
        self._camera = on
        if on:
            await self._cameras.attach(self._offer)
        else:
            await self._cameras.detach(self._offer)
            self._camera_changed()
        return self.camera_on

    async def microphone(self, on: bool) -> None:
        """See ports.MeetingMedia."""
        self._microphone = on
        self._mute()

    async def hold(self, on: bool) -> None:
        """See ports.MeetingMedia."""
        self._held = on
        self._mute()

    def look(self, session: str, height: int) -> None:
        """See ports.MeetingMedia."""
        if not session:
            self._cameras.look(height)
            return
        self._shown[session] = height or None
        if self._parts is not None:
            self._parts.feeds.look(session, height or None)

    def picture(self, session: str) -> PictureSlot:
        """See ports.MeetingMedia."""
        return self._slots.setdefault(session, FrameSlot()) if session else self._cameras.self_picture()

    def tracks(self, session: str) -> tuple[Track, ...]:
        """See ports.MeetingMedia."""
        if self._parts is None:
            return ()
        return self._parts.feeds.tracks(session) if session else self._parts.outgoing.tracks()

    def speaking(self) -> frozenset[str]:
        """See ports.MeetingMedia."""
        return self._speaking

    def sound(self, session: str) -> JitterStatistics | None:
        """How a session's sound arrives, in full; None where nothing of it is received."""
        return self._parts.voice.arriving(session) if self._parts is not None else None

    @property
    def camera_on(self) -> bool:
        """Whether our picture is truly being taken and sent; on_changed is called when that changes."""
        return self._camera and self._cameras.on

    # --- inside -----------------------------------------------------------------------------------------

    def _mute(self) -> None:
        if self._parts is not None:
            self._parts.voice.muted = self._held or not self._microphone
            self._parts.voice.deaf = self._held

    def _offer(self, picture: Picture) -> None:
        """On the camera's thread."""
        parts = self._parts
        if parts is not None:
            parts.outgoing.offer(picture)

    def _camera_changed(self) -> None:
        if self._parts is not None and not self.camera_on:
            self._parts.outgoing.paused()
        self._changed()

    def _changed(self) -> None:
        self._on_changed()

    async def _watch(self, parts: _Parts) -> None:
        """What has to be looked at again and again, while the meeting lasts."""
        ticks = 0
        while True:
            await asyncio.sleep(TICK_S)
            now = time.monotonic()
            ticks += 1
            parts.feeds.watch(now)
            parts.outgoing.watch(now)
            if ticks % REPORT_EVERY == 0:
                await parts.feeds.report()
            self._speaking = parts.voice.speaking(now) if not self._held else frozenset()
            self._tell(parts, now)

    def _tell(self, parts: _Parts, now: float) -> None:
        """Tell what has changed since the last time."""
        flows = frozenset(
            (session, track.kind, track.width, track.height, track.freezes)
            for session in ("", *self._feeds.values())
            for track in self.tracks(session)
        )
        if (flows, self._speaking) != self._told:
            self._told = flows, self._speaking
            self._on_changed()
        if parts.outgoing.connected and not parts.feeds.stalled:
            self._well_at = now
        trouble = Trouble.MEDIA_AWAY if now - self._well_at > TROUBLE_S else Trouble.NONE
        if trouble != self._trouble:
            self._trouble = trouble
            self._on_trouble(trouble)


class _Parts:
    """What there is between `join` and `leave`."""

    def __init__(
        self, signal: MeetingSignal, slot: Callable[[str], PictureSlot], on_changed: Callable[[], None]
    ) -> None:
        self._executor = ThreadPoolExecutor(max(2, min(4, os.cpu_count() or 1)), "video")
        self.voice = MeetingVoice()
        self.outgoing = Outgoing(signal, self.voice, self._executor)
        self.feeds = Feeds(signal, self.voice, self._executor, slot, on_changed)

    async def close(self) -> None:
        """End everything; the executor's threads end with their last picture."""
        await asyncio.gather(self.outgoing.close(), self.feeds.close())
        self._executor.shutdown(wait=False)
        await asyncio.to_thread(give_back)
