"""A program whose event loop notes how long every callback took, run by `benchmarks.engine_loop`.

    python -m benchmarks.loop_probe FOLDER ARGUMENT…    the product, with these arguments
    python -m benchmarks.loop_probe FOLDER              a bare loop with nothing but a timer of 10 ms

SIGUSR1 ends a window of time: what was noted in it is written to FOLDER/1.json, 2.json and so on.
"""

from __future__ import annotations

import asyncio
import functools
import gc
import json
import signal
import sys
import threading
import time
from asyncio import events
from pathlib import Path
from types import FrameType
from typing import Any

NAMED_NS = 500_000
"""CPU time from which on a callback's name is worth its price."""

TIMER_S = 0.010


def name_of(callback: Any) -> str:
    """What a handle runs: a task by its name and coroutine, a transport's method with its protocol."""
    while isinstance(callback, functools.partial):
        callback = callback.func
    owner = getattr(callback, "__self__", None)
    if isinstance(owner, asyncio.Task):
        coroutine = getattr(owner.get_coro(), "__qualname__", "?")
        return coroutine if owner.get_name().startswith("Task-") else f"{coroutine} [{owner.get_name()}]"
    name = getattr(callback, "__qualname__", repr(callback))
    protocol = getattr(owner, "_protocol", None)
    return name if protocol is None else f"{name} [{type(protocol).__name__}]"


class Probe:
    """Notes of every callback: CPU and wall time in ns, and for timers how late they came."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._window = 0
        self._clear()
        gc.callbacks.append(self._collecting)
        self._collection = 0

    def _clear(self) -> None:
        self._cpu: list[int] = []
        self._wall: list[int] = []
        self._late: list[float] = []
        self._named: list[tuple[str, int]] = []
        self._collections: list[int] = []

    def install(self) -> None:
        """Watch every handle that any loop of this process runs."""
        run = events.Handle._run
        cpu, wall = time.thread_time_ns, time.perf_counter_ns

        def watched(handle: Any) -> None:
            if isinstance(handle, events.TimerHandle):
                self._late.append(time.monotonic() - handle.when())
            callback = handle._callback
            wall_before, before = wall(), cpu()
            run(handle)
            took = cpu() - before
            self._wall.append(wall() - wall_before)
            self._cpu.append(took)
            if took > NAMED_NS:
                self._named.append((name_of(callback), took))

        events.Handle._run = watched  # type: ignore[method-assign, assignment]
        signal.signal(signal.SIGUSR1, self._end_window)

    def _collecting(self, phase: str, details: dict[str, int]) -> None:
        if phase == "start":
            self._collection = time.thread_time_ns()
        else:
            self._collections.append(time.thread_time_ns() - self._collection)

    def _end_window(self, number: int, frame: FrameType | None) -> None:
        noted = {
            "cpu": self._cpu,
            "wall": self._wall,
            "late": self._late,
            "named": self._named,
            "collections": self._collections,
        }
        self._clear()
        self._window += 1
        part = self._folder / f"{self._window}.part"
        part.write_text(json.dumps(noted))
        part.rename(part.with_suffix(".json"))


def bare() -> None:
    """A loop that does nothing but wake up every 10 ms, on a thread as the engine is."""
    loop = asyncio.SelectorEventLoop()

    def again(due: float) -> None:
        loop.call_at(due + TIMER_S, again, due + TIMER_S)

    loop.call_soon(again, loop.time())
    threading.Thread(target=loop.run_forever, daemon=True).start()
    asked = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: asked.set())
    while not asked.wait(0.5):
        pass


def main(argv: list[str]) -> int:
    """Run the product, or nothing, under the probe."""
    Probe(Path(argv[0])).install()
    if len(argv) == 1:
        bare()
        return 0
    from main import main as product

    return product(argv[1:])


if __name__ == "__main__":
    from softphone.runtime.leaving import leave

    leave(main(sys.argv[1:]))
