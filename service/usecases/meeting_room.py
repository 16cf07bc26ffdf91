"""One meeting while somebody is in it: its scene, its connections, and the order in which things happen.

States change under `lock`, and are kept before anybody is told. Whoever is no longer inside loses the media
before the store is even asked.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from service.domain.allowance import Allowance
from service.domain.booking import Booking
from service.domain.chat import LINES_BURST, LINES_RATE
from service.domain.confirmation import Confirmation
from service.domain.errors import EngineError
from service.domain.scene import RECENT_LINES, Pictures, Scene, changes
from service.domain.session import Session
from service.usecases.answers import Answers
from service.usecases.engine import MediaEngine
from service.usecases.meeting_ports import Change, Kept, MeetingStore, Outlet, Record
from service.usecases.ports import Chance, Clock
from service_api.meeting import Close, Done, Feed, MeetingEvent, Picture, Refused, Ticket, Welcome

TICKET_S = 60
_log = logging.getLogger(__name__)


Proof = Callable[[], Awaitable[bool]]
"""Whether what a client showed when it connected is still good."""


@dataclass(slots=True)
class Access:
    """One connection's right to media: a ticket, and whether it was used. Of `redeemed` ones alone the
    engine hears; `failed`: the engine could not take it. `expires_at` is monotonic."""

    ticket_hash: bytes = field(repr=False)
    expires_at: float
    used: bool = False
    redeemed: bool = False
    failed: bool = False

    @property
    def pending(self) -> bool:
        """Whether it is being redeemed."""
        return self.used and not self.redeemed and not self.failed

    def fits(self, ticket: str, now: float) -> bool:
        """Whether this ticket may be redeemed now."""
        same = hmac.compare_digest(digest(ticket), self.ticket_hash)
        return same and not self.used and now < self.expires_at


@dataclass(slots=True, eq=False)
class Connection:
    """One client's WebSocket, after its `hello`. `picture` is what it was told last."""

    room: Room
    session: str
    outlet: Outlet
    proof: Proof
    welcome: str = field(repr=False)
    seq: int = 0
    picture: Picture | None = None
    access: Access | None = None
    media_answers: Answers = field(default_factory=Answers)

    def tell(self, event: MeetingEvent) -> None:
        """Send an event with the next number."""
        self.seq += 1
        self.outlet.tell(event.model_copy(update={"seq": self.seq}))

    def answer(self, answer: Done | Refused) -> None:
        """Send a command's answer."""
        self.outlet.tell(answer)

    @property
    def current(self) -> bool:
        """Whether it is still this one that its session uses."""
        return self.room.connections.get(self.session) is self


def digest(secret: str) -> bytes:
    """What is kept of a secret of 128 random bits or more."""
    return hashlib.sha256(secret.encode()).digest()


class Memory:
    """What a room remembers of a session without keeping it."""

    def __init__(self) -> None:
        self.answers = Answers()
        self.media_lock = asyncio.Lock()
        self.cut: asyncio.Task[None] | None = None


class Allowances:
    """What one person may do in a time, with all their devices: each new one would have its own otherwise."""

    def __init__(self) -> None:
        self.chat = Allowance(LINES_RATE, LINES_BURST)
        self.knocks = Allowance(1 / 15, 5)
        self.opens = Allowance(1 / 2, 20)


class Room:
    """See the module."""

    def __init__(
        self, booking: Booking, kept: Kept, server: str, store: MeetingStore, engine: MediaEngine,
        clock: Clock, chance: Chance,
    ) -> None:  # fmt: skip
        self.lock = asyncio.Lock()
        self.record: Record = kept.record
        self.scene = Scene(
            booking=booking,
            server=server,
            sessions=kept.sessions,
            chat=kept.lines[-RECENT_LINES:],
            started_at=kept.record.started_at,
        )
        self.line_count = kept.line_count
        self.confirmations: dict[str, Confirmation] = {c.binding.session: c for c in kept.confirmations}
        self.connections: dict[str, Connection] = {}
        self.memory: dict[str, Memory] = defaultdict(Memory)
        self.allowances: dict[str, Allowances] = defaultdict(Allowances)
        self.members: set[str] = set()
        self._store = store
        self._engine = engine
        self._clock = clock
        self._chance = chance

    @property
    def id(self) -> str:
        """The appointment's; the engine's room has the same."""
        return self.scene.booking.id

    @property
    def idle(self) -> bool:
        """Whether nobody is here or may still come back by themselves."""
        return not self.connections and all(one.over or one.away_since is None for one in self.scene.sessions)

    def rebook(self, booking: Booking) -> None:
        """The appointment as it is now; `settle` tells where it changed."""
        self.scene = replace(self.scene, booking=booking)

    def session(self, connection: Connection) -> Session:
        """Who is at the other end."""
        found = self.scene.session(connection.session)
        if found is None:
            raise AssertionError("a connection without a session")
        return found

    async def commit(self, change: Change) -> None:
        """Keep a change, then tell everybody what it means to them. Under `lock`. Raises ServiceError."""
        await self.keep(change)
        self.settle()

    async def keep(self, change: Change) -> None:
        """Keep a change without telling. Media of those who go out is cut first, whatever the store says.

        Cancelling can't call a write back: it is waited for, so that the scene has what the disk has.
        """
        self._cut_outside(change)
        saving = asyncio.create_task(self._save(change))
        try:
            await asyncio.wait((saving,))
        except asyncio.CancelledError:
            await asyncio.wait((saving,))
            if (error := saving.exception()) is not None:
                _log.error("room %s: a change could not be kept: %s", self.id, error)
            raise
        saving.result()

    async def _save(self, change: Change) -> None:
        await self._store.save(change)
        self.scene = self.scene.with_sessions(change.sessions)
        if change.line is not None:
            self.scene = self.scene.with_line(change.line)
            self.line_count += 1
        if change.confirmation is not None:
            self.confirmations[change.confirmation.binding.session] = change.confirmation
        if change.record is not None:
            self.record = change.record
            self.scene = replace(self.scene, started_at=change.record.started_at)
        self._cut_outside(change)

    def _cut_outside(self, change: Change) -> None:
        """Before the store is asked, and after it: until then they were inside, and whatever was told
        meanwhile gave them a new ticket."""
        for session in change.sessions:
            if not session.inside:
                self.cut(session.id)

    def settle(self) -> None:
        """Tell each connection what changed for it; who is inside and has no ticket is given one."""
        pictures = Pictures(self.scene)
        for connection in tuple(self.connections.values()):
            session = self.session(connection)
            now = pictures.of(session)
            before, connection.picture = connection.picture, now
            if before is None:
                connection.tell(Welcome(resume_token=connection.welcome, picture=now))
            else:
                for event in changes(before, now):
                    connection.tell(event)
            if session.inside and connection.access is None:
                self.give_ticket(connection)

    def tell_hosts(self, event: MeetingEvent) -> None:
        """Tell every host that is connected."""
        for connection in self.connections.values():
            if self.session(connection).host:
                connection.tell(event)

    def give_ticket(self, connection: Connection) -> None:
        """A new ticket; the former one is worth nothing from now on."""
        ticket = self._chance.secret()
        connection.access = Access(digest(ticket), self._clock.monotonic() + TICKET_S)
        connection.tell(Ticket(ticket=ticket, expires_in=TICKET_S))

    def put_feed(self, feed: Feed) -> None:
        """Somebody sends."""
        self.scene = self.scene.with_feed(feed)
        self.settle()

    def drop_feed(self, feed: str) -> None:
        """A feed is over."""
        self.scene = self.scene.without_feeds(feed=feed)
        self.settle()

    def cut(self, session_id: str) -> None:
        """End a session's media now. The engine is told at once; `cuts_done` waits for it."""
        connection = self.connections.get(session_id)
        if connection is not None:
            connection.access = None
        self.scene = self.scene.without_feeds(of=session_id)
        if session_id in self.members:
            self.members.discard(session_id)
            self.memory[session_id].cut = asyncio.create_task(self.remove_member(session_id))

    def knows_of(self, session_id: str) -> bool:
        """Whether the engine may have this session: it has a right to media, or is losing it just now."""
        cut = self.memory[session_id].cut if session_id in self.memory else None
        return session_id in self.members or (cut is not None and not cut.done())

    async def remove_member(self, session_id: str) -> None:
        """Take the engine's right to media from a session. An engine that is down has none to take."""
        try:
            await self._engine.remove(self.id, session_id)
        except EngineError:
            _log.warning("room %s: engine could not remove %s", self.id, session_id)

    async def cut_done(self, session_id: str) -> None:
        """Wait until a cut that is under way is done."""
        memory = self.memory[session_id]
        cut = memory.cut
        if cut is not None:
            await asyncio.wait((cut,))
            if memory.cut is cut:
                memory.cut = None

    async def cuts_done(self) -> None:
        """Wait until every cut that is under way is done."""
        for session_id in [one for one, memory in self.memory.items() if memory.cut is not None]:
            await self.cut_done(session_id)

    def detach(self, connection: Connection, close: Close) -> bool:
        """End a connection, with its media. False where another one has taken its place."""
        connection.outlet.end(close)
        if self.connections.get(connection.session) is not connection:
            return False
        self.cut(connection.session)
        del self.connections[connection.session]
        return True
