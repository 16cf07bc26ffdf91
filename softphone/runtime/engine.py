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
        self.loop = asyncio.SelectorEventLoop(selectors.DefaultSelector())
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        try:
            self.loop.run_forever()
        finally:
            self.loop.run_until_complete(self.loop.shutdown_asyncgens())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()

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
