"""Meetings kept in memory, with the disk's faults on demand."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from service.domain.chat import Line
from service.domain.confirmation import Confirmation
from service.domain.errors import ServiceError
from service.domain.session import Session
from service.usecases.meeting_ports import Change, Kept, Record


@dataclass
class MemoryMeetingStore:
    """Implements meeting_ports.MeetingStore. `broken`: every write fails. `held`: what is written next is
    on the disk at once, and the write is over when it is set: a commit, cancelled or not."""

    sessions: dict[str, Session] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    confirmations: dict[str, Confirmation] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    broken: bool = False
    held: asyncio.Event | None = None

    async def load(self, appointment: str, *, lines: int) -> Kept:
        """See MeetingStore."""
        said = [line for line in self.lines if line.appointment == appointment]
        return Kept(
            record=self.records.get(appointment, Record(appointment)),
            sessions=tuple(one for one in self.sessions.values() if one.appointment == appointment),
            lines=tuple(said[-lines:]),
            confirmations=tuple(
                one for one in self.confirmations.values() if one.binding.appointment == appointment
            ),
            line_count=len(said),
        )

    async def save(self, change: Change) -> None:
        """See MeetingStore."""
        if self.broken:
            raise ServiceError("disk full")
        self._keep(change)
        gate, self.held = self.held, None
        if gate is not None:
            await gate.wait()

    def _keep(self, change: Change) -> None:
        if change.line is not None:
            self._add(change.line)
        self.sessions.update({one.id: one for one in change.sessions})
        if change.confirmation is not None:
            self.confirmations[change.confirmation.binding.session] = change.confirmation
        if change.record is not None:
            self.records[change.record.appointment] = change.record

    def _add(self, line: Line) -> None:
        if any((one.appointment, one.number) == (line.appointment, line.number) for one in self.lines):
            raise ServiceError("not unique")
        self.lines.append(line)

    async def said(self, session: str, command: str) -> bool:
        """See MeetingStore."""
        return any((line.session, line.command) == (session, command) for line in self.lines)

    async def unfinished(self) -> tuple[str, ...]:
        """See MeetingStore."""
        return tuple(sorted({one.appointment for one in self.sessions.values() if not one.over}))
