"""The sound server's list, asked for once and kept true by the server's own notices.

Asking for everything takes 15 to 40 ms, which a call would hear. What is known stays known until a notice
says otherwise; a device that was pulled is struck out without asking; for new defaults only those are asked.
Volumes are told as names and ports are: what such notices mean is looked at a moment later, once for many.
"""

from __future__ import annotations

import threading
from dataclasses import replace

from devices.notices import Notice, Notices
from devices.pactl import Change, Endpoint, Pactl, Subscription

Endpoints = tuple[Endpoint, ...]

DETAIL_S = 1.0


class ServerList:
    """Endpoints of one server. Asked from one thread, told from another."""

    def __init__(self, server: Pactl, detail_s: float = DETAIL_S) -> None:
        self._server = server
        self._detail_s = detail_s
        self._later: threading.Timer | None = None
        self._notices = Notices()
        self._subscription: Subscription | None = None
        self._lock = threading.Lock()
        self._known: Endpoints | None = None
        """None when everything has to be asked for again."""
        self._defaults_known = False
        self._told = 0

    def endpoints(self) -> Endpoints | None:
        """What the server has now, None where none answers."""
        with self._lock:
            told, known = self._told, self._known if self._following else None
            if known is not None and self._defaults_known:
                return known
        found = self._server.endpoints() if known is None else self._with_defaults(known)
        with self._lock:
            if self._told == told:
                self._known, self._defaults_known = found, True
        return found

    @property
    def address(self) -> str:
        """Where the server is, "" where none answers."""
        if not self._server.address:
            self.endpoints()
        return self._server.address

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from a thread at every notice; the returned function ends it."""
        stop = self._notices.add(changed)
        if self._subscription is None:
            self._subscription = self._server.subscribe(self._hear)
        return stop

    def close(self) -> None:
        """Follow the server no more."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.stop()
        with self._lock:
            later, self._later = self._later, None
        if later is not None:
            later.cancel()
            later.join()

    @property
    def _following(self) -> bool:
        return self._subscription is not None and self._subscription.connected

    def _with_defaults(self, known: Endpoints) -> Endpoints | None:
        defaults = self._server.defaults()
        if defaults is None:
            return None
        return tuple(replace(one, is_default=one.name == defaults[one.is_input]) for one in known)

    def _hear(self, change: Change) -> None:
        if change.detail:
            self._look_later()
            return
        with self._lock:
            self._told += 1
            if change.defaults:
                self._defaults_known = False
            elif change.gone >= 0 and self._known is not None:
                self._known = tuple(one for one in self._known if not _is(one, change))
            else:
                self._known = None
        self._notices.tell()

    def _look_later(self) -> None:
        with self._lock:
            if self._later is None and self._subscription is not None:
                self._later = threading.Timer(self._detail_s, self._look_now)
                self._later.daemon = True
                self._later.start()

    def _look_now(self) -> None:
        with self._lock:
            self._later = None
        if self._subscription is not None:
            self._hear(Change())


def _is(endpoint: Endpoint, change: Change) -> bool:
    return (endpoint.number, endpoint.is_input) == (change.gone, change.is_input)
