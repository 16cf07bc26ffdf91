"""The other side of a long call: talks and pauses by a clock that is off, and holds now and then."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import numpy as np

from media.stream import VoiceStream
from media.types import BLOCK, FRAME, RATE, AudioFrame, AudioPacket, CodecSpec
from sip_bridge import client_events as told
from sip_bridge.client import SipClient
from sip_bridge.client_types import AccountConfig, ClientSettings
from sip_bridge.rtp.session import AudioSession
from tests.doubles.room import talk
from tests.lab.sound import Pcm

T = TypeVar("T")

FRAME_S = FRAME / RATE
TALKS_S, PAUSES_S = 4.0, 3.0
PATIENCE_S = 15.0
OPUS = CodecSpec("opus", 96, RATE, 2, parameters=(("usedtx", "1"),))
REFRESH_S = 90
"""The shortest session there is (RFC 4028 section 4): it is refreshed every 45 s."""


def said() -> Pcm:
    """Somebody who talks for some seconds and then says nothing for some."""
    return np.concatenate([talk(TALKS_S, dbfs=-20.0), np.zeros(round(PAUSES_S * RATE), np.int16)])


def frames() -> list[AudioFrame | None]:
    """That, encoded with DTX: nothing is sent for most of the pause, and time passes all the same."""
    stream = VoiceStream(OPUS)
    sound = said()
    blocks = [sound[start : start + BLOCK] for start in range(0, len(sound), BLOCK)]
    encoded = [stream.capture(block) for _ in range(2) for block in blocks]
    return encoded[len(encoded) // 2 + 1 :: 2]


class FarEnd:
    """A SIP client in a thread of its own, which answers every call; its methods block."""

    def __init__(self, drift_ppm: float) -> None:
        self._pace = FRAME_S / (1 + drift_ppm * 1e-6)
        self._frames = frames()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="far end")
        self._client: SipClient
        self._call_id = ""
        self._talking: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.heard_packets = 0
        self.sent_packets = 0
        self.media_changes = 0

    def start(self, account: AccountConfig) -> None:
        """Register."""
        self._thread.start()
        self._run(self._start(account))

    async def _start(self, account: AccountConfig) -> None:
        self._client = SipClient(ClientSettings(codecs=("opus",), session_expires_s=REFRESH_S))
        self._client.listen(self._told)
        await self._client.start(account)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE_S)

    def _told(self, event: told.ClientEvent) -> None:
        match event:
            case told.Incoming(call_id=call_id):
                self._call_id = call_id
                self._spawn(self._client.calls.answer(call_id))
            case told.MediaReady(call_id=call_id):
                session = self._client.audio(call_id)
                if session is not None and self._talking is None:
                    session.on_packet = self._heard
                    self._talking = self._spawn(self._talk(session))
            case told.MediaChanged():
                self.media_changes += 1
            case told.Ended():
                self._call_id = ""
                if self._talking is not None:
                    self._talking.cancel()
                    self._talking = None

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _heard(self, packet: AudioPacket) -> None:
        self.heard_packets += 1

    async def _talk(self, session: AudioSession) -> None:
        """For ever, each frame at its time by the clock that is off."""
        due, unsent, at = self._loop.time(), 0, 0
        while True:
            frame = self._frames[at % len(self._frames)]
            unsent += OPUS.clock_rate * FRAME // RATE
            if frame is not None:
                pause = unsent > FRAME
                session.send(AudioFrame(frame.payload, unsent, marker=pause))
                self.sent_packets += 1
                unsent = 0
            at, due = at + 1, due + self._pace
            await asyncio.sleep(max(0.0, due - self._loop.time()))

    @property
    def in_call(self) -> bool:
        """Whether somebody is there."""
        return bool(self._call_id)

    def hold(self) -> None:
        """Put the other side on hold."""
        self._run(self._client.calls.hold(self._call_id))

    def resume(self) -> None:
        """And take it back."""
        self._run(self._client.calls.resume(self._call_id))

    def stop(self) -> None:
        """End it all."""
        if self._thread.is_alive():
            self._run(self._client.stop())
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()


def share_sent(encoded: Sequence[AudioFrame | None]) -> float:
    """Which part of the frames goes out."""
    return sum(frame is not None for frame in encoded) / len(encoded)
