"""Who wants to know that devices came or went."""

from __future__ import annotations

import threading
from collections.abc import Callable

Notice = Callable[[], None]


class Notices:
    """Listeners that may be told from any thread."""

    def __init__(self) -> None:
        self._listeners: list[Notice] = []
        self._lock = threading.Lock()

    def add(self, listener: Notice) -> Notice:
        """Tell `listener` from now on; the returned function ends it."""
        with self._lock:
            self._listeners.append(listener)

        def remove() -> None:
            with self._lock:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return remove

    def tell(self) -> None:
        """Tell everybody, on the caller's thread."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener()
