"""The connection of one meeting: taken up again when it is lost, with nothing done twice or left out."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from service_api.meeting import AnyEvent, Command, Done, Hello, Resync, Snapshot, Welcome
from service_api.states import ClientKind, MeetingRefusal
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.ports.meetings import MeetingSocket, MeetingSockets
from softphone.runtime.tasks import Tasks
from softphone.services.ids import new_id
from softphone.services.meeting_ways import Way

if TYPE_CHECKING:
    from softphone.ports.meetings import Bearer, ServiceAccess

log = logging.getLogger(__name__)

WELCOME_S = 5.0
ANSWERED_S = 20.0
"""How long a person waits for a command while the connection comes and goes."""

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 1.5
"""Between tries to come back: one try more than this after the service's return everybody is in again."""

PATIENT_PAUSE_S = 20.0

TRIED_AGAIN = {
    MeetingRefusal.SERVER_ERROR: LONGEST_PAUSE_S,
    MeetingRefusal.ENGINE_DOWN: LONGEST_PAUSE_S,
    MeetingRefusal.TOO_MANY_TRIES: PATIENT_PAUSE_S,
    MeetingRefusal.TOO_EARLY: PATIENT_PAUSE_S,
}
"""A service that says one of these may say another thing after this many seconds."""


class MeetingLine:
    """Events come to `on_event` in order, the first of each connection being `welcome`.

    `on_away` is told when the connection is lost and tried anew, `on_end` once and with why when nobody
    tries any more. `resume` is the newest resume token.
    """

    def __init__(
        self,
        sockets: MeetingSockets,
        way: Way,
        appointment_id: str,
        tasks: Tasks,
        *,
        resume: str,
        on_event: Callable[[AnyEvent], None],
        on_away: Callable[[], None],
        on_end: Callable[[str], None],
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._sockets = sockets
        self._way = way
        self._appointment_id = appointment_id
        self._tasks = tasks
        self.resume = resume
        self._on_event = on_event
        self._on_away = on_away
        self._on_end = on_end
        self._chance = chance
        self._socket: MeetingSocket | None = None
        self._connection = 0
        self._number = 0
        self._resyncing = False
        self._refusal = ""
        self._up = asyncio.Event()
        self._hurried = asyncio.Event()
        self._opening = asyncio.Lock()
        self._coming_back: asyncio.Task[None] | None = None

    @property
    def up(self) -> bool:
        """Whether the service hears us now."""
        return self._up.is_set() and self._socket is not None

    async def open(self) -> None:
        """Connect, where that is not so already. Raises MeetingRefused or ServiceUnreachable."""
        async with self._opening:
            if not self.up:
                await self._connect()

    def keep_trying(self) -> None:
        """Connect as soon as it goes, in the background; at once where that goes on already."""
        self._hurried.set()
        if not self.up and (self._coming_back is None or self._coming_back.done()):
            self._coming_back = self._tasks.spawn(self._come_back(), "meeting connection")

    async def command(self, command: Command, *, patience_s: float | None = ANSWERED_S) -> Done:
        """The command's answer, over as many connections as it takes: the service knows it by its id.

        Raises MeetingRefused, or ServiceUnreachable where nobody answered in time.
        """
        try:
            async with asyncio.timeout(patience_s):
                while True:
                    await self._up.wait()
                    socket = self._socket
                    if socket is None:
                        raise ServiceUnreachable("the meeting's connection is closed")
                    try:
                        return await socket.send(command)
                    except ServiceUnreachable:
                        await self._drop(socket)
        except TimeoutError:
            raise ServiceUnreachable("the meeting's service is away") from None

    async def signal(self, command: Command) -> Done:
        """The answer on this very connection, as media needs it: with the next one it begins anew.

        Raises MeetingRefused or ServiceUnreachable.
        """
        socket = self._socket
        if socket is None or not self.up:
            raise ServiceUnreachable("the meeting's service is away")
        return await socket.send(command)

    async def renew(self) -> None:
        """Begin anew in place of the connection there is. Raises MeetingRefused or ServiceUnreachable."""
        await self.close()
        await self.open()

    async def close(self) -> None:
        """Hang up, and try no more."""
        trying, self._coming_back = self._coming_back, None
        if trying is not None and trying is not asyncio.current_task():
            trying.cancel()
        async with self._opening:
            await self._hang_up()
            self._wait_no_more()

    def _wait_no_more(self) -> None:
        """Whoever waits for the next connection hears that there will be none."""
        self._up.set()

    async def _hang_up(self) -> None:
        self._connection += 1
        self._up.clear()
        socket, self._socket = self._socket, None
        if socket is not None:
            await socket.close()

    async def _connect(self) -> None:
        access, bearer = await self._way.open()
        try:
            await self._hello(access, bearer)
        except MeetingRefused as refused:
            if refused.code != MeetingRefusal.NOT_SIGNED_IN or not self._way.spoiled(bearer):
                raise
            await self._hello(*await self._way.open())

    async def _hello(self, access: ServiceAccess, bearer: Bearer) -> None:
        await self._hang_up()
        connection = self._connection
        hello = Hello(id=new_id(), client=ClientKind.PROGRAM, resume_token=self.resume or None)
        self._number, self._resyncing, self._refusal = 0, False, ""
        self._socket = await self._sockets.connect(
            access,
            self._appointment_id,
            bearer,
            lambda event: self._heard(connection, event),
            lambda reason: self._lost(connection, reason),
        )
        try:
            await self._socket.send(hello)
            async with asyncio.timeout(WELCOME_S):
                await self._up.wait()
        except TimeoutError:
            await self._hang_up()
            raise ServiceUnreachable("the meeting's service says no welcome") from None
        except MeetingRefused:
            await self._hang_up()
            raise
        except ServiceUnreachable:
            await self._hang_up()
            if self._refusal:
                raise MeetingRefused(self._refusal) from None
            raise

    def _heard(self, connection: int, event: AnyEvent) -> None:
        if connection != self._connection or not self._next(event):
            return
        if isinstance(event, Welcome):
            self.resume = event.resume_token
            self._up.set()
        self._on_event(event)

    def _next(self, event: AnyEvent) -> bool:
        """Whether this is news. Where a number was missed the whole picture is asked for."""
        number = getattr(event, "seq", 0)
        if isinstance(event, Welcome | Snapshot):
            self._resyncing = False
        if isinstance(event, Welcome):
            self._number = number
            return True
        if number <= self._number:
            return False
        missed, self._number = number > self._number + 1, number
        if missed and not self._resyncing and not isinstance(event, Snapshot):
            self._resyncing = True
            self._tasks.spawn(self._resync(), "meeting resync")
        return True

    async def _resync(self) -> None:
        try:
            await self.signal(Resync(id=new_id()))
        except (MeetingRefused, ServiceUnreachable) as error:
            log.info("the picture of the meeting is asked for in vain: %s", error.code)
            self._resyncing = False

    def _lost(self, connection: int, reason: str) -> None:
        if connection != self._connection:
            return
        opened = self.up
        self._connection += 1
        self._up.clear()
        self._socket = None
        if not opened:
            self._refusal = reason
            return
        if reason == MeetingRefusal.NOT_SIGNED_IN or not reason:
            self._on_away()
            self.keep_trying()
        else:
            self._wait_no_more()
            self._on_end(reason)

    async def _drop(self, socket: MeetingSocket) -> None:
        """A connection that does not answer is none."""
        if self._socket is socket:
            connection = self._connection
            self._lost(connection, "")
            await socket.close()

    async def _come_back(self) -> None:
        pause = 0.0
        while True:
            self._hurried.clear()
            pause = min(max(FIRST_PAUSE_S, 2 * pause), LONGEST_PAUSE_S)
            asked_for = 0.0
            try:
                await self.open()
                return
            except ServiceUnreachable as error:
                log.info("the meeting's service is away: %s", error.code)
            except MeetingRefused as refused:
                if refused.code not in TRIED_AGAIN:
                    self._wait_no_more()
                    self._on_end(refused.code)
                    return
                asked_for = TRIED_AGAIN[MeetingRefusal(refused.code)]
            await self._pause(max(pause, asked_for) * (0.8 + 0.4 * self._chance()))

    async def _pause(self, seconds: float) -> None:
        """Shorter where somebody is in a hurry."""
        try:
            async with asyncio.timeout(seconds):
                await self._hurried.wait()
        except TimeoutError:
            return
