"""The one border between the engine thread and the Qt thread: views out, commands in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from softphone.runtime.engine import Engine

log = logging.getLogger(__name__)
T = TypeVar("T")


class Bridge(QObject):
    """Views come as queued signals, in order; commands run on the engine and are awaited without blocking.

    `emit_view` may be called from any thread. Everything else is for the Qt thread.
    """

    _crossed = Signal(object)

    def __init__(self, engine: Engine, show: Callable[[object], None]) -> None:
        super().__init__()
        self._engine = engine
        self._show = show
        self._running: set[asyncio.Task[None]] = set()
        self._closed = False
        self._crossed.connect(self._arrived, Qt.ConnectionType.QueuedConnection)

    def emit_view(self, view: object) -> None:
        """Called on the engine thread with every new view."""
        self._crossed.emit(view)

    def _arrived(self, view: object) -> None:
        if not self._closed:
            self._show(view)

    async def ask(self, command: Coroutine[Any, Any, T]) -> T:
        """Run a command on the engine and wait for its outcome."""
        return await asyncio.wrap_future(self._engine.submit(command))

    def do(self, command: Coroutine[Any, Any, T], then: Callable[[T], object] | None = None) -> None:
        """Start a command; `then` gets its outcome on the Qt thread. A failure is logged, never lost.

        While the program ends, windows that go away ask for things nobody will do any more.
        """
        if self._closed:
            command.close()
            return
        task = asyncio.get_running_loop().create_task(self._run(command, then))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _run(self, command: Coroutine[Any, Any, T], then: Callable[[T], object] | None) -> None:
        try:
            outcome = await self.ask(command)
        except Exception:
            log.exception("a command from the windows failed")
            return
        if then is not None and not self._closed:
            then(outcome)

    async def settle(self) -> None:
        """Take no more commands and wait for those that still run, because the program ends."""
        self._closed = True
        await asyncio.gather(*self._running, return_exceptions=True)
