"""The product's own SIP client as a person at a desk: speaks a tone, notes what it hears and is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

import numpy as np

from media.path import VoicePath
from media.stream import VoiceStream
from sip_bridge import client_events as told
from sip_bridge.client import SipClient
from sip_bridge.client_types import AccountConfig, ClientSettings
from sip_bridge.io.names import Resolver
from tests.lab.sound import Pcm, level_at, tone

E = TypeVar("E", bound=told.ClientEvent)
STEP_S = 0.01


class NotHeard(Exception):
    """What a test waited for did not come; the text says what came instead."""


class Tone:
    """A microphone into which somebody whistles for ever."""

    def __init__(self, frequency: float) -> None:
        self._sound = tone(frequency, 1.0)
        self._at = 0

    def available(self) -> int:
        """As much as the clock asks for: ten milliseconds per step."""
        return 480

    def read(self, samples: int) -> Pcm:
        """The next samples."""
        index = (self._at + np.arange(samples)) % len(self._sound)
        self._at += samples
        return self._sound[index]


class Ear:
    """A speaker that keeps everything."""

    def __init__(self) -> None:
        self.blocks: list[Pcm] = []

    def queued(self) -> int:
        """Two blocks wait at the start of each step, so that the path adds one."""
        return 480

    def write(self, pcm: Pcm) -> int:
        """Keep it."""
        self.blocks.append(pcm)
        return len(pcm)


class Caller:
    """One client with an ear, a mouth and a memory. Use as an async context manager after `start`."""

    def __init__(
        self,
        settings: ClientSettings | None = None,
        *,
        frequency: float = 1000.0,
        resolver: Resolver | None = None,
        route: Callable[[str, int], str | None] | None = None,
    ) -> None:
        self.client = SipClient(settings, resolver=resolver, route=route)
        self.events: list[told.ClientEvent] = []
        self.ear = Ear()
        self._path = VoicePath(Tone(frequency), self.ear)
        self._streams: dict[str, VoiceStream] = {}
        self._changed = asyncio.Condition()
        self._loop = asyncio.get_running_loop()
        self._running: asyncio.Task[None] | None = None
        self.answer_at_once = False
        self.client.listen(self._told)

    async def __aenter__(self) -> Caller:
        self._running = self._loop.create_task(self._live())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.stop()
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def start(self, account: AccountConfig) -> told.Registered:
        """Register."""
        return await self.client.start(account)

    async def _live(self) -> None:
        due = self._loop.time()
        while True:
            self._path.step(self._loop.time())
            due += STEP_S
            await asyncio.sleep(max(0.0, due - self._loop.time()))

    def _told(self, event: told.ClientEvent) -> None:
        self.events.append(event)
        match event:
            case told.MediaReady(call_id=call_id):
                self._join(call_id)
            case told.Ended(call_id=call_id):
                if (stream := self._streams.pop(call_id, None)) is not None:
                    self._path.remove(stream)
            case told.Incoming(call_id=call_id) if self.answer_at_once:
                self._loop.create_task(self.client.calls.answer(call_id))

    def _join(self, call_id: str) -> None:
        session = self.client.audio(call_id)
        if session is None or session.codec is None:
            return
        stream = self._streams.get(call_id)
        if stream is None:
            stream = self._streams[call_id] = VoiceStream(session.codec)
            session.on_packet = stream.receive
            self._path.add(stream, session.send)
        elif stream.spec != session.codec:
            stream.change_codec(session.codec)

    def heard(self, kind: type[E]) -> list[E]:
        """All events of a kind so far."""
        return [event for event in self.events if isinstance(event, kind)]

    async def wait_for(
        self, kind: type[E], count: int = 1, timeout_s: float = 10.0, where: Callable[[E], bool] | None = None
    ) -> E:
        """The `count`-th event of a kind (of those `where` accepts). Raises NotHeard."""
        deadline = self._loop.time() + timeout_s
        while self._loop.time() < deadline:
            found = [event for event in self.heard(kind) if where is None or where(event)]
            if len(found) >= count:
                return found[count - 1]
            await asyncio.sleep(0.01)
        raise NotHeard(f"no {kind.__name__} #{count} within {timeout_s} s: {self.events}")

    async def dial(self, target: str) -> str:
        """Call and wait until it is answered."""
        call_id = await self.client.dial(target)
        await self.wait_for(told.Established, where=lambda event: event.call_id == call_id)
        return call_id

    async def level(self, frequency: float, over_s: float = 0.6) -> float:
        """Listen for a while from now; the level of `frequency` in dBFS."""
        start = len(self.ear.blocks)
        await asyncio.sleep(over_s)
        blocks = self.ear.blocks[start:]
        return level_at(np.concatenate(blocks), frequency) if blocks else -120.0
