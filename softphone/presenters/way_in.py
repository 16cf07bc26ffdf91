"""The way into a meeting, from a link or the list to goodbye: where one person is on it, without words."""

from __future__ import annotations

from softphone.domain.meeting import Appointment, JoinOffer, Meeting, MeetingLink, SessionState
from softphone.presenters.page_views import Stage

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


class WayIn:
    """`opened` grows whenever the page is to come to the front."""

    def __init__(self, meeting: Meeting | None) -> None:
        self.meeting = meeting
        self.stage = Stage.NONE
        self.opened = 0
        self.link: MeetingLink | None = None
        self.offer: JoinOffer | None = None
        self.leaving = False
        self._accepted = True

    @property
    def _under_way(self) -> bool:
        return self.stage in (Stage.LOBBY, Stage.INSIDE)

    @property
    def about(self) -> Appointment | None:
        """The appointment it is about, once one knows."""
        if self.stage in (Stage.LINK, Stage.SERVER):
            return None
        if self.stage is Stage.OFFER and self.offer is not None:
            return self.offer.appointment
        return self.meeting.appointment if self.meeting is not None else None

    @property
    def server(self) -> str:
        """Whom the connection is encrypted to; while a link has only been read there is none."""
        if self.stage in (Stage.LINK, Stage.SERVER):
            return ""
        if self.stage is Stage.OFFER and self.link is not None:
            return self.link.server
        return self.meeting.server if self.meeting is not None else ""

    def leads_to(self, appointment_id: str) -> bool:
        """Whether it is the way into that appointment's meeting, and not over."""
        here = self.about
        return here is not None and here.id == appointment_id and self.stage not in (Stage.NONE, Stage.OVER)

    def may_return(self, now: float) -> bool:
        """Whether who left may come in again; `now` is Unix time."""
        meeting = self.meeting
        return self.leaving and meeting is not None and now < meeting.appointment.closes_at.timestamp()

    # --- steps ------------------------------------------------------------------------------------------

    def front(self) -> None:
        """The page is to be seen."""
        self.opened += 1

    def ask_for_link(self) -> bool:
        """To the field for a link; False while one waits or is inside, who finds the way back to it."""
        self.front()
        if self._under_way:
            return False
        self.stage, self.link = Stage.LINK, None
        return True

    def lead_to(self, link: MeetingLink) -> bool:
        """To the server a link names; False while one waits or is inside."""
        self.front()
        if self._under_way:
            return False
        self.link, self.stage = link, Stage.SERVER
        return True

    def with_link(self) -> None:
        """The link's secret goes out: what it opens is offered first."""
        self._accepted = False

    def show(self, offer: JoinOffer) -> None:
        """What the link opened."""
        self.offer, self._accepted = offer, False
        self.stage = Stage.OFFER
        self.front()

    def accept(self) -> None:
        """On to the test page."""
        self._accepted, self.stage = True, Stage.TEST

    def from_list(self) -> None:
        """An appointment of one's own needs no offer."""
        self._accepted, self.link = True, None

    def follow(self, meeting: Meeting | None) -> bool:
        """Where the meeting is now; whether it is another one than before, or begins anew."""
        if meeting is None:
            if self.meeting is not None and self.stage not in (Stage.LINK, Stage.SERVER, Stage.NONE):
                self.stage = Stage.OVER
            return False
        before = self.meeting
        fresh = before is None or before.appointment.id != meeting.appointment.id or self.stage is Stage.OVER
        self.meeting = meeting
        if fresh:
            self.leaving = False
        if fresh or self.stage not in (Stage.LINK, Stage.SERVER):
            self._go_on(STAGES[meeting.you.state], fresh=fresh)
        return fresh

    def reach(self, meeting: Meeting | None) -> None:
        """What was opened is there, maybe from before: past the link to where one is in it."""
        if meeting is not None and self.stage in (Stage.LINK, Stage.SERVER, Stage.NONE):
            self.meeting = meeting
            self._go_on(STAGES[meeting.you.state], fresh=True)

    def _go_on(self, stage: Stage, *, fresh: bool) -> None:
        if stage is Stage.TEST and not self._accepted:
            stage = Stage.OFFER
        if fresh or (stage, self.stage) == (Stage.OVER, Stage.LOBBY):
            self.front()
        self.stage = stage

    def put_away(self) -> bool:
        """The page closes; False while one waits or is inside."""
        if self._under_way:
            return False
        self.stage, self.link = Stage.NONE, None
        return True
