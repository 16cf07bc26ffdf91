"""What one client is yet to be told. A client too slow to take it is cut: memory stays bounded."""

from __future__ import annotations

import asyncio
from collections import deque

from starlette.websockets import WebSocket, WebSocketDisconnect

from service_api.meeting import Close, Done, MeetingEvent, Refused

MOST_MESSAGES = 512
MOST_BYTES = 2 * 1024 * 1024
SEND_S = 10.0
"""How long one message may take to leave; also how long the last ones have at the end."""


class Outbox:
    """Implements meeting_ports.Outlet."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._waiting: deque[str] = deque()
        self._bytes = 0
        self._more = asyncio.Event()
        self._close: Close | None = None
        self._sending: asyncio.Timeout | None = None

    @property
    def waiting(self) -> int:
        """Messages that have not left yet."""
        return len(self._waiting)

    def tell(self, message: MeetingEvent | Done | Refused) -> None:
        """Send it in its turn."""
        if self._close is not None:
            return
        text = message.model_dump_json()
        self._waiting.append(text)
        self._bytes += len(text)
        if len(self._waiting) > MOST_MESSAGES or self._bytes > MOST_BYTES:
            self._waiting.clear()
            self.end(Close.TOO_SLOW)
            self._give_up()
        self._more.set()

    def end(self, close: Close) -> None:
        """Close after what waits; the first reason counts."""
        if self._close is None:
            self._close = close
        self._more.set()

    async def run(self) -> None:
        """Send until the end. Returns early where the client is gone or takes nothing."""
        try:
            while await self._next():
                pass
            async with asyncio.timeout(SEND_S):
                await self._websocket.close(self._close or Close.NORMAL)
        except (TimeoutError, WebSocketDisconnect, RuntimeError):
            self.end(Close.TOO_SLOW)

    async def close(self, sending: asyncio.Task[None]) -> None:
        """Let the last messages go, and end `run`."""
        self.end(Close.NORMAL)
        await asyncio.wait((sending,), timeout=SEND_S)
        sending.cancel()
        await asyncio.wait((sending,))

    async def _next(self) -> bool:
        """Send what waits; False at the end."""
        while self._waiting:
            text = self._waiting.popleft()
            self._bytes -= len(text)
            async with asyncio.timeout(SEND_S) as self._sending:
                await self._websocket.send_text(text)
            self._sending = None
        if self._close is not None:
            return False
        self._more.clear()
        await self._more.wait()
        return True

    def _give_up(self) -> None:
        """Wait no longer for the message that doesn't leave."""
        if self._sending is not None and not self._sending.expired():
            self._sending.reschedule(asyncio.get_running_loop().time())
