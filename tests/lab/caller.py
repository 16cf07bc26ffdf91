"""The product's own SIP client as a person at a desk: speaks a tone, notes what it hears and is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

from media.stream import VoiceStream
from sip_bridge import client_events as told
from sip_bridge.client import SipClient
from sip_bridge.client_types import AccountConfig, ClientSettings
from sip_bridge.io.names import Resolver
from tests.lab.ear import Head

E = TypeVar("E", bound=told.ClientEvent)


class NotHeard(Exception):
    """What a test waited for did not come; the text says what came instead."""


class Caller:
    """One client with an ear, a mouth and a memory. Use as an async context manager, and `start` it there."""

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
        self._head = Head(frequency)
        self._streams: dict[str, VoiceStream] = {}
        self._loop = asyncio.get_running_loop()
        self.answer_at_once = False
        self._answering: set[asyncio.Task[None]] = set()
        self.client.listen(self._told)

    async def __aenter__(self) -> Caller:
        await self._head.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        try:
            await self.client.stop()
        finally:
            await self._head.__aexit__()

    async def start(self, account: AccountConfig) -> told.Registered:
        """Register."""
        return await self.client.start(account)

    def _told(self, event: told.ClientEvent) -> None:
        self.events.append(event)
        match event:
            case told.MediaReady(call_id=call_id):
                self._join(call_id)
            case told.Ended(call_id=call_id):
                if (stream := self._streams.pop(call_id, None)) is not None:
                    self._head.detach(stream)
            case told.Incoming(call_id=call_id) if self.answer_at_once:
                self._answer(call_id)

    def _answer(self, call_id: str) -> None:
        task = self._loop.create_task(self.client.calls.answer(call_id))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    def _join(self, call_id: str) -> None:
        session = self.client.audio(call_id)
        if session is None or session.codec is None:
            return
        stream = self._streams.get(call_id)
        if stream is None:
            stream = self._streams[call_id] = VoiceStream(session.codec)
            session.on_packet = stream.receive
            self._head.attach(stream, session.send)
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

    def send_early_media(self, call_id: str, *, sound: bool = True) -> None:
        """Answer an incoming call with 183: the caller hears us, or silence, before we take the call."""
        calls = self.client.calls
        leg = calls.leg(call_id)
        calls.agent.ring(call_id, calls.now(), leg.answer)
        calls.pump()
        if sound:
            leg.session.start()
            self._join(call_id)

    async def hears(self, frequency: float, least_dbfs: float = -18.0) -> bool:
        """Whether `frequency` is as loud as that within a few seconds."""
        return await self._head.hears(frequency, least_dbfs)

    async def level(self, frequency: float, over_s: float = 0.6) -> float:
        """Listen for a while from now; the level of `frequency` in dBFS."""
        return await self._head.level(frequency, over_s)
