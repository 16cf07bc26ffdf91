"""What is a finding beside an exception: an ERROR in the log, a fault in a loop, a second of work."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any

from tests.doubles.virtual_time import VirtualLoop

LARGEST = 64 * 1024
"""Bytes of an input; nothing larger is tried."""

MOST_S = 1.0
"""Seconds of this thread's own work that one input may cost, whatever else runs beside."""


class Finding(Exception):
    """The code under test did something it must not."""


class _Faults(logging.Handler):
    """Keeps what is logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep it, traceback included."""
        self.texts.append(self.format(record))


def judged(run: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """`run` with everything looked at that is wrong without being raised. It raises Finding for that."""

    def watched(data: bytes) -> None:
        faults = _Faults()
        logging.getLogger().addHandler(faults)
        began = time.thread_time()
        try:
            run(data)
        finally:
            logging.getLogger().removeHandler(faults)
        spent = time.thread_time() - began
        if faults.texts:
            raise Finding(faults.texts[0])
        if spent > MOST_S:
            raise Finding(f"{len(data)} bytes took {spent:.1f} s")

    return watched


def on_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in pretended time; what a task or a callback raised is a Finding."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        faults: list[dict[str, Any]] = []
        runner.get_loop().set_exception_handler(lambda _, fault: faults.append(fault))
        runner.run(work)
    if faults:
        raise Finding(str(faults[0].get("message"))) from faults[0].get("exception")


def require(holds: bool, what: str) -> None:
    """Raises Finding where something does not hold that must."""
    if not holds:
        raise Finding(what)
