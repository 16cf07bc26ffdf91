"""The meeting's own window: pictures, people, lobby, chat, and what the host may do."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.errors import MeetingRefused, SoftphoneError
from softphone.domain.events import ChatArrived, Event, Knocked, MeetingChanged, Notice
from softphone.domain.meeting import Meeting, Person, SessionState, Trouble
from softphone.domain.picture import PictureSlot
from softphone.ports import Clock
from softphone.presenters import meeting_words, moments
from softphone.presenters.meeting_desks import RoomDesk
from softphone.presenters.meeting_people import ChatRow, PeopleWords, PersonRow, TileView, WaitingRow
from softphone.presenters.page_views import Toggle, camera_toggle, microphone_toggle
from softphone.presenters.parts import Advice, Sign, SystemNotice, Tone
from softphone.presenters.presenter import Presenter
from softphone.runtime.frames import FrameSlot

INSIDE = frozenset({SessionState.ADMITTED, SessionState.CONNECTED, SessionState.RECONNECTING})
QUALITY = {
    1: ("signal-poor", "poor", Tone.BAD),
    2: ("signal-fair", "fair", Tone.WARN),
    3: ("signal-fair", "fair", Tone.QUIET),
    4: ("signal-good", "good", Tone.GOOD),
}


@dataclass(frozen=True, slots=True)
class RoomView:
    """`speaker` is the session on the stage ("" oneself); `unread` counts lines nobody has looked at."""

    id: str
    title: str
    timer: str
    lock: Sign
    quality: Sign | None
    state: Sign | None
    trouble: Advice | None
    advice: Advice | None
    camera: Toggle
    microphone: Toggle
    tiles: tuple[TileView, ...]
    speaker: str
    people: tuple[PersonRow, ...]
    waiting: tuple[WaitingRow, ...]
    waiting_text: str
    chat: tuple[ChatRow, ...]
    unread: int
    host: bool
    alone: str


class RoomPresenter(Presenter["RoomView | None"]):
    """None while the person is in no meeting. `tell` is for what the system should show as a notice."""

    def __init__(
        self,
        desk: RoomDesk,
        clock: Clock,
        words: Words,
        emit: Callable[[object], None],
    ) -> None:
        super().__init__(words, lambda view: emit(RoomShown(view)))
        self._desk, self._clock, self._tell = desk, clock, emit
        self._meeting: Meeting | None = desk.meeting()
        self._speaker = ""
        self._error: Callable[[], Advice] | None = None
        self._unread, self._chat_open = 0, False
        self._slots: dict[str, PictureSlot] = {}

    # --- the view ---------------------------------------------------------------------------------------

    def compose(self) -> RoomView | None:
        """The window as it stands."""
        meeting = self._meeting
        if meeting is None or meeting.you.state not in INSIDE:
            return None
        people = PeopleWords(self.words, meeting, self._clock.time())
        others = people.others()
        return RoomView(
            id=meeting.appointment.id,
            title=meeting.appointment.title,
            timer=self._timer(meeting),
            lock=meeting_words.lock(self.words, meeting.server),
            quality=self._quality(meeting),
            state=self._state(meeting),
            trouble=meeting_words.trouble(self.words, meeting.trouble),
            advice=self._error() if self._error is not None else None,
            camera=self._camera(meeting),
            microphone=microphone_toggle(self.words, on=meeting.microphone_on),
            tiles=tuple(people.tile(person, self._slot) for person in (*others, meeting.you)),
            speaker=self._on_stage(others),
            people=tuple(people.row(person) for person in self._everybody(meeting)),
            waiting=tuple(people.waiting(person) for person in meeting.waiting),
            waiting_text=self._waiting_text(meeting),
            chat=tuple(people.line(line) for line in meeting.chat if not line.lobby),
            unread=self._unread,
            host=meeting.host,
            alone=self._alone(meeting) if not others else "",
        )

    def _slot(self, session: str) -> PictureSlot:
        """Where a session's picture is; while one is leaving there is nobody any more to ask."""
        if session not in self._slots:
            try:
                self._slots[session] = self._desk.picture(session)
            except SoftphoneError:
                self._slots[session] = FrameSlot()
        return self._slots[session]

    def _timer(self, meeting: Meeting) -> str:
        if meeting.started_at is None:
            return ""
        return moments.timer(self._clock.time() - meeting.started_at.timestamp())

    def _quality(self, meeting: Meeting) -> Sign | None:
        if meeting.quality not in QUALITY:
            return None
        icon, word, tone = QUALITY[meeting.quality]
        return Sign(icon, self._(word), tone)

    def _state(self, meeting: Meeting) -> Sign | None:
        if meeting.held:
            text = self._("On hold: you are on a phone call. You and the meeting don't hear each other.")
            return Sign("pause", text, Tone.WARN)
        if meeting.you.state is SessionState.RECONNECTING:
            return Sign("connecting", self._("Connecting again …"), Tone.WARN)
        if meeting.you.state is SessionState.ADMITTED:
            return Sign("connecting", self._("Connecting picture and sound …"), Tone.QUIET)
        return None

    def _camera(self, meeting: Meeting) -> Toggle:
        flows = meeting.you.camera or meeting.you.state is not SessionState.CONNECTED
        failed = meeting.trouble is Trouble.CAMERA_FAILED
        return camera_toggle(self.words, on=meeting.camera_on, flows=flows, failed=failed)

    def _on_stage(self, others: tuple[Person, ...]) -> str:
        """Who speaks; the one before stays while nobody else does."""
        here = {person.session: person for person in others}
        kept = here.get(self._speaker)
        if kept is None or not kept.speaking:
            speaking = next((person.session for person in others if person.speaking), "")
            self._speaker = speaking or (self._speaker if kept is not None else next(iter(here), ""))
        return self._speaker

    def _everybody(self, meeting: Meeting) -> tuple[Person, ...]:
        """Oneself, the others, and for the host those who were sent away and may be let in after all."""
        you = meeting.you
        others = tuple(person for person in meeting.people if person.session != you.session)
        known = {person.session for person in others}
        return (you, *others, *(person for person in meeting.out if person.session not in known))

    def _waiting_text(self, meeting: Meeting) -> str:
        count = len(meeting.waiting)
        return self._("Waiting ({count})").format(count=count) if count else ""

    def _alone(self, meeting: Meeting) -> str:
        if meeting.waiting:
            return self._("Somebody waits in the lobby. Let them in.")
        return self._("You are alone here. The others will appear when they come.")

    # --- events -----------------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Follow the meeting; a knock and a word are told where the person is."""
        match event:
            case MeetingChanged(meeting):
                self._follow(meeting)
            case Notice("chat-refused", parameters):
                self._tell_failure(MeetingRefused(parameters.get("code", "")), "chat")
            case Knocked(person):
                text = self._("{name} waits in the lobby").format(name=person.name)
                self._tell(SystemNotice(text, self._title()))
            case ChatArrived(line):
                self._tell(SystemNotice(line.name, line.text))
                if not line.lobby and not self._chat_open:
                    self._unread += 1
            case _:
                return
        self.render()

    def _title(self) -> str:
        return self._meeting.appointment.title if self._meeting is not None else ""

    def _follow(self, meeting: Meeting | None) -> None:
        before, self._meeting = self._meeting, meeting
        if meeting is None or before is None or before.appointment.id != meeting.appointment.id:
            self._unread, self._chat_open, self._error, self._speaker = 0, False, None, ""
        if meeting is None or meeting.you.state not in INSIDE:
            self._slots.clear()  # coming in again brings pictures of its own

        name = meeting.other_device_of if meeting is not None else ""
        if name and (before is None or before.other_device_of != name):
            self._error = lambda: self._other_device(name)

    def _other_device(self, name: str) -> Advice:
        return Advice(
            "other-device",
            Tone.WARN,
            self._("The link of {name} was used on another device.").format(name=name),
            self._("Make sure who it is before you let them in."),
        )

    def _tell_failure(self, error: SoftphoneError, where: str = "") -> None:
        self._error = lambda: meeting_words.failure(self.words, error, where)

    def tick(self) -> None:
        """Called every second: timers run."""
        self.render()

    # --- intents ----------------------------------------------------------------------------------------

    async def look_at_chat(self, on: bool) -> None:
        """Somebody reads the chat, or has closed it."""
        self._chat_open = on
        self._unread = 0 if on else self._unread
        self.render()

    async def look(self, session: str, height: int) -> None:
        """How tall a picture is shown in pixels, 0 while it can't be seen."""
        if self._meeting is not None:
            self._desk.look(session, height)

    async def camera(self, on: bool) -> None:
        """Camera on or off."""
        await self._try(lambda: self._desk.camera(on))

    async def microphone(self, on: bool) -> None:
        """Microphone on or off."""
        await self._try(lambda: self._desk.microphone(on))

    async def say(self, text: str) -> bool:
        """To everybody; False when it was not sent and must stay in its field."""
        return not text.strip() or await self._try(lambda: self._desk.say(text.strip()), "chat")

    async def lobby_say(self, session: str, text: str) -> bool:
        """To one who waits."""
        return not text.strip() or await self._try(
            lambda: self._desk.lobby_say(text.strip(), session), "chat"
        )

    async def admit(self, session: str) -> None:
        """Let one in."""
        await self._try(lambda: self._desk.admit(session))

    async def admit_all(self) -> None:
        """Let everybody in who has the demanded level; say how many were passed over."""
        passed: list[int] = []

        async def admit() -> None:
            passed.append(await self._desk.admit_all())

        if await self._try(admit) and passed[0]:
            self._error = lambda: self._passed_over(passed[0])
            self.render()

    def _passed_over(self, count: int) -> Advice:
        text = self.words.n(
            "{count} person was left waiting: not identified as this meeting asks.",
            "{count} people were left waiting: not identified as this meeting asks.",
            count,
        )
        return Advice("passed-over", Tone.WARN, text.format(count=count), self._("Let them in one by one."))

    async def decline(self, session: str, reason: str) -> None:
        """Not this time."""
        await self._try(lambda: self._desk.decline(session, reason.strip()))

    async def put_back(self, session: str) -> None:
        """From the meeting into the lobby."""
        await self._try(lambda: self._desk.put_back(session))

    async def remove(self, session: str, reason: str) -> None:
        """Out of the meeting."""
        await self._try(lambda: self._desk.remove(session, reason.strip()))

    async def new_code(self, session: str) -> None:
        """A confirmation code to say aloud to one person."""
        await self._try(lambda: self._desk.new_code(session))

    async def end(self) -> None:
        """End the meeting for everybody."""
        await self._try(self._desk.end)

    async def help(self, action: str) -> None:
        """What the trouble's button does."""
        if action in set(Trouble):
            await self._try(self._desk.reconnect)

    async def put_away(self) -> None:
        """The person has read the advice."""
        self._error = None
        self.render()

    async def _try(self, work: Callable[[], Awaitable[object]], where: str = "") -> bool:
        self._error = None
        try:
            await work()
        except SoftphoneError as error:
            self._tell_failure(error, where)
            return False
        finally:
            self.render()
        return True


@dataclass(frozen=True, slots=True)
class RoomShown:
    """The meeting window's view, None where there is no meeting to show."""

    view: RoomView | None
