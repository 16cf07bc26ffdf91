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


class Watch:
    """A thread that looks out for `notices`, from the first listener on until it is closed.

    `look_out` runs on it and returns soon after `over` is set, `period_s` seconds later at most.
    """

    def __init__(self, name: str, notices: Notices, look_out: Callable[[], None], period_s: float) -> None:
        self.over = threading.Event()
        self._name, self._notices, self._look_out, self._period_s = name, notices, look_out, period_s
        self._thread: threading.Thread | None = None

    def add(self, listener: Notice) -> Notice:
        """Tell `listener` on the thread from now on; the returned function ends it."""
        remove = self._notices.add(listener)
        if self._thread is None:
            self._thread = threading.Thread(target=self._look_out, name=self._name, daemon=True)
            self._thread.start()
        return remove

    def close(self) -> None:
        """Stop the thread."""
        self.over.set()
        if self._thread is not None:
            self._thread.join(self._period_s + 1)
