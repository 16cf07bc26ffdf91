"""A server's side of a WebSocket without a network: frames go in, frames come out."""

from __future__ import annotations

import asyncio
from typing import Any


class PaperWebSocket:
    """Takes the place of starlette's WebSocket. `stuck`: whoever sends waits."""

    def __init__(self, appointment: str) -> None:
        self.path_params = {"appointment": appointment}
        self.sent: list[str] = []
        self.close_code: int | None = None
        self.stuck = False
        self._frames: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def put(self, frame: str | bytes) -> None:
        """The client sends."""
        kind = "text" if isinstance(frame, str) else "bytes"
        self._frames.put_nowait({"type": "websocket.receive", kind: frame})

    def hang_up(self, code: int = 1001) -> None:
        """The client goes."""
        self._frames.put_nowait({"type": "websocket.disconnect", "code": code})

    async def receive(self) -> dict[str, Any]:
        """As WebSocket.receive."""
        return await self._frames.get()

    async def send_text(self, text: str) -> None:
        """As WebSocket.send_text."""
        while self.stuck:
            await asyncio.sleep(3600)
        self.sent.append(text)

    async def close(self, code: int) -> None:
        """As WebSocket.close."""
        self.close_code = int(code)
        self.hang_up(code)
