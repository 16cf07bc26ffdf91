"""One connection over which one feed is received."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from aiortc import RTCSessionDescription

from softphone.adapters.aiortc_hooks import PacketReceiver, describe, hold, new_connection, take_over
from softphone.adapters.meeting_feed import PictureFeed, SoundFeed
from softphone.adapters.meeting_publisher import close_connection
from softphone.adapters.meeting_signal import MeetingSignal
from softphone.adapters.meeting_voice import MeetingVoice
from softphone.domain.picture import PictureSlot
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FeedAt:
    """A feed, whose it is, and where its picture goes."""

    feed: str
    session: str
    slot: PictureSlot


class Subscriber:
    """Receives a feed once; for another try there is another subscriber."""

    def __init__(
        self,
        feed: FeedAt,
        signal: MeetingSignal,
        voices: MeetingVoice,
        executor: Executor,
        tasks: Tasks,
        on_changed: Callable[[], None],
    ) -> None:
        self.sound: SoundFeed | None = None
        self.picture: PictureFeed | None = None
        self.id = ""
        """The subscription's, once the engine has offered it."""
        self.opened_at = time.monotonic()
        self._feed = feed
        self._signal = signal
        self._voices = voices
        self._executor = executor
        self._tasks = tasks
        self._on_changed = on_changed
        self._connection = new_connection()
        self._closed = False

    @property
    def failed(self) -> bool:
        """Whether the connection has ended by itself."""
        return not self._closed and self._connection.connectionState in ("failed", "closed")

    @property
    def packets(self) -> int:
        """Received so far."""
        return sum(part.packets for part in (self.sound, self.picture) if part is not None)

    async def open(self, *, video: bool, height: int) -> None:
        """Ask for the feed and take the engine's offer. Raises MeetingRefused, ServiceUnreachable,
        CodecError; then close it."""
        self.id, offer = await self._signal.subscribe(self._feed.feed, video=video, height=height)
        if self._closed:
            return
        connection = self._connection
        await connection.setRemoteDescription(RTCSessionDescription(offer, "offer"))
        for transceiver in connection.getTransceivers():
            self._receive(take_over(transceiver), transceiver.kind)
        release = hold(connection)
        try:
            await describe(connection, await connection.createAnswer())
            await self._signal.answer(self.id, connection.localDescription.sdp)
        finally:
            release()

    def _receive(self, receiver: PacketReceiver, kind: str) -> None:
        if kind == "audio":
            self.sound = SoundFeed(receiver, self._voices.add_voice(self._feed.session), self._tasks)
        else:
            self.picture = PictureFeed(
                receiver, self._feed.slot, self._executor, self._tasks, self._on_changed
            )

    async def report(self) -> None:
        """Tell the engine what arrived; once a second."""
        for part in (self.sound, self.picture):
            if part is not None:
                await part.report()

    async def close(self) -> None:
        """Receive nothing more; the last picture is taken away."""
        self._closed = True
        if self.sound is not None:
            self._voices.remove_voice(self._feed.session, self.sound.voice)
        if self.picture is not None:
            await self.picture.close()
        await asyncio.shield(close_connection(self._connection))
