"""Keys on their way out: one after another, in step with the clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from sip_bridge.core.audio_formats import DtmfFormat
from sip_bridge.rtp.dtmf import GAP_MS, TONE_MS, event_packets
from sip_bridge.rtp.sender import Sender


class Keypad:
    """Sends queued keys as telephone events; `busy` while a key is down, when speech must be silent."""

    def __init__(self, sender: Sender, send: Callable[[bytes], None]) -> None:
        self.busy = False
        self._sender = sender
        self._send = send
        self._queue: deque[tuple[str, DtmfFormat]] = deque()
        self._running = False

    def press(self, digits: str, dtmf: DtmfFormat) -> bool:
        """Queue keys; True where `run` must be started. Raises UnknownDigit for any of them."""
        for digit in digits:
            for _ in event_packets(digit, dtmf.clock_rate):
                pass
        self._queue.extend((digit, dtmf) for digit in digits)
        if self._running or not self._queue:
            return False
        self._running = True
        return True

    async def run(self) -> None:
        """Send until the queue is empty."""
        try:
            while self._queue:
                await self._press_one(*self._queue.popleft())
        finally:
            self.busy = self._running = False

    async def _press_one(self, digit: str, dtmf: DtmfFormat) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        timestamp = self._sender.timestamp_at(began)
        self.busy = True
        for packet in event_packets(digit, dtmf.clock_rate):
            await asyncio.sleep(max(0.0, began + packet.at_ms / 1000 - loop.time()))
            self._send(self._sender.packet(dtmf.payload_type, timestamp, packet.payload, packet.marker))
        self.busy = False
        await asyncio.sleep(max(0.0, began + (TONE_MS + GAP_MS) / 1000 - loop.time()))
