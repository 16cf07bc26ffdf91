"""aiortc as a media client of the engine: a moving picture, a tone, one PeerConnection a feed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from aiortc import (
    MediaStreamTrack,
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, VideoFrame

RATE = 48000
TONE_HZ = 440.0


class MediaClient(Protocol):
    """What every client in the engine's contract can do. Names are the caller's, one for each received feed.

    `stats(name)` has first (ms from the offer to the first picture, 0 before it), pictures, sounds, energy,
    width, height; those of "sender" are the client's own.
    """

    async def offer(self, width: int = 640, height: int = 360) -> str:
        """Camera and microphone on; the sender's offer."""
        ...

    async def accept(self, sdp: str) -> None:
        """The engine's answer to it."""
        ...

    async def take(self, name: str, sdp: str) -> str:
        """The answer to the engine's offer of a feed."""
        ...

    async def stats(self, name: str) -> dict[str, Any]:
        """What it counted."""
        ...

    async def end(self, name: str) -> None:
        """Close one PeerConnection."""
        ...


class Camera(MediaStreamTrack):
    """A noisy bar that moves, so that every picture costs something; 30 a second."""

    kind = "video"

    def __init__(self, width: int, height: int, fps: int = 30) -> None:
        super().__init__()
        self._size = (height, width)
        self._fps = fps
        self._count = 0
        self._began = 0.0
        self._noise = np.random.default_rng(1).integers(0, 255, (height, width // 4, 3), np.uint8)

    async def recv(self) -> VideoFrame:
        """The next one, when it is due."""
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._count / self._fps - time.monotonic()))
        height, width = self._size
        picture = np.full((height, width, 3), 90, np.uint8)
        at = self._count * 4 % (width - width // 4)
        picture[:, at : at + width // 4] = self._noise
        frame = VideoFrame.from_ndarray(picture, "bgr24")
        frame.pts, frame.time_base = self._count * 90000 // self._fps, Fraction(1, 90000)
        self._count += 1
        return frame


class Microphone(MediaStreamTrack):
    """A tone of TONE_HZ at -12 dBFS."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._began = 0.0

    async def recv(self) -> AudioFrame:
        """20 ms."""
        self._began = self._began or time.monotonic()
        await asyncio.sleep(max(0.0, self._began + self._count / RATE - time.monotonic()))
        times = (self._count + np.arange(960)) / RATE
        samples = (8000 * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
        frame = AudioFrame.from_ndarray(samples[np.newaxis], "s16", "mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, self._count, Fraction(1, RATE)
        self._count += 960
        return frame


class Received:
    """One feed's tracks, drained."""

    def __init__(self, peer: RTCPeerConnection) -> None:
        self.peer = peer
        self.counts: dict[str, Any] = dict.fromkeys(
            ("first", "pictures", "sounds", "energy", "width", "height", "longest"), 0
        )
        self._began = time.monotonic()
        self._last = 0.0
        self._tasks: list[asyncio.Task[None]] = []
        peer.on("track", self._track)

    def _track(self, track: MediaStreamTrack) -> None:
        self._tasks.append(asyncio.create_task(self._drain(track)))

    async def _drain(self, track: MediaStreamTrack) -> None:
        try:
            while True:
                frame = await track.recv()
                if isinstance(frame, VideoFrame):
                    self._picture(frame)
                elif isinstance(frame, AudioFrame):
                    self._sound(frame)
        except MediaStreamError:
            return

    def _picture(self, frame: VideoFrame) -> None:
        now = time.monotonic()
        self.counts["first"] = self.counts["first"] or (now - self._began) * 1000
        if self._last:
            self.counts["longest"] = max(self.counts["longest"], now - self._last)
        self._last = now
        self.counts["pictures"] += 1
        self.counts["width"], self.counts["height"] = frame.width, frame.height

    def _sound(self, frame: AudioFrame) -> None:
        self.counts["sounds"] += 1
        self.counts["energy"] += float(np.mean((frame.to_ndarray() / 32768.0) ** 2)) * 0.02

    async def close(self) -> None:
        """End it and its draining."""
        await self.peer.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


class AiortcClient:
    """A MediaClient."""

    def __init__(self) -> None:
        self._sender: RTCPeerConnection | None = None
        self._received: dict[str, Received] = {}

    async def offer(self, width: int = 640, height: int = 360) -> str:
        """Camera and microphone on; the sender's offer."""
        if self._sender is not None:
            await self._sender.close()
        peer = self._sender = _peer()
        peer.addTransceiver(Microphone(), direction="sendonly")
        video = peer.addTransceiver(Camera(width, height), direction="sendonly")
        codecs = RTCRtpSender.getCapabilities("video").codecs
        video.setCodecPreferences([c for c in codecs if c.mimeType in ("video/VP8", "video/rtx")])
        await peer.setLocalDescription(await peer.createOffer())
        return str(peer.localDescription.sdp)

    async def accept(self, sdp: str) -> None:
        """The engine's answer to it."""
        assert self._sender is not None
        await self._sender.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def take(self, name: str, sdp: str) -> str:
        """The answer to the engine's offer of a feed."""
        peer = _peer()
        self._received[name] = Received(peer)
        await peer.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return str(peer.localDescription.sdp)

    async def stats(self, name: str) -> dict[str, Any]:
        """What it counted."""
        if name == "sender":
            assert self._sender is not None
            return {"state": self._sender.connectionState}
        received = self._received[name]
        return {**received.counts, "state": received.peer.connectionState}

    async def end(self, name: str) -> None:
        """Close one PeerConnection."""
        if name == "sender":
            assert self._sender is not None
            await self._sender.close()
        else:
            await self._received[name].close()

    async def close(self) -> None:
        """Close them all."""
        if self._sender is not None:
            await self._sender.close()
        for received in self._received.values():
            await received.close()


@asynccontextmanager
async def aiortc_clients(count: int) -> AsyncIterator[list[AiortcClient]]:
    """That many, closed at the end."""
    clients = [AiortcClient() for _ in range(count)]
    try:
        yield clients
    finally:
        for client in clients:
            await client.close()


def _peer() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
