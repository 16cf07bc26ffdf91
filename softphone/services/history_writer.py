"""One history entry for every call that has ended."""

from __future__ import annotations

import asyncio

from softphone.domain.call import Call, CallState, Direction, EndReason
from softphone.domain.history import HistoryEntry, Outcome
from softphone.ports import Clock
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable
from softphone.services.history import History
from softphone.services.ids import new_id

UNANSWERED = frozenset(
    {EndReason.CANCELLED, EndReason.HUNG_UP, EndReason.NO_ANSWER, EndReason.BUSY, EndReason.DECLINED}
)
"""Ends of an own call that are nobody's failure."""


class HistoryWriter:
    """Writes in the order in which calls end."""

    def __init__(self, table: CallTable, history: History, clock: Clock, tasks: Tasks) -> None:
        self._history = history
        self._clock = clock
        self._tasks = tasks
        self._lock = asyncio.Lock()
        table.listen(self._changed)

    async def finish(self) -> None:
        """Wait until everything that has ended is written."""
        await asyncio.sleep(0)
        async with self._lock:
            return

    def _changed(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self._tasks.spawn(self._write(self._entry(call)), "history")

    async def _write(self, entry: HistoryEntry) -> None:
        async with self._lock:
            await self._history.add(entry)

    def _entry(self, call: Call) -> HistoryEntry:
        now = self._clock.monotonic()
        outcome = outcome_of(call)
        return HistoryEntry(
            id=new_id(),
            direction=call.direction,
            uri=call.remote.uri,
            number=call.remote.number,
            name=call.remote.name,
            started_at=self._clock.time() - (now - call.created_at),
            duration_s=call.duration_ms(now) / 1000,
            outcome=outcome,
            mos=_score(call),
            seen=outcome is not Outcome.MISSED,
        )


def _score(call: Call) -> float | None:
    """How the whole call sounded."""
    if call.quality is None:
        return None
    return call.quality.mos if call.quality.average_mos is None else call.quality.average_mos


def outcome_of(call: Call) -> Outcome:
    """How an ended call is shown in the history."""
    if call.answered_at is not None:
        return Outcome.ANSWERED
    if call.direction is Direction.OUTGOING:
        return Outcome.NOT_ANSWERED if call.reason in UNANSWERED else Outcome.FAILED
    if call.reason in (EndReason.DECLINED, EndReason.HUNG_UP):
        return Outcome.DECLINED
    if call.reason is EndReason.ANSWERED_ELSEWHERE:
        return Outcome.NOT_ANSWERED
    return Outcome.MISSED
