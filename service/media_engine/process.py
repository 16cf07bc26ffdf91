"""The engine's process: calls come in on stdin, results and events go out on stdout; it ends with stdin."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
import threading
import time
from typing import Any, BinaryIO

from service.domain.errors import EngineError
from service.media_engine.dtls import Identity
from service.media_engine.messages import CALLS, LINE_LIMIT, decode, encode, event_out, result_out
from service.media_engine.port import Port
from service.media_engine.rooms import Rooms
from service.usecases.engine import EngineEvent

log = logging.getLogger(__name__)

TICK_S = 0.02


class EngineProcess:
    """Serves one service until it hangs up."""

    def __init__(self, source: BinaryIO, sink: BinaryIO) -> None:
        self._source = source
        self._sink = sink
        self._lines: asyncio.Queue[bytes] = asyncio.Queue()
        self._port = Port(time.monotonic)
        self._rooms = Rooms(self._port, Identity(), time.monotonic, self._event)

    async def run(self, address: str, ports: tuple[int, int] | None, bind: str = "") -> None:
        """Until stdin ends. Raises EngineError where no port is to be had."""
        self._port.open(address, ports, bind)
        loop = asyncio.get_running_loop()
        reader = threading.Thread(target=self._read, args=(loop,), name="calls", daemon=True)
        reader.start()
        ticking = asyncio.create_task(self._tick())
        self._say({"ready": True, "port": self._port.number})
        try:
            while line := await self._lines.get():
                self._handle(line)
        finally:
            ticking.cancel()
            self._rooms.close()
            self._port.close()

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        """On a thread: pipes can't be awaited on Windows."""
        line = b"begin"
        while line:
            line = self._source.readline(LINE_LIMIT + 1)
            loop.call_soon_threadsafe(self._lines.put_nowait, line)

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            try:
                self._rooms.tick(time.monotonic())
            except Exception:
                log.exception("a timer failed")

    def _handle(self, line: bytes) -> None:
        try:
            message = decode(line)
        except ValueError:
            log.error("a call that is no message was passed over")
            return
        ident = message.pop("id", None)
        try:
            self._say({"id": ident, "result": self._call(message)})
        except EngineError as error:
            self._say({"id": ident, "error": str(error)})
        except Exception:
            log.exception("a call failed")
            self._say({"id": ident, "error": "failed"})

    def _call(self, message: dict[str, Any]) -> object:
        name = message.pop("call", "")
        if name == "ping":
            return None
        if name not in CALLS:
            raise EngineError("no such call")
        return result_out(getattr(self._rooms, name)(**message))

    def _event(self, event: EngineEvent) -> None:
        self._say(event_out(event))

    def _say(self, message: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the service is gone: stdin's end comes next
            self._sink.write(encode(message))
            self._sink.flush()


def serve(address: str, ports: tuple[int, int] | None, bind: str = "") -> int:
    """Run on this process's own stdin and stdout; the exit status."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the service's to answer
    process = EngineProcess(sys.stdin.buffer, sys.stdout.buffer)
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        try:
            runner.run(process.run(address, ports, bind))
        except EngineError as error:
            log.error("%s", error)
            return 1
    return 0
