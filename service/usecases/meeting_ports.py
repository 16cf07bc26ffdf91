"""What meetings need from outside, beside `ports` and `engine`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from service.domain.chat import Line
from service.domain.confirmation import Confirmation
from service.domain.session import Session
from service_api.meeting import Close, Done, MeetingEvent, Refused


@dataclass(frozen=True, slots=True)
class Record:
    """A meeting's own lines in the store. `ended_at`: a host ended it for everybody."""

    appointment: str
    started_at: float | None = None
    ended_at: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is kept in one piece or not at all."""

    sessions: tuple[Session, ...] = ()
    line: Line | None = None
    confirmation: Confirmation | None = None
    record: Record | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A meeting as the store has it; `lines` are the newest ones, oldest first, of `line_count`."""

    record: Record
    sessions: tuple[Session, ...] = ()
    lines: tuple[Line, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    line_count: int = 0


class MeetingStore(Protocol):
    """Keeps meetings. Each raises ServiceError where it can't."""

    async def load(self, appointment: str, *, lines: int) -> Kept:
        """What is kept of one meeting: nothing but its record where there is nothing yet."""
        ...

    async def save(self, change: Change) -> None:
        """On the disk when it returns: who was told something finds it so after a power cut."""
        ...

    async def said(self, session: str, command: str) -> bool:
        """Whether a line of chat was kept under this command of this session."""
        ...

    async def unfinished(self) -> tuple[str, ...]:
        """Appointments in whose meetings somebody still has a place."""
        ...


class Outlet(Protocol):
    """The way to one client. Neither method waits; a client too slow to keep up is cut by its adapter."""

    def tell(self, message: MeetingEvent | Done | Refused) -> None:
        """Send it after everything told before."""
        ...

    def end(self, close: Close) -> None:
        """Close after everything told before; what is told later is lost."""
        ...
