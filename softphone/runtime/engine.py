"""The engine thread: one asyncio loop for SIP, RTP, the service connection and timers."""

from __future__ import annotations

import asyncio
import concurrent.futures
import selectors
import sys
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")

SWITCH_INTERVAL_S = 0.0005
"""Python's thread switch interval: at the default 5 ms, sound callbacks starve under load."""


class Engine:
    """A thread with a selector event loop (the proactor's UDP can go deaf on Windows).

    Commands come in through `submit`, which any thread may call; the result is a concurrent future.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._executor = concurrent.futures.ThreadPoolExecutor(thread_name_prefix="engine-helper")

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The engine's loop; there is one from `start` on."""
        if self._loop is None:
            raise RuntimeError("the engine has not been started")
        return self._loop

    def start(self) -> None:
        """Start the thread."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._loop = asyncio.SelectorEventLoop(selectors.DefaultSelector())
        self._loop.set_default_executor(self._executor)
        self._thread.start()

    def _run(self) -> None:
        loop = self.loop
        asyncio.set_event_loop(loop)
        try:
            loop.run_forever()
        finally:
            loop.run_until_complete(loop.shutdown_asyncgens())
            self._executor.shutdown(wait=False, cancel_futures=True)
            loop.close()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> concurrent.futures.Future[T]:
        """Run a coroutine on the engine's loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop)

    def call_soon(self, function: Callable[..., object], *arguments: object) -> None:
        """Run a plain function on the engine's loop soon."""
        self.loop.call_soon_threadsafe(function, *arguments)

    def stop(self, timeout_s: float = 5.0) -> None:
        """Stop the loop and wait for the thread."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self.loop.stop)
            self._thread.join(timeout_s)
