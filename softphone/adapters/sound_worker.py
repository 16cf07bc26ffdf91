"""The one thread that talks to sound drivers: opening a device blocks, and PortAudio is not thread-safe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

T = TypeVar("T")


class Closable(Protocol):
    """An open stream, as far as its end goes."""

    def close(self) -> None:
        """Release the device."""
        ...


S = TypeVar("S", bound=Closable)


class SoundWorker:
    """Runs blocking calls one after another, awaited from the engine loop."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sound")
        self._lingering: dict[Closable, asyncio.TimerHandle] = {}

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """The result of `function`, or what it raises."""
        return await asyncio.wrap_future(self._executor.submit(function, *arguments))

    async def open(self, opener: Callable[[str], S], device: str) -> S:
        """Open a stream; when the waiting task is cancelled meanwhile, the stream is closed again."""
        future = self._executor.submit(opener, device)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._close_unwanted)
            raise

    def release(self, stream: Closable) -> None:
        """Close a stream without waiting for it."""
        self._executor.submit(stream.close)

    def release_after(self, stream: Closable, seconds: float) -> None:
        """Close a stream a little later, or with the worker."""
        loop = asyncio.get_running_loop()
        self._lingering[stream] = loop.call_later(seconds, self._release_lingering, stream)

    def close(self) -> None:
        """Take no more; what was asked for is still done."""
        for stream, timer in tuple(self._lingering.items()):
            timer.cancel()
            self._release_lingering(stream)
        self._executor.shutdown(wait=False)

    def _release_lingering(self, stream: Closable) -> None:
        del self._lingering[stream]
        self.release(stream)

    def _close_unwanted(self, future: Future[S]) -> None:
        if not future.cancelled() and future.exception() is None:
            self.release(future.result())
