"""Implements meeting_ports.MeetingStore on one file."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Table, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from service.adapters.sqlite import meeting_rows as rows
from service.adapters.sqlite.database import Database
from service.adapters.sqlite.meeting_tables import confirmations, meeting_lines, meeting_sessions, meetings
from service.domain.chat import Line
from service.usecases.meeting_ports import Change, Kept, Record
from service_api.states import OVER


class SqliteMeetingStore:
    """Meetings in a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load(self, appointment: str, *, lines: int) -> Kept:
        """See MeetingStore."""
        async with self._database.read() as connection:
            record = (
                await connection.execute(select(meetings).where(meetings.c.appointment_id == appointment))
            ).one_or_none()
            sessions = await connection.execute(
                select(meeting_sessions)
                .where(meeting_sessions.c.appointment_id == appointment)
                .order_by(meeting_sessions.c.made_at, meeting_sessions.c.id)
            )
            codes = await connection.execute(
                select(confirmations).where(confirmations.c.appointment_id == appointment)
            )
            return Kept(
                record=rows.record(record) if record is not None else Record(appointment),
                sessions=tuple(map(rows.session, sessions)),
                lines=await _lines(connection, appointment, lines),
                confirmations=tuple(map(rows.confirmation, codes)),
                line_count=await _last_number(connection, appointment),
            )

    async def save(self, change: Change) -> None:
        """See MeetingStore."""
        async with self._database.write() as connection:
            for session in change.sessions:
                place = meeting_sessions.c.id == session.id
                await _put(connection, meeting_sessions, place, rows.session_values(session))
            if change.line is not None:
                await connection.execute(insert(meeting_lines).values(**rows.line_values(change.line)))
            if change.confirmation is not None:
                place = confirmations.c.session_id == change.confirmation.binding.session
                values = rows.confirmation_values(change.confirmation)
                await _put(connection, confirmations, place, values)
            if change.record is not None:
                place = meetings.c.appointment_id == change.record.appointment
                await _put(connection, meetings, place, rows.record_values(change.record))

    async def said(self, session: str, command: str) -> bool:
        """See MeetingStore."""
        query = select(meeting_lines.c.id).where(
            meeting_lines.c.session_id == session, meeting_lines.c.command == command
        )
        async with self._database.read() as connection:
            return (await connection.execute(query)).first() is not None

    async def unfinished(self) -> tuple[str, ...]:
        """See MeetingStore."""
        over = [state.value for state in OVER]
        query = (
            select(meeting_sessions.c.appointment_id).where(meeting_sessions.c.state.not_in(over)).distinct()
        )
        async with self._database.read() as connection:
            return tuple((await connection.execute(query)).scalars())


async def _put(
    connection: AsyncConnection, table: Table, place: ColumnElement[bool], values: Mapping[str, object]
) -> None:
    """One writer at a time: what isn't there to be changed is new."""
    changed = await connection.execute(update(table).where(place).values(**values))
    if changed.rowcount == 0:
        await connection.execute(insert(table).values(**values))


async def _lines(connection: AsyncConnection, appointment: str, most: int) -> tuple[Line, ...]:
    query = (
        select(meeting_lines)
        .where(meeting_lines.c.appointment_id == appointment)
        .order_by(meeting_lines.c.number.desc())
        .limit(most)
    )
    newest = (await connection.execute(query)).all()
    return tuple(map(rows.line, reversed(newest)))


async def _last_number(connection: AsyncConnection, appointment: str) -> int:
    query = select(func.max(meeting_lines.c.number)).where(meeting_lines.c.appointment_id == appointment)
    return (await connection.execute(query)).scalar_one() or 0
