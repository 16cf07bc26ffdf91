"""One meeting, from its test page to goodbye: what is told becomes state, what is wanted becomes commands.

Loads pydantic with the wire types, so it is loaded with the first meeting.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError

from service_api import meeting as wire
from service_api.meeting import AnyEvent, Command, Done
from service_api.states import OVER, PRESENT, MeetingRefusal, SessionState
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.events import MeetingChanged, Notice
from softphone.domain.meeting import Equipment, Meeting, Trouble
from softphone.ports import Clock
from softphone.ports.meetings import TAKEN_OVER, MeetingMedia, MeetingSockets
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.ids import new_id
from softphone.services.meeting_chat import Outbox
from softphone.services.meeting_figures import measured
from softphone.services.meeting_flow import MediaFlow
from softphone.services.meeting_line import MeetingLine
from softphone.services.meeting_news import news
from softphone.services.meeting_own import OwnMedia
from softphone.services.meeting_state import changed_person, over, reduce
from softphone.services.meeting_ways import Way

log = logging.getLogger(__name__)

C = TypeVar("C", bound=Command)

GOODBYE_S = 2.0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a meeting stands on. `on_resume` is given each new resume token, "" when the last is of no use."""

    sockets: MeetingSockets
    media: MeetingMedia
    bus: Bus
    clock: Clock
    on_resume: Callable[[str], None]


class MeetingRoom:
    """Every coroutine that asks the service raises MeetingRefused or ServiceUnreachable."""

    def __init__(
        self, first: Meeting, way: Way, around: Surroundings, *, resume: str = "", held: bool = False
    ) -> None:
        self._around = around
        self.media = around.media
        self._tasks = Tasks()
        self._state = first
        self._away = False
        self._welcomed = False
        self._begun = False
        self._told: Meeting | None = None
        self._closed = False
        self._line = MeetingLine(
            around.sockets,
            way,
            first.appointment.id,
            self._tasks,
            resume=resume,
            on_event=self._heard,
            on_away=self._line_away,
            on_end=self._line_ended,
        )
        self._flow = MediaFlow(
            self.media,
            self._line.signal,
            lambda: self._state.you.session,
            self._tasks,
            on_flow=self._flows,
            on_spoiled=self._ticket_spoiled,
        )
        self._own = OwnMedia(
            self.media,
            self._line.signal,
            self._tasks,
            self.tell,
            camera_on=first.camera_on,
            microphone_on=first.microphone_on,
            held=held,
        )
        self._outbox = Outbox(self._line, self._tasks, on_changed=self.tell, on_refused=self._chat_refused)

    # --- its life -----------------------------------------------------------------------------------------

    @property
    def meeting(self) -> Meeting:
        """As it stands, with what is measured and typed here."""
        known, own = self._state, self._own
        if own.flowing:
            you = replace(known.you, camera=own.camera, microphone=own.microphone)
            known = measured(replace(known, you=you), self.media)
        return replace(
            known,
            chat=(*known.chat, *self._outbox.pending(known.you.session, known.you.name)),
            camera_on=own.camera_on,
            microphone_on=own.microphone_on,
            held=own.held,
            trouble=self._trouble(),
        )

    @property
    def state(self) -> SessionState:
        """One's own."""
        return self._state.you.state

    @property
    def held(self) -> bool:
        """Whether a phone call has the microphone."""
        return self._own.held

    async def start(self) -> None:
        """Have the media ready; nothing flows yet."""
        await self.media.start(self._line.signal, self._own.changed, self._own.has_trouble)
        self.tell()

    async def connect(self) -> None:
        """Connect for the first time. Where the service is away this goes on in the background."""
        try:
            await self._line.open()
        except ServiceUnreachable as error:
            log.info("the meeting's service is away: %s", error.code)
            self._line_away()
            self._line.keep_trying()

    async def join(self, *, camera: bool, microphone: bool, equipment: Equipment) -> None:
        """Knock; harmless where one is in the lobby or in the meeting already, but for the choices."""
        await self._own.want(camera=camera, microphone=microphone)
        if self.state in OVER:
            self._line.resume = ""
            await self._line.renew()
        else:
            await self._line.open()
        if self.state in (SessionState.INVITED, SessionState.PREJOIN):
            found = wire.Equipment(
                camera=equipment.camera, microphone=equipment.microphone, speaker=equipment.speaker
            )
            await self._line.command(
                wire.Knock(id=new_id(), equipment=found, camera=camera, microphone=microphone)
            )

    async def reconnect(self) -> None:
        """Come back now, also where another window took this place over; nothing where all is there."""
        if self._away or self._state.trouble is Trouble.TAKEN_OVER:
            self._state = replace(self._state, trouble=Trouble.NONE)
            self._line.keep_trying()
        elif self._trouble() is Trouble.MEDIA_AWAY:
            await self._renew()

    async def leave(self) -> None:
        """Say goodbye where somebody hears it, and let everything go."""
        if self._line.up and self.state not in OVER:
            try:
                await self._line.command(wire.Leave(id=new_id()), patience_s=GOODBYE_S)
            except (MeetingRefused, ServiceUnreachable) as error:
                log.info("the meeting's service did not take the goodbye: %s", error.code)
        if self.state not in OVER:
            self._state = over(self._state, "")
            self.tell()
        await self.close()

    async def close(self) -> None:
        """Let everything go; harmless twice."""
        if self._closed:
            return
        self._closed = True
        if self.state in OVER:
            self._around.on_resume("")
        self._outbox.close()
        self._flow.stop()
        await self._line.close()
        await self._flow.settled()
        await self._tasks.close()

    # --- what a person does -------------------------------------------------------------------------------

    async def command(self, kind: type[C], **members: object) -> Done:
        """Send a command of this kind and return its answer."""
        return await self._line.command(_made(kind, **members))

    async def want(self, *, camera: bool | None = None, microphone: bool | None = None) -> None:
        """Picture or sound on or off, None as it is."""
        await self._own.want(camera=camera, microphone=microphone)

    async def hold(self, held: bool) -> None:
        """A phone call has the microphone, or has it no more."""
        await self._own.hold(held)

    async def say(self, text: str) -> None:
        """To everybody in the meeting."""
        await self._outbox.write(_made(wire.Say, text=text), self._now())

    async def lobby_say(self, text: str, session: str) -> None:
        """Between host and lobby."""
        command = _made(wire.LobbySay, text=text, session=session or None)
        await self._outbox.write(command, self._now())

    async def new_code(self, session: str) -> str:
        """A confirmation code for this person, shown to the host alone."""
        done = await self.command(wire.NewCode, session=session)
        until = self._now() + timedelta(seconds=done.expires_in)
        self._state = changed_person(
            self._state,
            session,
            code=done.code,
            code_until=until,
            tries_left=CODE_TRIES,
            code_confirmed=False,
        )
        self.tell()
        return done.code

    # --- what is told -------------------------------------------------------------------------------------

    def tell(self) -> None:
        """Publish the meeting where it is another one than before."""
        meeting = self.meeting
        if meeting != self._told and not self._closed:
            self._told = meeting
            self._around.bus.publish(MeetingChanged(meeting))

    def _heard(self, event: AnyEvent) -> None:
        before = self._state
        self._state = reduce(before, event)
        match event:
            case wire.Welcome():
                self._is_welcome(event)
            case wire.Snapshot():
                self._flow.told(event.picture.feeds)
            case wire.Ticket():
                self._flow.ticket(event.ticket)
            case wire.FeedAdded():
                self._flow.added(event.feed)
            case wire.FeedRemoved():
                self._flow.removed(event.feed)
            case wire.MediaLost():
                self._flow.lost()
            case wire.ChatAdded() if event.line.session == self._state.you.session:
                self._outbox.came(event.line.text)
        self._stage_changed(before.you.state)
        self.tell()
        for told in news(before, self._state, event):
            self._around.bus.publish(told)

    def _is_welcome(self, event: wire.Welcome) -> None:
        self._away = False
        self._state = replace(self._state, trouble=Trouble.NONE)  # one is here again, whoever had the place
        you = event.picture.you
        if not self._welcomed and you.state in PRESENT:
            self._own.camera_on, self._own.microphone_on = you.camera, you.microphone
        self._welcomed = True
        self._around.on_resume(event.resume_token)
        self._outbox.resume()
        self._flow.told(event.picture.feeds)

    def _stage_changed(self, before: SessionState) -> None:
        """Whoever is no longer inside sends and receives nothing, whatever the service says of feeds."""
        if before in PRESENT and self.state not in PRESENT:
            self._flow.stop()

    def _line_away(self) -> None:
        self._away = True
        self._flow.lost()
        self.tell()

    def _line_ended(self, reason: str) -> None:
        """Nobody comes back: used elsewhere, over, or not allowed any more."""
        self._flow.stop()
        if reason == TAKEN_OVER:
            self._state = replace(self._state, trouble=Trouble.TAKEN_OVER)
        elif self.state not in OVER:
            self._state = over(self._state, "")
            if reason != MeetingRefusal.MEETING_OVER:
                self._around.bus.publish(Notice("meeting-refused", {"code": reason}))
        self._away = False
        self.tell()

    # --- media --------------------------------------------------------------------------------------------

    def _flows(self, flowing: bool) -> None:
        if flowing:
            self._begun = True
            self._own.begin()
        else:
            self._own.end()
        self.tell()

    def _ticket_spoiled(self) -> None:
        self._tasks.spawn(self._renew(), "meeting ticket")

    async def _renew(self) -> None:
        """Another connection brings another ticket."""
        self._flow.lost()
        try:
            await self._line.renew()
        except (MeetingRefused, ServiceUnreachable) as error:
            log.info("no new ticket: %s", error.code)
            self._line_away()
            self._line.keep_trying()

    def _trouble(self) -> Trouble:
        """The one trouble to speak of."""
        if self._state.trouble or self.state in OVER:
            return self._state.trouble
        if self._away:
            return Trouble.SERVICE_AWAY
        if self.state in PRESENT and self._begun and not self._own.flowing:
            return Trouble.MEDIA_AWAY
        return self._own.trouble

    def _chat_refused(self, code: str) -> None:
        self._around.bus.publish(Notice("chat-refused", {"code": code}))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._around.clock.time(), UTC)


CODE_TRIES = 5
"""Of a new confirmation code; later the service tells."""


def _made(kind: type[C], **members: object) -> C:
    """A command with an id of its own. Raises MeetingRefused for what no command of this kind can hold."""
    try:
        return kind(id=new_id(), **members)
    except ValidationError:
        raise MeetingRefused(MeetingRefusal.BAD_REQUEST) from None
