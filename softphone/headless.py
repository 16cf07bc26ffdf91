"""The program without windows: runs until it is told to stop."""

from __future__ import annotations

import logging
import signal
import threading
from types import FrameType

from softphone.assemble import GOODBYE_S, Application
from softphone.runtime.collector import spare_what_stays

log = logging.getLogger(__name__)

START_S = 60.0
GLANCE_S = 0.5
"""How often the main thread looks up: on Windows a wait without end would never see Ctrl+C."""


def run(application: Application) -> int:
    """Start, wait for SIGTERM, Ctrl+C or `ctl quit`, end cleanly; returns the exit code."""
    asked = threading.Event()
    application.on_quit = asked.set
    watch_signals(asked)
    application.engine.start()
    try:
        application.engine.submit(application.start()).result(START_S)
        spare_what_stays()
        while not asked.wait(GLANCE_S):
            pass
    finally:
        application.engine.submit(application.close()).result(3 * GOODBYE_S)
        application.engine.stop()
    log.info("ended")
    return 0


def watch_signals(asked: threading.Event) -> None:
    """Let SIGTERM, SIGINT and (on Windows) Ctrl+Break ask for the end; to be called on the main thread."""

    def ask(number: int, frame: FrameType | None) -> None:
        asked.set()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), ask)
