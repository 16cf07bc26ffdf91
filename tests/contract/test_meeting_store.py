"""What every store of meetings must do: the one in memory and the one on disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from service.adapters.sqlite.database import Database
from service.adapters.sqlite.meeting_store import SqliteMeetingStore
from service.adapters.sqlite.migrate import migrate
from service.adapters.sqlite.store import SqliteStore
from service.domain.account import Account
from service.domain.chat import Line
from service.domain.confirmation import Binding, issue
from service.domain.errors import ServiceError
from service.domain.session import Session
from service.usecases.meeting_ports import Change, MeetingStore, Record
from service_api.meeting import Equipment
from service_api.states import AccountRole, Assurance, ClientKind, DeviceCheck, Seat, SessionState
from tests.doubles.meeting_hall import APPOINTMENT, HOST, an_appointment
from tests.doubles.meeting_store import MemoryMeetingStore

SESSION = Session(
    id="s1",
    appointment=APPOINTMENT,
    key="place:1",
    participant="p1",
    name="Åke “A” Ek",
    seat=Seat.PARTICIPANT,
    assurance=Assurance.PHONE,
    made_at=1.5,
    state=SessionState.WAITING,
    client=ClientKind.PROGRAM,
    other_device=True,
    code_confirmed=True,
    camera=True,
    microphone=True,
    equipment=Equipment(camera=DeviceCheck.BLACK),
    reason="later",
    waiting_since=2.5,
    away_since=3.5,
    resume_hash=b"\x01" * 32,
    former_resume_hash=b"\x02" * 32,
)
LINE = Line(
    id="l1",
    number=1,
    appointment=APPOINTMENT,
    session="s1",
    name="Åke",
    text="Hei\n’ “x” 😀",
    at=4.5,
    command="c1",
    lobby=True,
    to="s1",
    audience=frozenset({"s1", "s2"}),
)
CODE = issue(b"k" * 32, Binding(APPOINTMENT, "p1", "s1"), "012345", 100.0)


@dataclass
class Disk:
    """A database with one appointment in it."""

    database: Database

    async def fill(self) -> None:
        """The rows meetings hang on."""
        async with SqliteStore(self.database).write() as tables:
            account = Account(HOST.user_id, HOST.number, HOST.name, AccountRole.PROFESSIONAL, "hash", 0.0)
            await tables.accounts.add(account)
            for name in (APPOINTMENT, "other"):
                await tables.appointments.add(
                    replace(an_appointment(), appointment_id=name, draft_id=name, participants=())
                )


@pytest.fixture(params=["memory", "sqlite"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[MeetingStore]:
    if request.param == "memory":
        yield MemoryMeetingStore()
        return
    migrate(tmp_path / "service.sqlite")
    database = Database(tmp_path / "service.sqlite")
    await Disk(database).fill()
    yield SqliteMeetingStore(database)
    await database.close()


async def test_nothing_is_kept_of_a_meeting_nobody_came_to(store: MeetingStore) -> None:
    kept = await store.load(APPOINTMENT, lines=10)
    assert (kept.record, kept.sessions, kept.lines, kept.line_count) == (Record(APPOINTMENT), (), (), 0)
    assert await store.unfinished() == ()


async def test_everything_comes_back_as_it_was(store: MeetingStore) -> None:
    record = Record(APPOINTMENT, started_at=1.0, ended_at=2.0)
    await store.save(Change(sessions=(SESSION,)))
    await store.save(Change(line=LINE, confirmation=CODE, record=record))
    kept = await store.load(APPOINTMENT, lines=10)
    assert (kept.record, kept.sessions, kept.lines, kept.confirmations, kept.line_count) == (
        record,
        (SESSION,),
        (LINE,),
        (CODE,),
        1,
    )
    assert (await store.load("other", lines=10)).sessions == ()


async def test_the_newest_takes_the_place_of_the_former(store: MeetingStore) -> None:
    left = replace(SESSION, state=SessionState.LEFT, waiting_since=None)
    await store.save(Change(sessions=(SESSION,), confirmation=CODE, record=Record(APPOINTMENT, 1.0)))
    assert await store.unfinished() == (APPOINTMENT,)
    await store.save(
        Change(
            sessions=(left,), confirmation=replace(CODE, tries_left=2), record=Record(APPOINTMENT, 1.0, 2.0)
        )
    )
    kept = await store.load(APPOINTMENT, lines=10)
    assert kept.sessions == (left,)
    assert kept.confirmations[0].tries_left == 2
    assert kept.record.ended_at == 2.0
    assert await store.unfinished() == ()


async def test_the_newest_lines_in_their_order(store: MeetingStore) -> None:
    await store.save(Change(sessions=(SESSION,)))
    for number in range(1, 6):
        line = replace(LINE, id=f"l{number}", number=number, command=f"c{number}")
        await store.save(Change(line=line))
    kept = await store.load(APPOINTMENT, lines=3)
    assert [one.number for one in kept.lines] == [3, 4, 5]
    assert kept.line_count == 5


async def test_a_number_is_given_to_one_line(store: MeetingStore) -> None:
    await store.save(Change(sessions=(SESSION,), line=LINE))
    with pytest.raises(ServiceError):
        await store.save(Change(line=replace(LINE, id="l2", command="c2")))
    assert (await store.load(APPOINTMENT, lines=3)).lines == (LINE,)


async def test_a_line_is_known_by_its_command(store: MeetingStore) -> None:
    await store.save(Change(sessions=(SESSION,)))
    assert not await store.said("s1", "c1")
    await store.save(Change(line=LINE))
    assert await store.said("s1", "c1")
    assert not await store.said("s2", "c1")
