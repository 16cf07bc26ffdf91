"""The program's side of the named pipe: waiting threads on one hand, the engine's loop on the other."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from softphone.control.protocol import HEARING_OUT_S, MESSAGE_LIMIT, ControlError, too_large
from softphone.control.transport import Connection
from softphone.control.windows_calls import CallFailed, Windows, load
from softphone.control.windows_pipe import Pipe, new_instance, pipe_name
from softphone.control.windows_user import own_user, user_of

T = TypeVar("T")

log = logging.getLogger(__name__)


class PipeListener:
    """One thread waits for callers; there is always one instance to call, so nobody can take the name."""

    def __init__(self, windows: Windows, name: str) -> None:
        self._windows = windows
        self._name = name
        self._sid = ""
        self._stopped = False
        self._waiting: Pipe | None = None
        self._thread: threading.Thread | None = None

    async def start(self, connected: Callable[[Connection], None]) -> None:
        """Listen. Raises CallFailed, also where somebody else listens under this name."""
        self._sid = own_user(self._windows)
        self._waiting = new_instance(self._windows, self._name, self._sid, first=True)
        loop = asyncio.get_running_loop()

        def accepted(pipe: Pipe) -> None:
            loop.call_soon_threadsafe(self._hand_over, pipe, connected)

        self._thread = threading.Thread(
            target=self._accept, args=(accepted,), name="control pipe", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Take no more callers."""
        self._stopped = True
        if self._waiting is not None:
            self._waiting.stop()

    async def close(self) -> None:
        """Wait for the thread, which lets the pipe go."""
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join)

    def _accept(self, accepted: Callable[[Pipe], None]) -> None:
        waiting = self._waiting
        try:
            while waiting is not None and not self._stopped and waiting.accept():
                taken, waiting = waiting, None
                try:
                    waiting = self._waiting = new_instance(self._windows, self._name, self._sid, first=False)
                finally:
                    accepted(taken)
        except CallFailed as failure:
            log.warning("control takes no more callers: %s", failure.strerror)
        finally:
            if waiting is not None:
                waiting.close()

    def _hand_over(self, pipe: Pipe, connected: Callable[[Connection], None]) -> None:
        if self._stopped:
            pipe.close()
        else:
            connected(PipeConnection(self._windows, pipe, self._sid))


class PipeConnection:
    """One caller. A thread of its own waits for it, a second one where it is also listened to."""

    def __init__(self, windows: Windows, pipe: Pipe, sid: str) -> None:
        self._windows = windows
        self._pipe = pipe
        self._sid = sid
        self._buffer = bytearray()
        self._threads = ThreadPoolExecutor(2, "control")

    def require_own_user(self) -> None:
        """Whatever the access list says, another user's process is refused."""
        try:
            sid = user_of(self._windows, self._pipe.client())
        except CallFailed as failure:
            raise ControlError("who is calling can't be told", code="not-granted") from failure
        if sid != self._sid:
            log.warning("a process of user %s was refused", sid)
            raise ControlError("only this user's own processes may", code="not-granted")

    async def read_line(self) -> bytes | None:
        """One line, or None at the end."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > MESSAGE_LIMIT:
                raise too_large()
            chunk = await self._wait_for(self._pipe.read)
            if not chunk:
                return None
            self._buffer += chunk
        if end > MESSAGE_LIMIT:
            raise too_large()
        line = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        return line

    async def write(self, data: bytes) -> None:
        """Send, and wait while the other end is slow."""
        await self._wait_for(lambda: self._pipe.write(data))

    async def until_gone(self) -> None:
        """Return once the other end has gone."""
        while await self._wait_for(self._pipe.read):
            pass

    async def hear_out(self) -> None:
        """Take what is still being sent; a pipe can't be closed by halves."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARING_OUT_S):
                await self.until_gone()

    def abort(self) -> None:
        """Make everything that waits here fail at once."""
        self._pipe.stop()

    async def close(self) -> None:
        """End what waits, then let the pipe go, even when cancelled meanwhile."""
        self._pipe.stop()
        ending = asyncio.get_running_loop().run_in_executor(None, self._end)
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            await ending
            raise

    def _end(self) -> None:
        self._threads.shutdown()
        self._pipe.close()

    async def _wait_for(self, function: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, function)


def listener_for(profile: Path) -> PipeListener:
    """Where the program of this profile listens."""
    return PipeListener(load(), pipe_name(profile))
