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
    JoinOffer,
    Meeting,
    MeetingLink,
    SessionState,
)
from softphone.ports import Clock
from softphone.presenters import meeting_words
from softphone.presenters.meeting_desks import EntranceDesk
from softphone.presenters.page_views import PageView, Stage
from softphone.presenters.page_words import PageWords
from softphone.presenters.parts import Advice, Sign
from softphone.presenters.presenter import Presenter

STAGES = {
    SessionState.INVITED: Stage.TEST,
    SessionState.PREJOIN: Stage.TEST,
    SessionState.WAITING: Stage.LOBBY,
    SessionState.WAITING_FOR_OTHERS: Stage.LOBBY,
    SessionState.ADMITTED: Stage.INSIDE,
    SessionState.CONNECTED: Stage.INSIDE,
    SessionState.RECONNECTING: Stage.INSIDE,
    SessionState.LEFT: Stage.OVER,
    SessionState.DECLINED: Stage.OVER,
    SessionState.REMOVED: Stage.OVER,
}


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
        self._stage, self._opened = Stage.NONE, 0
        self._link: MeetingLink | None = None
        self._offer: JoinOffer | None = None
        self._meeting: Meeting | None = desk.meeting()
        self._accepted, self._leaving, self._busy, self._registered = True, False, False, False
        self._error: SoftphoneError | None = None
        self._link_fault = False
        self._code_fault: MeetingRefused | None = None
        self._called = False

    # --- the view ---------------------------------------------------------------------------------------

    def compose(self) -> PageView:
        """The page as it stands."""
        about, stage, meeting = self._about(), self._stage, self._meeting
        say = PageWords(self.words, self._clock.time())
        return PageView(
            stage=stage,
            opened=self._opened,
            heading=self._heading(about),
            when=say.when(about, self._zone) if about is not None else "",
            who=say.who(about) if about is not None else "",
            description=about.description if about is not None else "",
            lock=meeting_words.lock(self.words, self._server()) if self._server() else None,
            warning=self._warning(say),
            advice=meeting_words.failure(self.words, self._error) if self._error is not None else None,
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

    def _warning(self, say: PageWords) -> Advice | None:
        if self._stage is Stage.SERVER and self._link is not None:
            return say.unlisted(self._link)
        if self._stage is Stage.OFFER and self._offer is not None:
            return say.other_device(self._offer)
        return None

    def _said(self, say: PageWords) -> Sign | None:
        if self._meeting is None or self._stage not in (Stage.INSIDE, Stage.OVER):
            return None
        if self._stage is Stage.INSIDE:
            return say.inside(self._meeting)
        return say.over(self._meeting, leaving=self._leaving)

    def _about(self) -> Appointment | None:
        if self._stage in (Stage.LINK, Stage.SERVER):
            return None
        if self._stage is Stage.OFFER and self._offer is not None:
            return self._offer.appointment
        return self._meeting.appointment if self._meeting is not None else None

    def _server(self) -> str:
        """Whom the connection is encrypted to; while a link has only been read there is none."""
        if self._stage in (Stage.LINK, Stage.SERVER):
            return ""
        if self._stage is Stage.OFFER and self._link is not None:
            return self._link.server
        return self._meeting.server if self._meeting is not None else ""

    def _heading(self, about: Appointment | None) -> str:
        if self._stage is Stage.LINK or (about is None and self._link is None):
            return self._("Join with a link")
        if about is None and self._link is not None:
            return self._("This link leads to {server}").format(server=self._link.server)
        return about.title if about is not None else ""

    def _main(self) -> str:
        unlisted = self._link is not None and not self._link.listed
        if self._stage is Stage.SERVER and self._error is not None:
            return self._("Try again")
        return {
            Stage.LINK: self._("Open the link"),
            Stage.SERVER: self._("Go on all the same") if unlisted else self._("Go on"),
            Stage.OFFER: self._("Test the equipment"),
            Stage.TEST: self._("Join"),
            Stage.INSIDE: self._("Return to the meeting"),
            Stage.OVER: self._("Join again") if self._may_return() else "",
        }.get(self._stage, "")

    def _can_main(self, about: Appointment | None) -> bool:
        if self._busy:
            return False
        early = about is not None and self._clock.time() < about.opens_at.timestamp()
        return self._stage is not Stage.TEST or not early

    def _note(self, about: Appointment | None, say: PageWords) -> str:
        if self._stage is Stage.SERVER and self._error is None and not self._busy:
            return self._("Nothing has been sent there yet.")
        if self._stage in (Stage.OFFER, Stage.TEST) and about is not None:
            return say.early(about)
        return ""

    def _may_return(self) -> bool:
        return (
            self._leaving
            and self._meeting is not None
            and self._clock.time() < (self._meeting.appointment.closes_at.timestamp())
        )

    # --- events -----------------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Follow links, the meeting and the line."""
        match event:
            case LinkOpened(link):
                self._lead_to(link)
            case JoinOffered(offer):
                self._show_offer(offer)
            case MeetingChanged(meeting):
                self._follow(meeting)
            case Notice("meeting-refused", parameters):
                self._error = MeetingRefused(parameters.get("code", ""))
                self._opened += 1
            case AccountChanged(account):
                self._registered = account.state is LineState.REGISTERED
            case _:
                return
        self.render()

    def _lead_to(self, link: MeetingLink) -> None:
        """Show where a link leads; a meeting that goes on, or its lobby, is never put aside for it."""
        self._opened += 1
        if self._stage in (Stage.LOBBY, Stage.INSIDE):
            self._error = CommandRefused("a meeting goes on", code="in-a-meeting")
        else:
            self._link, self._stage, self._error = link, Stage.SERVER, None

    def _show_offer(self, offer: JoinOffer) -> None:
        self._offer, self._accepted = offer, False
        self._stage = Stage.OFFER
        self._opened += 1

    def _follow(self, meeting: Meeting | None) -> None:
        if meeting is None:
            if self._meeting is not None and self._stage not in (Stage.LINK, Stage.SERVER, Stage.NONE):
                self._stage = Stage.OVER
            return
        before = self._meeting
        fresh = before is None or before.appointment.id != meeting.appointment.id or self._stage is Stage.OVER
        self._meeting = meeting
        if fresh:
            self._leaving, self._code_fault, self._called = False, None, False
        stage = STAGES[meeting.you.state]
        if stage is Stage.TEST and not self._accepted:
            stage = Stage.OFFER
        if self._stage in (Stage.LINK, Stage.SERVER) and not fresh:
            return
        if fresh or (stage, self._stage) == (Stage.OVER, Stage.LOBBY):
            self._opened += 1
        self._stage = stage

    def tick(self) -> None:
        """Called every second: the countdown runs."""
        if self._stage in (Stage.OFFER, Stage.TEST):
            self.render()

    # --- intents ----------------------------------------------------------------------------------------

    async def ask_for_link(self) -> None:
        """The field for a link; who waits or is in a meeting finds the way back to it."""
        if self._stage not in (Stage.LOBBY, Stage.INSIDE):
            self._stage, self._error, self._link, self._link_fault = Stage.LINK, None, None, False
        self._opened += 1
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
        link = self._link
        if link is not None:
            self._accepted = False
            await self._try(lambda: self._desk.open_link(link))

    async def accept(self) -> None:
        """On to the test page."""
        self._accepted, self._stage = True, Stage.TEST
        self.render()

    async def open(self, appointment_id: str) -> SoftphoneError | None:
        """The test page of an appointment of one's own, or the meeting one is in; why it did not open."""
        about = self._about()
        if about is None or about.id != appointment_id or self._stage in (Stage.NONE, Stage.OVER):
            self._accepted, self._link = True, None
            await self._try(lambda: self._desk.open(appointment_id))
        if self._error is None:
            self._opened += 1
            self.render()
        return self._error

    async def join(self) -> bool:
        """Knock, with camera and microphone as they were chosen; False when it was refused."""
        meeting = self._meeting
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
        return self._meeting is None or self._meeting.camera_on

    async def join_again(self) -> None:
        """After leaving: the test page once more."""
        meeting, link = self._meeting, self._link
        if link is not None:
            await self._try(lambda: self._desk.open_link(link))
        elif meeting is not None:
            await self._try(lambda: self._desk.open(meeting.appointment.id))

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
        """The code the expert said."""
        digits = "".join(sign for sign in code if sign.isdigit())
        self._code_fault = None if len(digits) == 6 else MeetingRefused("bad-request")
        if self._code_fault is None:
            try:
                await self._desk.confirm(digits)
            except MeetingRefused as refused:
                self._code_fault = refused
            except SoftphoneError as error:
                self._error = error
        self.render()

    async def call_expert(self) -> None:
        """A phone call beside the meeting."""
        self._called = await self._try(self._desk.call_expert)
        self.render()

    async def leave(self) -> None:
        """Goodbye."""
        self._leaving = True
        await self._try(self._desk.leave)

    async def close(self) -> None:
        """The page is put away; a meeting one only tests for is left."""
        if self._stage in (Stage.OFFER, Stage.TEST):
            await self.leave()
        if self._stage is not Stage.INSIDE and self._stage is not Stage.LOBBY:
            self._stage, self._link, self._error = Stage.NONE, None, None
        self.render()

    async def _try(self, work: Callable[[], Awaitable[object]]) -> bool:
        self._error, self._busy = None, True
        self.render()
        try:
            await work()
        except SoftphoneError as error:
            self._error = error
        finally:
            self._busy = False
            self.render()
        return self._error is None
