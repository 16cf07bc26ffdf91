"""What we send: published, watched, and published anew when the connection is dead."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Executor

from devices.cameras.types import Picture
from media.types import AudioFrame
from softphone.adapters.meeting_publisher import Publisher
from softphone.adapters.meeting_signal import MeetingSignal
from softphone.adapters.meeting_voice import MeetingVoice
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import Track
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

CONNECT_S = 4.0
"""How long a connection may take to come about."""
SILENT_S = 5.0
"""A far end that does not report for so long, while sound always flows, is gone."""
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 8.0


class Outgoing:
    """Keeps a publisher at work from `begin` to `close`."""

    def __init__(self, signal: MeetingSignal, voice: MeetingVoice, executor: Executor) -> None:
        self._signal = signal
        self._voice = voice
        self._executor = executor
        self._publisher: Publisher | None = None
        self._opened_at = 0.0
        self._lost = asyncio.Event()
        self._beginning = asyncio.Lock()
        self._tasks = Tasks()

    @property
    def connected(self) -> bool:
        """Whether what is sent arrives somewhere."""
        return self._publisher is not None and self._publisher.connected

    async def begin(self) -> None:
        """Publish, in the background; what was published before ends."""
        async with self._beginning:
            await self.close()
            self._tasks.spawn(self._publish(), "publishing")

    async def close(self) -> None:
        """Send nothing more; harmless when done already."""
        await self._tasks.close()
        await self._let_go()

    def send(self, frame: AudioFrame) -> None:
        """Our sound's next frame."""
        if self._publisher is not None:
            self._publisher.sound.send(frame)

    def offer(self, picture: Picture) -> None:
        """Our camera's newest picture, on any thread."""
        publisher = self._publisher
        if publisher is not None:
            publisher.picture.offer(picture)

    def paused(self) -> None:
        """The camera was turned off: what follows is no freeze."""
        if self._publisher is not None:
            self._publisher.picture.flow.pause()

    def watch(self, now: float) -> None:
        """Look whether it is still alive; a few times a second."""
        publisher = self._publisher
        if publisher is None or not self._opened_at:
            return
        heard_at = max(publisher.heard_at, self._opened_at)
        if now - heard_at > (SILENT_S if publisher.connected else CONNECT_S):
            log.info("what we send arrives nowhere: publishing anew")
            self._opened_at = 0.0
            self._lost.set()

    def tracks(self) -> tuple[Track, ...]:
        """What we send now."""
        publisher = self._publisher
        if publisher is None or not publisher.connected:
            return ()
        sound = Track("audio", "opus", loss=round(100 * publisher.sound_lost, 1))
        picture = publisher.picture
        fps = picture.flow.fps(time.monotonic())
        if not fps:
            return (sound,)
        width, height = picture.size
        loss = round(100 * picture.lost, 1)
        return sound, Track("video", "VP8", width, height, round(fps, 1), picture.flow.freezes, loss)

    async def _publish(self) -> None:
        retry = FIRST_RETRY_S
        while True:
            self._lost.clear()
            if await self._try():
                retry = FIRST_RETRY_S
                await self._lost.wait()
            else:
                await asyncio.sleep(retry)
                retry = min(2 * retry, LAST_RETRY_S)
            await self._let_go()

    async def _try(self) -> bool:
        publisher = Publisher(self._signal, self._executor, self._voice.feedback, self._lost.set)
        self._publisher = publisher
        try:
            await publisher.open()
        except (MeetingRefused, ServiceUnreachable, ValueError) as failure:
            log.info("nothing can be sent yet: %s", getattr(failure, "code", failure))
            return False
        self._opened_at = time.monotonic()
        return True

    async def _let_go(self) -> None:
        publisher, self._publisher = self._publisher, None
        self._opened_at = 0.0
        if publisher is not None:
            await asyncio.shield(publisher.close())
