"""The event bus: frozen events from the engine thread to whoever subscribed."""

from __future__ import annotations

import logging
from collections.abc import Callable

from softphone.domain.events import Event

log = logging.getLogger(__name__)


class Bus:
    """Delivers every event to every subscriber, in order, on the thread that publishes (the engine's).

    A subscriber that raises is logged and never keeps the others from hearing.
    """

    def __init__(self) -> None:
        self._subscribers: list[Callable[[Event], None]] = []

    def subscribe(self, callback: Callable[[Event], None]) -> Callable[[], None]:
        """Hear all events from now on; the returned function ends it."""
        self._subscribers.append(callback)

        def cancel() -> None:
            if callback in self._subscribers:
                self._subscribers.remove(callback)

        return cancel

    def publish(self, event: Event) -> None:
        """Tell everybody."""
        for callback in tuple(self._subscribers):
            try:
                callback(event)
            except Exception:
                log.exception("a subscriber failed on %s", type(event).__name__)
