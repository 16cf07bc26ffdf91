"""What stands beneath meetings, played by a test: a service with one meeting, its sockets, the media."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from service_api import meeting as wire
from service_api.appointments import Appointment as WireAppointment
from service_api.states import ClientKind, DeviceCheck, SessionState
from softphone.domain.errors import MeetingRefused, SoftphoneError
from softphone.domain.meeting import Assurance, Seat, Track
from softphone.domain.picture import PictureSlot
from softphone.ports.meetings import Bearer, Camera, MeetingSocket, ServiceAccess
from softphone.runtime.frames import FrameSlot
from tests.doubles.meetings import START


def a_wire_person(session: str = "me", **changes: Any) -> wire.Person:
    """Oneself, or somebody: a customer on the test page."""
    made: dict[str, Any] = {
        "session": session,
        "participant": f"p-{session}",
        "name": f"Name of {session}",
        "seat": Seat.PARTICIPANT,
        "state": SessionState.PREJOIN,
        "assurance": Assurance.LINK,
        "client": ClientKind.PROGRAM,
    }
    return wire.Person(**{**made, **changes})


def a_wire_appointment(**changes: Any) -> WireAppointment:
    """The appointment the meeting is of."""
    made: dict[str, Any] = {
        "id": "appointment1",
        "title": "Loan advice",
        "start": START,
        "end": START + timedelta(hours=1),
        "opens_at": START - timedelta(minutes=15),
        "closes_at": START + timedelta(hours=3),
        "time_zone": "Europe/Helsinki",
        "host_name": "Erja Expert",
        "expert_number": "+358401234567",
        "seat": Seat.PARTICIPANT,
    }
    return WireAppointment(**{**made, **changes})


def a_picture(you: wire.Person | None = None, **changes: Any) -> wire.Picture:
    """All there is to know: oneself on the test page."""
    made: dict[str, Any] = {
        "appointment": a_wire_appointment(),
        "server": "meet.example.com",
        "you": you or a_wire_person(),
    }
    return wire.Picture(**{**made, **changes})


def a_chat_line(number: int = 1, **changes: Any) -> wire.ChatLine:
    """Something somebody else wrote, one a second."""
    made: dict[str, Any] = {
        "id": f"chat{number}",
        "session": "other",
        "name": "Other",
        "text": f"text {number}",
        "at": START + timedelta(seconds=number),
    }
    return wire.ChatLine(**{**made, **changes})


class FakeMeetingServer:
    """Implements ports.meetings.MeetingSockets for one meeting: says welcome with `picture`, and done to all.

    `commands` is what came, without what was sent twice; `refusals` by type are said once instead. While
    `down` nobody gets through, while `deaf` nobody is answered. `connects` counts who came through.
    """

    def __init__(self, picture: wire.Picture | None = None) -> None:
        self.picture = picture or a_picture()
        self.commands: list[wire.AnyCommand] = []
        self.repeated: list[str] = []
        self.bearers: list[str] = []
        self.refusals: dict[str, MeetingRefused] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.connect_refusals: list[SoftphoneError] = []
        self.down = False
        self.deaf = False
        self.connects = 0
        self.socket: FakeSocket | None = None
        self.on_command: Callable[[wire.AnyCommand], None] = lambda command: None

    def of(self, kind: type[Any]) -> list[Any]:
        """The commands of a kind that came."""
        return [command for command in self.commands if isinstance(command, kind)]

    def tell(self, event: Any, *, skip: int = 0) -> None:
        """Send an event, `skip` numbers after the last."""
        assert self.socket is not None, "nobody is connected"
        self.socket.tell(event, skip=skip)

    def lose(self, reason: str = "") -> None:
        """The connection breaks."""
        assert self.socket is not None, "nobody is connected"
        self.socket.lose(reason)

    async def connect(
        self,
        access: ServiceAccess,
        appointment_id: str,
        bearer: Bearer,
        on_event: Callable[[Any], None],
        on_lost: Callable[[str], None],
    ) -> MeetingSocket:
        """See ports.meetings.MeetingSockets."""
        from softphone.domain.errors import ServiceUnreachable

        self.bearers.append(bearer.token)
        await asyncio.sleep(0)
        if self.down:
            raise ServiceUnreachable(access.url)
        if self.connect_refusals:
            raise self.connect_refusals.pop(0)
        self.connects += 1
        self.socket = FakeSocket(self, on_event, on_lost)
        return self.socket


class FakeSocket:
    """Implements ports.meetings.MeetingSocket."""

    def __init__(
        self,
        server: FakeMeetingServer,
        on_event: Callable[[Any], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self._server = server
        self._on_event = on_event
        self._on_lost = on_lost
        self._seq = 0
        self._lost = asyncio.get_running_loop().create_future()
        self.closed = False

    def tell(self, event: Any, *, skip: int = 0) -> None:
        """One event with the next number."""
        self._seq += 1 + skip
        self._on_event(event.model_copy(update={"seq": self._seq}))

    def repeat(self, event: Any) -> None:
        """The same number again."""
        self._on_event(event.model_copy(update={"seq": self._seq}))

    def lose(self, reason: str = "") -> None:
        """It breaks."""
        if not self._lost.done():
            self._lost.set_result(None)
            self._on_lost(reason)

    async def send(self, command: wire.Command) -> wire.Done:
        """See ports.meetings.MeetingSocket."""
        from softphone.domain.errors import ServiceUnreachable

        server = self._server
        await asyncio.sleep(0)
        if self._lost.done() or self.closed:
            raise ServiceUnreachable("broken")
        kind = command.type  # type: ignore[attr-defined]
        if kind == "hello":
            self._hello(command)
        elif any(known.id == command.id for known in server.commands):
            server.repeated.append(command.id)
        else:
            server.commands.append(command)  # type: ignore[arg-type]
        if server.deaf:
            await self._lost
            raise ServiceUnreachable("broken")
        if kind in server.refusals:
            raise server.refusals.pop(kind)
        server.on_command(command)  # type: ignore[arg-type]
        return wire.Done(id=command.id, **server.answers.get(kind, {}))

    async def close(self) -> None:
        """See ports.meetings.MeetingSocket."""
        self.closed = True

    def _hello(self, command: Any) -> None:
        self._server.commands.append(command)
        resume = f"resume{self._server.connects}".ljust(43, "x")
        self.tell(wire.Welcome(resume_token=resume, picture=self._server.picture))


class FakeMedia:
    """Implements ports.meetings.MeetingMedia; `done` is what it was asked, in order."""

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []
        self.broken_camera = False
        self.camera_on = False
        self.heard: frozenset[str] = frozenset()
        self.flowing: dict[str, tuple[Track, ...]] = {}
        self.slots: dict[str, FrameSlot] = {}
        self.signal: Callable[[wire.Command], object] = lambda command: None
        self.on_changed: Callable[[], None] = lambda: None
        self.on_trouble: Callable[[str], None] = lambda trouble: None

    async def start(
        self,
        signal: Callable[[wire.Command], object],
        on_changed: Callable[[], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        """See ports.meetings.MeetingMedia."""
        self.signal, self.on_changed, self.on_trouble = signal, on_changed, on_trouble
        self.done.append(("start",))

    async def join(self) -> None:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("join",))

    async def leave(self) -> None:
        """See ports.meetings.MeetingMedia."""
        self.camera_on = False
        self.done.append(("leave",))

    async def feed_added(self, feed: str, session: str, *, audio: bool, video: bool) -> None:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("feed_added", feed, session))

    async def feed_removed(self, feed: str) -> None:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("feed_removed", feed))

    async def camera(self, on: bool) -> bool:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("camera", on))
        self.camera_on = on and not self.broken_camera
        return self.camera_on

    async def microphone(self, on: bool) -> None:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("microphone", on))

    async def hold(self, on: bool) -> None:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("hold", on))

    def look(self, session: str, height: int) -> None:
        """See ports.meetings.MeetingMedia."""
        self.done.append(("look", session, height))

    def picture(self, session: str) -> PictureSlot:
        """See ports.meetings.MeetingMedia."""
        return self.slots.setdefault(session, FrameSlot())

    def tracks(self, session: str) -> tuple[Track, ...]:
        """See ports.meetings.MeetingMedia."""
        return self.flowing.get(session, ())

    def speaking(self) -> frozenset[str]:
        """See ports.meetings.MeetingMedia."""
        return self.heard


class FakeCameras:
    """Implements ports.meetings.Cameras; `found` are plugged in, `outcome` is how opening one goes."""

    def __init__(self, *found: Camera) -> None:
        self.found = found
        self.outcome = DeviceCheck.OK
        self.previewing = False
        self._slot = FrameSlot()
        self._callbacks: list[Callable[[Sequence[Camera]], None]] = []

    def plug(self, *found: Camera) -> None:
        """These are there now."""
        self.found = found
        for callback in self._callbacks:
            callback(found)

    def listen(self, callback: Callable[[Sequence[Camera]], None]) -> None:
        """See ports.meetings.Cameras."""
        self._callbacks.append(callback)

    def cameras(self) -> tuple[Camera, ...]:
        """See ports.meetings.Cameras."""
        return self.found

    def used(self) -> Camera | None:
        """See ports.meetings.Cameras."""
        return next(iter(self.found), None)

    async def preview(self, on: bool) -> DeviceCheck:
        """See ports.meetings.Cameras."""
        self.previewing = on and bool(self.found)
        return self.check()

    def check(self) -> DeviceCheck:
        """See ports.meetings.Cameras."""
        if not self.found:
            return DeviceCheck.MISSING
        return self.outcome if self.previewing else DeviceCheck.OFF

    def self_picture(self) -> PictureSlot:
        """See ports.meetings.Cameras."""
        return self._slot
