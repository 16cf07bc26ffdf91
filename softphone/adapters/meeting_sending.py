"""Our sound and picture as aiortc tracks that give what is encoded already."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from concurrent.futures import Executor
from contextlib import suppress
from typing import Any

from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError

from devices.cameras.types import Picture
from media.errors import CodecError
from media.types import AudioFrame
from media.video.convert import ToEncoder, fitting
from media.video.encoder import Vp8Encoder
from media.video.figures import PictureFlow
from media.video.rate import EncodingEffort, RateControl
from media.video.types import CLOCK_RATE, EncodedPicture
from media.video.vp8 import PICTURE_IDS, packets

log = logging.getLogger(__name__)

SOUND_WAITING = 10
"""Frames of 20 ms that may wait for the connection; older ones are dropped."""
TALLEST = 720


class SoundTrack(MediaStreamTrack):
    """The meeting's voice, as encoded frames. `send` is what the voice path calls."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._frames: deque[AudioFrame] = deque(maxlen=SOUND_WAITING)
        self._fresh = asyncio.Event()
        self._timestamp = 0

    def send(self, frame: AudioFrame) -> None:
        """Take the next frame."""
        if len(self._frames) == SOUND_WAITING:
            self._timestamp += self._frames[0].samples
        self._frames.append(frame)
        self._fresh.set()

    async def recv(self) -> Any:
        """The next frame. Raises MediaStreamError after `stop`."""
        while not self._frames:
            self._fresh.clear()
            await self._fresh.wait()
            if self.readyState != "live":
                raise MediaStreamError
        return self._frames.popleft()

    def pack(self, data: AudioFrame) -> tuple[list[bytes], int]:
        """See aiortc_hooks.Packer."""
        self._timestamp += data.samples
        return [data.payload], self._timestamp

    def stop(self) -> None:
        """End it."""
        super().stop()
        self._fresh.set()


class _Encoding:
    """The encoder and what it needs, used by one executor thread at a time."""

    def __init__(self) -> None:
        self.size = 0, 0
        self._to_encoder = ToEncoder()
        self._encoder: Vp8Encoder | None = None

    def encode(self, picture: Picture, tallest: int, bitrate: int, key: bool) -> EncodedPicture | None:
        """Raises CodecError."""
        width, height = fitting(picture.frame.width, picture.frame.height, tallest)
        encoder = self._encoder
        if encoder is None or (encoder.width, encoder.height, encoder.bitrate) != (width, height, bitrate):
            encoder = self._encoder = Vp8Encoder(width, height, bitrate)
            self.size = width, height
        frame = self._to_encoder.convert(picture.frame, width, height)
        return encoder.encode(frame, round(picture.captured_at * CLOCK_RATE), key=key)


class PictureTrack(MediaStreamTrack):
    """The camera's picture, encoded: the newest one wins. Implements aiortc_hooks' Feedback and Packer."""

    kind = "video"

    def __init__(self, executor: Executor) -> None:
        super().__init__()
        self.flow = PictureFlow()
        self.lost = 0.0
        """The share of packets that the far end last said it lost."""
        self._executor = executor
        self._home = asyncio.get_running_loop()
        self._guard = threading.Lock()
        self._newest: Picture | None = None
        self._fresh = asyncio.Event()
        self._encoding = _Encoding()
        self._key = False
        self._picture_id = 0
        self._rate: RateControl | None = None
        self._effort = EncodingEffort()

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is sent."""
        return self._encoding.size

    @property
    def bitrate(self) -> int:
        """What the encoder is given, in bit/s; 0 before the first picture."""
        return self._rate.bitrate() if self._rate else 0

    def offer(self, picture: Picture) -> None:
        """Take a picture, on any thread, instead of the one nobody has encoded yet."""
        with self._guard:
            told, self._newest = self._newest is not None, picture
        if not told:
            with suppress(RuntimeError):  # the loop may have closed
                self._home.call_soon_threadsafe(self._fresh.set)

    def key_wanted(self) -> None:
        """See Feedback."""
        self._key = True

    def estimate(self, bitrate: int) -> None:
        """See Feedback."""
        if self._rate is not None:
            self._rate.estimate(bitrate)

    def report(self, lost: float) -> None:
        """See Feedback."""
        self.lost = lost
        if self._rate is not None:
            self._rate.report(lost, time.monotonic())

    async def recv(self) -> Any:
        """The next picture. Raises MediaStreamError after `stop`."""
        while True:
            await self._fresh.wait()
            self._fresh.clear()
            if self.readyState != "live":
                raise MediaStreamError
            with self._guard:
                picture, self._newest = self._newest, None
            if picture is not None and (encoded := await self._encode(picture)) is not None:
                self.flow.picture(time.monotonic())
                return encoded

    def pack(self, data: EncodedPicture) -> tuple[list[bytes], int]:
        """See aiortc_hooks.Packer."""
        self._picture_id = (self._picture_id + 1) % PICTURE_IDS
        return packets(data.data, self._picture_id), data.timestamp

    async def _encode(self, picture: Picture) -> EncodedPicture | None:
        if self._rate is None:
            self._rate = RateControl(*fitting(picture.frame.width, picture.frame.height, TALLEST))
        tallest = min(TALLEST, self._rate.height(), self._effort.height())
        bitrate, began = self._rate.bitrate(), time.monotonic()
        key, self._key = self._key, False
        try:
            encoded = await self._home.run_in_executor(
                self._executor, self._encoding.encode, picture, tallest, bitrate, key
            )
        except CodecError as failure:
            log.warning("a picture could not be encoded: %s", failure)
            return None
        self._effort.note(time.monotonic() - began, began)
        return encoded

    def stop(self) -> None:
        """End it."""
        super().stop()
        self._fresh.set()
