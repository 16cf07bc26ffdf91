"""The meeting page: from a link or the list over the test page and the lobby to goodbye. It stays open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import tzinfo

from resources.words import Words
from softphone.domain.account import LineState
from softphone.domain.errors import BadTarget, CommandRefused, MeetingRefused, SoftphoneError
from softphone.domain.events import AccountChanged, Event, JoinOffered, LinkOpened, MeetingChanged, Notice
from softphone.domain.meeting import (
    Appointment,
    DeviceCheck,
    Equipment,
    Meeting,
    MeetingLink,
    SessionState,
    Trouble,
)
from softphone.ports import Clock
from softphone.presenters import meeting_words
from softphone.presenters.meeting_desks import EntranceDesk
from softphone.presenters.page_views import PageView, Stage
from softphone.presenters.page_words import PageWords
from softphone.presenters.parts import Advice, Sign
from softphone.presenters.presenter import Presenter
from softphone.presenters.way_in import WayIn


class PagePresenter(Presenter[PageView]):
    """Follows the meeting this program is in. Nothing is sent to a link's server before a person says so."""

    def __init__(
        self,
        desk: EntranceDesk,
        clock: Clock,
        equipment: Callable[[], Equipment],
        release: Callable[[], Awaitable[None]],
        words: Words,
        emit: Callable[[PageView], None],
        *,
        zone: tzinfo | None = None,
    ) -> None:
        super().__init__(words, emit)
        self._desk, self._clock, self._zone = desk, clock, zone
        self._equipment, self._release = equipment, release
        self._way = WayIn(desk.meeting())
        self._busy, self._registered = False, False
        self._error: SoftphoneError | None = None
        self._link_fault = False
        self._code_fault: MeetingRefused | None = None
        self._called = False
        self._confirming = False

    # --- the view ---------------------------------------------------------------------------------------

    def compose(self) -> PageView:
        """The page as it stands."""
        way = self._way
        about, stage, meeting = way.about, way.stage, way.meeting
        say = PageWords(self.words, self._clock.time())
        return PageView(
            stage=stage,
            opened=way.opened,
            heading=self._heading(about),
            when=say.when(about, self._zone) if about is not None else "",
            who=say.who(about) if about is not None else "",
            description=about.description if about is not None else "",
            lock=meeting_words.lock(self.words, way.server) if way.server else None,
            warning=self._warning(say),
            advice=self._advice(),
            busy=self._busy,
            link_fault=self._("This is not a meeting link. Copy the whole link.") if self._link_fault else "",
            main=self._main(),
            can_main=self._can_main(about),
            note=self._note(about, say),
            test=say.test(meeting) if meeting is not None and stage is Stage.TEST else None,
            lobby=say.lobby(meeting) if meeting is not None and stage is Stage.LOBBY else None,
            code=say.code(meeting, self._code_fault) if meeting and stage is Stage.INSIDE else None,
            expert=say.expert(about, line=self._registered, called=self._called) if about else None,
            said=self._said(say),
        )

    def _advice(self) -> Advice | None:
        if self._error is None:
            return None
        where = "chat" if self._way.stage is Stage.LOBBY else ""
        return meeting_words.failure(self.words, self._error, where)

    def _warning(self, say: PageWords) -> Advice | None:
        way = self._way
        if way.stage is Stage.SERVER and way.link is not None:
            return say.unlisted(way.link)
        if way.stage is Stage.OFFER and way.offer is not None:
            return say.other_device(way.offer)
        return None

    def _said(self, say: PageWords) -> Sign | None:
        way = self._way
        if way.meeting is None or way.stage not in (Stage.INSIDE, Stage.OVER):
            return None
        if way.stage is Stage.INSIDE:
            return say.inside(way.meeting)
        return say.over(way.meeting, leaving=way.leaving)

    def _heading(self, about: Appointment | None) -> str:
        link = self._way.link
        if self._way.stage is Stage.LINK or (about is None and link is None):
            return self._("Join with a link")
        if about is None and link is not None:
            return self._("This link leads to {server}").format(server=link.server)
        return about.title if about is not None else ""

    def _main(self) -> str:
        unlisted = self._way.link is not None and not self._way.link.listed
        if self._way.stage is Stage.SERVER and self._error is not None:
            return self._("Try again")
        return {
            Stage.LINK: self._("Open the link"),
            Stage.SERVER: self._("Go on all the same") if unlisted else self._("Go on"),
            Stage.OFFER: self._("Test the equipment"),
            Stage.TEST: self._("Join"),
            Stage.INSIDE: self._("Return to the meeting"),
            Stage.OVER: self._("Join again") if self._way.may_return(self._clock.time()) else "",
        }.get(self._way.stage, "")

    def _can_main(self, about: Appointment | None) -> bool:
        if self._busy:
            return False
        early = about is not None and self._clock.time() < about.opens_at.timestamp()
        return self._way.stage is not Stage.TEST or not early

    def _note(self, about: Appointment | None, say: PageWords) -> str:
        if self._way.stage is Stage.SERVER and self._error is None and not self._busy:
            return self._("Nothing has been sent there yet.")
        if self._way.stage in (Stage.OFFER, Stage.TEST) and about is not None:
            return say.early(about)
        return ""

    # --- events -----------------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Follow links, the meeting and the line."""
        match event:
            case LinkOpened(link):
                self._lead_to(link)
            case JoinOffered(offer):
                self._way.show(offer)
            case MeetingChanged(meeting):
                self._follow(meeting)
            case Notice("meeting-refused", parameters):
                self._error = MeetingRefused(parameters.get("code", ""))
                self._way.front()
            case AccountChanged(account):
                self._registered = account.state is LineState.REGISTERED
            case _:
                return
        self.render()

    def _lead_to(self, link: MeetingLink) -> None:
        """Show where a link leads; a meeting that goes on, or its lobby, is never put aside for it."""
        leads = self._way.lead_to(link)
        self._error = None if leads else CommandRefused("a meeting goes on", code="in-a-meeting")

    def _follow(self, meeting: Meeting | None) -> None:
        if self._way.follow(meeting):
            self._code_fault, self._called = None, False

    def tick(self) -> None:
        """Called every second: the countdown runs."""
        if self._way.stage in (Stage.OFFER, Stage.TEST):
            self.render()

    # --- intents ----------------------------------------------------------------------------------------

    async def ask_for_link(self) -> None:
        """The field for a link; who waits or is in a meeting finds the way back to it."""
        if self._way.ask_for_link():
            self._error, self._link_fault = None, False
        self.render()

    async def read_link(self, text: str) -> None:
        """Take a link apart and show where it leads; nothing is sent."""
        self._error, self._link_fault = None, False
        try:
            self._lead_to(self._desk.read_link(text))
        except BadTarget:
            self._link_fault = True
        self.render()

    async def go_on(self) -> None:
        """Send the link's secret to the server that was shown."""
        link = self._way.link
        if link is not None:
            self._way.with_link()
            await self._open(lambda: self._desk.open_link(link))

    async def accept(self) -> None:
        """On to the test page."""
        self._way.accept()
        self.render()

    async def open(self, appointment_id: str) -> SoftphoneError | None:
        """The test page of an appointment of one's own, or the meeting one is in; why it did not open."""
        if not self._way.leads_to(appointment_id):
            self._way.from_list()
            await self._open(lambda: self._desk.open(appointment_id))
        if self._error is None:
            self._way.front()
            self.render()
        return self._error

    async def join(self) -> bool:
        """Knock, with camera and microphone as they were chosen; False when it was refused."""
        meeting = self._way.meeting
        if meeting is None:
            return False
        found = self._equipment()
        camera = meeting.camera_on and found.camera is not DeviceCheck.MISSING
        await self._release()
        return await self._try(
            lambda: self._desk.join(camera=camera, microphone=meeting.microphone_on, equipment=found)
        )

    @property
    def camera_wanted(self) -> bool:
        """Whether the meeting is joined with the camera on."""
        return self._way.meeting is None or self._way.meeting.camera_on

    async def join_again(self) -> None:
        """After leaving: the test page once more."""
        meeting, link = self._way.meeting, self._way.link
        if link is not None:
            await self._open(lambda: self._desk.open_link(link))
        elif meeting is not None:
            await self._open(lambda: self._desk.open(meeting.appointment.id))

    async def camera(self, on: bool) -> None:
        """Camera on or off, before and in the meeting."""
        await self._try(lambda: self._desk.camera(on))

    async def microphone(self, on: bool) -> None:
        """Microphone on or off."""
        await self._try(lambda: self._desk.microphone(on))

    async def reply(self, text: str) -> bool:
        """From the lobby to the host; False when it was not sent."""
        return await self._try(lambda: self._desk.lobby_say(text.strip()))

    async def confirm(self, code: str) -> None:
        """The code the expert said; while one is looked at, no other costs a try."""
        if self._confirming:
            return
        digits = "".join(sign for sign in code if sign.isdigit())
        self._code_fault = None if len(digits) == 6 else MeetingRefused("bad-request")
        if self._code_fault is None:
            self._confirming = True
            try:
                await self._desk.confirm(digits)
            except MeetingRefused as refused:
                self._code_fault = refused
            except SoftphoneError as error:
                self._error = error
            finally:
                self._confirming = False
        self.render()

    async def help(self, action: str) -> None:
        """What the button of the lobby's trouble does."""
        if action in set(Trouble):
            await self._try(self._desk.reconnect)

    async def call_expert(self) -> None:
        """A phone call beside the meeting."""
        self._called = await self._try(self._desk.call_expert)
        self.render()

    async def leave(self) -> None:
        """Goodbye."""
        self._way.leaving = True
        await self._try(self._desk.leave)

    async def close(self) -> None:
        """The page is put away; a meeting one only tests for is left."""
        here = self._desk.meeting()
        tested = here is not None and here.you.state is SessionState.PREJOIN
        if tested or self._way.stage in (Stage.OFFER, Stage.TEST):
            await self.leave()
        if self._way.put_away():
            self._error = None
        self.render()

    async def _open(self, work: Callable[[], Awaitable[object]]) -> None:
        """The way in. A place one has already says nothing new of itself: it is looked for."""
        if await self._try(work):
            self._way.reach(self._desk.meeting())
            self.render()

    async def _try(self, work: Callable[[], Awaitable[object]]) -> bool:
        self._error, self._busy = None, True
        self.render()
        try:
            await work()
        except SoftphoneError as error:
            self._error = error
            return False
        finally:
            self._busy = False
            self.render()
        return True
