"""One process of the engine as its parent sees it: three threads on three pipes, on every system alike."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from service.domain.errors import EngineError
from service.media_engine.messages import LINE_LIMIT, decode, encode

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[2]
END_S = 3.0
LEVELS = {"ERROR": logging.ERROR, "WARNING": logging.WARNING}


class Child:
    """Started once, ended once. `on_message` is called on the loop; `dead` is set there when it ended."""

    def __init__(
        self,
        address: str,
        bind: str,
        ports: tuple[int, int] | None,
        on_message: Callable[[dict[str, Any]], None],
    ) -> None:
        self._command = [sys.executable, "-m", "service.media_engine", "--address", address]
        if bind:
            self._command += ["--bind", bind]
        if ports is not None:
            self._command += ["--ports", f"{ports[0]}-{ports[1]}"]
        self._on_message = on_message
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._ended = False
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self.dead = asyncio.Event()

    @property
    def pid(self) -> int:
        """Its process id, 0 before it is started."""
        return self._process.pid if self._process is not None else 0

    async def start(self) -> None:
        """Ready when it returns. Raises OSError, or EngineError where it ended at once."""
        process = await asyncio.to_thread(self._popen)
        for work, pipe in (
            (self._read, process.stdout),
            (self._log, process.stderr),
            (self._write, process.stdin),
        ):
            thread = threading.Thread(target=work, args=(pipe,), name="media engine", daemon=True)
            thread.start()
            self._threads.append(thread)
        waits = [asyncio.ensure_future(event.wait()) for event in (self._ready, self.dead)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if not self._ready.is_set():
            raise EngineError("it ended at once")

    def say(self, message: dict[str, Any]) -> None:
        """Never blocks."""
        self._outbox.put(encode(message))

    async def end(self, *, hung: bool = False) -> None:
        """Hang up, then insist (at once where it is `hung`); nothing of it is left when this returns."""
        self._outbox.put(None)
        await asyncio.shield(asyncio.to_thread(self._end, hung))

    def _popen(self) -> subprocess.Popen[bytes]:
        """On a thread, which goes on when whoever waits for it is cancelled."""
        with self._lock:
            if self._ended:
                raise EngineError("it was ended before it began")
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=ROOT,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        return self._process

    def _end(self, hung: bool) -> None:
        with self._lock:
            self._ended = True
            process = self._process
        if process is None:
            return
        if hung or self.dead.is_set():
            process.kill()
        try:
            process.wait(END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()

    def _read(self, pipe: BinaryIO) -> None:
        while line := pipe.readline(LINE_LIMIT + 1):
            self._tell(self._line, line)
        self._tell(self.dead.set)

    def _log(self, pipe: BinaryIO) -> None:
        for line in pipe:
            text = line.decode("utf-8", "replace").rstrip()
            log.log(LEVELS.get(text.partition(" ")[0], logging.INFO), "engine: %s", text)

    def _write(self, pipe: BinaryIO) -> None:
        try:
            while (line := self._outbox.get()) is not None:
                pipe.write(line)
                pipe.flush()
            pipe.close()
        except OSError:
            return

    def _tell(self, what: Callable[..., object], *arguments: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(what, *arguments)

    def _line(self, line: bytes) -> None:
        try:
            message = decode(line)
        except ValueError:
            log.error("the media engine said something that is no message")
            return
        if "ready" in message:
            self._ready.set()
        else:
            self._on_message(message)
