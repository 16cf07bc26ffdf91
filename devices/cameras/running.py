"""The thread of an open camera."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Protocol

from devices.cameras.types import CameraFailure, OnLost, OnPicture, Picture

log = logging.getLogger(__name__)

CLOSE_S = 5.0
"""How long a device may take to stop before it is left to itself."""


class Source(Protocol):
    """Where pictures come from; used by one thread."""

    @property
    def fps(self) -> float:
        """What it says it gives."""
        ...

    def next(self, wait: Callable[[float], bool]) -> Picture | None:
        """The next picture; `wait(seconds)` is True when it is over. None: nothing this time.

        Raises CameraFailure where the camera is gone.
        """
        ...

    def close(self) -> None:
        """Let it go."""
        ...


class RunningCamera:
    """Hands a source's pictures on until it is closed or lost. Implements types.OpenCamera."""

    def __init__(self, source: Source, on_picture: OnPicture, on_lost: OnLost) -> None:
        self._source = source
        self._on_picture = on_picture
        self._on_lost = on_lost
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    @property
    def fps(self) -> float:
        """See types.OpenCamera."""
        return self._source.fps

    def close(self) -> None:
        """See types.OpenCamera."""
        self._over.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(CLOSE_S)
            if self._thread.is_alive():
                log.warning("a camera did not stop within %.0f s", CLOSE_S)

    def _run(self) -> None:
        try:
            while not self._over.is_set():
                picture = self._source.next(self._over.wait)
                if picture is not None and not self._over.is_set():
                    self._on_picture(picture)
        except CameraFailure as failure:
            if not self._over.is_set():
                self._on_lost(failure)
        except Exception:
            log.exception("the camera's thread failed")
            self._on_lost(CameraFailure("the camera's thread failed"))
        finally:
            self._source.close()
