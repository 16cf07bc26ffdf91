"""The very end of the process."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from concurrent.futures import thread as pool
from contextlib import suppress
from typing import NoReturn, TextIO

GRACE_S = 1.0
"""How long threads that still do something may go on; all that matters was waited for before."""


def leave(code: int) -> NoReturn:
    """Exit, and wait for no thread that hangs in the system, as a name lookup without network does."""
    until = time.monotonic() + GRACE_S
    others = _awaited()
    for thread in others:
        thread.join(max(0.0, until - time.monotonic()))
    stuck = any(thread.is_alive() for thread in others)
    if stuck:
        logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            _written_or_dropped(stream)
    if stuck:
        os._exit(code)
    sys.exit(code)


def _awaited() -> list[threading.Thread]:
    """Whom Python's own end waits for: threads that are no daemons, and those of executors whatever they are
    (one that a daemon started is a daemon too)."""
    here, of_executors = threading.current_thread(), getattr(pool, "_threads_queues", {})
    return [
        thread
        for thread in threading.enumerate()
        if thread is not here and (not thread.daemon or thread in of_executors)
    ]


def _written_or_dropped(stream: TextIO) -> None:
    """What a full disk or closed pipe does not take is dropped: Python would try again and exit with 120."""
    try:
        stream.flush()
    except OSError:
        with suppress(OSError):
            stream.close()
