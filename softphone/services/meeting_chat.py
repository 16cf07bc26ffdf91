"""What this person writes in a meeting: sent in order, once each, and kept while the service is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from service_api.meeting import LobbySay, Say
from service_api.states import MeetingRefusal
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import ChatLine
from softphone.runtime.tasks import Tasks
from softphone.services.ids import new_id
from softphone.services.meeting_line import MeetingLine

log = logging.getLogger(__name__)

SENT_S = 3.0
"""How long somebody who wrote is kept waiting; what takes longer goes out by itself."""


TRIES = 3
TOO_FAST_S = 1.2
"""A service that lines come to too fast takes one a second again; one whose chat is full never does."""


@dataclass(slots=True, eq=False)
class _Written:
    """`id` is the line's while it waits."""

    id: str
    command: Say | LobbySay
    at: datetime
    sent: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Outbox:
    """`on_changed` is told when what waits is another; `on_refused` the code of a line that was refused when
    its writer did not wait for it any more."""

    def __init__(
        self,
        line: MeetingLine,
        tasks: Tasks,
        *,
        on_changed: Callable[[], None],
        on_refused: Callable[[str], None],
    ) -> None:
        self._line = line
        self._tasks = tasks
        self._on_changed = on_changed
        self._on_refused = on_refused
        self._waiting: list[_Written] = []
        self._sending: asyncio.Task[None] | None = None

    async def write(self, command: Say | LobbySay, at: datetime) -> None:
        """Send it, or keep it until that goes. Raises MeetingRefused where the service says no at once."""
        written = _Written(command.id, command, at)
        written.sent.add_done_callback(lambda sent: sent.cancelled() or sent.exception())
        self._waiting.append(written)
        self._on_changed()
        self.resume()
        if self._line.up:
            await asyncio.wait({written.sent}, timeout=SENT_S)
        if written.sent.done():
            await written.sent
        else:
            written.sent.add_done_callback(self._told_later)

    def resume(self) -> None:
        """The service hears us: what waits goes out."""
        if self._waiting and (self._sending is None or self._sending.done()):
            self._sending = self._tasks.spawn(self._send(), "meeting chat")

    def pending(self, session: str, name: str) -> tuple[ChatLine, ...]:
        """What waits, as lines of chat."""
        return tuple(
            ChatLine(
                id=written.id,
                session=session,
                name=name,
                text=written.command.text,
                at=written.at,
                mine=True,
                lobby=isinstance(written.command, LobbySay),
                to=getattr(written.command, "session", None) or "",
                pending=True,
            )
            for written in self._waiting
        )

    def came(self, text: str) -> None:
        """One's own line has come back from the service, maybe before its answer: it waits no more."""
        first = next((one for one in self._waiting if one.command.text == text), None)
        if first is not None and first is self._waiting[0]:
            self._waiting.remove(first)

    def close(self) -> None:
        """The meeting is over: what waits was written in vain."""
        if self._sending is not None:
            self._sending.cancel()
        self._waiting.clear()

    async def _send(self) -> None:
        while self._waiting:
            written = self._waiting[0]
            try:
                await self._say(written)
            except MeetingRefused as refused:
                self._settle(written, refused)
            except ServiceUnreachable:
                return
            else:
                self._settle(written, None)

    async def _say(self, written: _Written) -> None:
        """Lines of an outage go out together, faster than a service may take them: those are said again.

        Each time as another command, for the service keeps its answer by the command's id.
        """
        for _ in range(TRIES - 1):
            try:
                await self._line.command(written.command, patience_s=None)
                return
            except MeetingRefused as refused:
                if refused.code != MeetingRefusal.TOO_MANY_TRIES:
                    raise
            await asyncio.sleep(TOO_FAST_S)
            written.command = written.command.model_copy(update={"id": new_id()})
        await self._line.command(written.command, patience_s=None)

    def _settle(self, written: _Written, refused: MeetingRefused | None) -> None:
        if written in self._waiting:
            self._waiting.remove(written)
            self._on_changed()
        if written.sent.done():
            return
        if refused is None:
            written.sent.set_result(None)
        else:
            written.sent.set_exception(refused)

    def _told_later(self, sent: asyncio.Future[None]) -> None:
        error = sent.exception() if not sent.cancelled() else None
        if isinstance(error, MeetingRefused):
            self._on_refused(error.code)
