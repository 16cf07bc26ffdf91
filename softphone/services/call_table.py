"""The calls there are, and the only place that changes one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from softphone.domain.call import Call, CallState, EndReason, require_move
from softphone.domain.errors import UnknownCall
from softphone.domain.events import CallChanged
from softphone.ports import Clock
from softphone.runtime.bus import Bus

TALKING = (CallState.ACTIVE,)
SETTING_UP = (CallState.DIALLING, CallState.EARLY)


class CallTable:
    """Live calls by id, oldest first. Every change is published; listeners hear it before the bus does."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._calls: dict[str, Call] = {}
        self._listeners: list[Callable[[Call], None]] = []

    def listen(self, callback: Callable[[Call], None]) -> None:
        """Hear every change of a call, its end included."""
        self._listeners.append(callback)

    def live(self) -> tuple[Call, ...]:
        """All calls that have not ended."""
        return tuple(self._calls.values())

    def find(self, call_id: str) -> Call | None:
        """The call, or None."""
        return self._calls.get(call_id)

    def get(self, call_id: str) -> Call:
        """The call. Raises UnknownCall."""
        if call_id not in self._calls:
            raise UnknownCall(f"no call {call_id}")
        return self._calls[call_id]

    def pick(self, call_id: str | None, *states: CallState, prefer_held: bool = False) -> Call:
        """The named call, or the one that must be meant: alone in a fitting state, else the one not held.

        Raises UnknownCall when there is none, or more than one could be meant.
        """
        if call_id is not None:
            call = self.get(call_id)
            if call.state not in states:
                raise UnknownCall(f"call {call_id} is {call.state}")
            return call
        fitting = [call for call in self._calls.values() if call.state in states]
        meant = [call for call in fitting if call.held == prefer_held] if len(fitting) > 1 else fitting
        if len(meant) != 1:
            raise UnknownCall("no such call" if not fitting else "which call is meant is not clear")
        return meant[0]

    def in_state(self, *states: CallState) -> tuple[Call, ...]:
        """All calls in one of the states."""
        return tuple(call for call in self._calls.values() if call.state in states)

    def add(self, call: Call) -> Call:
        """A new call."""
        self._calls[call.id] = call
        self._tell(call)
        return call

    def turn_away(self, call: Call) -> None:
        """A new call that meets a busy line: it is told as ended, and at no time shown as one that rings."""
        now = self._clock.monotonic()
        self._tell(replace(call, state=CallState.ENDED, reason=EndReason.BUSY, ended_at=now))

    def change(self, call_id: str, **fields: Any) -> Call:
        """Change what is shown of a call; nothing is told when it is so already."""
        before = self.get(call_id)
        call = replace(before, **fields)
        if call != before:
            self._calls[call_id] = call
            self._tell(call)
        return call

    def move(self, call_id: str, state: CallState, **fields: Any) -> Call:
        """Move a call to another state. Raises IllegalTransition when the table has no such move."""
        require_move(self.get(call_id).state, state)
        if state is CallState.ACTIVE:
            fields.setdefault("answered_at", self._clock.monotonic())
        if state is CallState.ENDED:
            fields.setdefault("ended_at", self._clock.monotonic())
            call = replace(self._calls.pop(call_id), state=state, **fields)
            self._tell(call)
            return call
        return self.change(call_id, state=state, **fields)

    def _tell(self, call: Call) -> None:
        for callback in self._listeners:
            callback(call)
        self._bus.publish(CallChanged(call))
