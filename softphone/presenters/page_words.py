"""What the meeting page says at each stage of the way in."""

from __future__ import annotations

from datetime import tzinfo

from resources.words import Words
from softphone.domain.errors import MeetingRefused
from softphone.domain.meeting import (
    Appointment,
    Assurance,
    JoinOffer,
    Meeting,
    MeetingLink,
    Seat,
    SessionState,
)
from softphone.presenters import meeting_words, moments
from softphone.presenters.meeting_people import PeopleWords
from softphone.presenters.page_views import (
    CodeView,
    ExpertView,
    LobbyView,
    TestView,
    camera_toggle,
    microphone_toggle,
)
from softphone.presenters.parts import Advice, Sign, Tone


class PageWords:
    """In one language; `now` is Unix time."""

    def __init__(self, words: Words, now: float) -> None:
        self.words, self._now = words, now

    def _(self, text: str) -> str:
        return self.words._(text)

    def when(self, about: Appointment, zone: tzinfo | None) -> str:
        """From when till when."""
        return moments.span(self.words, about.start, about.end, self._now, zone)

    def who(self, about: Appointment) -> str:
        """Who holds it, and for which office."""
        holder = self._("You hold this meeting") if about.seat is Seat.HOST else about.host_name
        return " · ".join(part for part in (holder, about.office) if part)

    def early(self, about: Appointment) -> str:
        """How long it is until one can join; nothing once one can."""
        wait = about.opens_at.timestamp() - self._now
        if wait <= 0:
            return ""
        text = self._("You can join in {time}. Check meanwhile that your equipment works.")
        return text.format(time=moments.left(self.words, wait))

    def test(self, meeting: Meeting) -> TestView:
        """Camera and microphone as one will join with them."""
        return TestView(
            camera_toggle(self.words, on=meeting.camera_on),
            microphone_toggle(self.words, on=meeting.microphone_on),
            self._("We recommend headphones, and a quiet place where nobody sees your screen."),
        )

    def unlisted(self, link: MeetingLink) -> Advice | None:
        """A warning before anything goes to a server that the company does not name."""
        if link.listed:
            return None
        return Advice(
            "unlisted",
            Tone.BAD,
            self._("Your company does not list this server."),
            self._("Go on only if you know who sent you the link and expected it."),
        )

    def other_device(self, offer: JoinOffer) -> Advice | None:
        """The link belongs to another device already."""
        if not offer.other_device:
            return None
        return Advice(
            "other-device",
            Tone.WARN,
            self._("This link was used on another device before."),
            self._("The expert is told, and lets you in when they know who you are."),
        )

    def lobby(self, meeting: Meeting) -> LobbyView:
        """For the one who waits: for the host, or without a lobby for the others."""
        waiting = meeting.you.state is SessionState.WAITING
        people = PeopleWords(self.words, meeting, self._now)
        on, off = self._("on"), self._("off")
        equipment = self._("Your camera and microphone: {camera} / {microphone}")
        return LobbyView(
            title=self._("You are in the lobby") if waiting else self._("Nobody else is here yet"),
            text=self._place(meeting) if waiting else self._("Wait until the others join."),
            reason=self._("“{text}”").format(text=meeting.reason) if meeting.reason else "",
            equipment=equipment.format(
                camera=on if meeting.camera_on else off, microphone=on if meeting.microphone_on else off
            ),
            lines=tuple(people.line(line) for line in meeting.chat if line.lobby),
            can_reply=waiting,
            trouble=meeting_words.trouble(self.words, meeting.trouble),
        )

    def _place(self, meeting: Meeting) -> str:
        text = self._("{host} will let you in shortly.").format(host=meeting.appointment.host_name)
        next_one = self._("You are next.")
        if meeting.place == 1:
            return f"{text} {next_one}"
        ahead = meeting.place - 1
        before = self.words.n("{count} person is before you.", "{count} people are before you.", ahead)
        return f"{text} {before.format(count=ahead)}" if ahead > 0 else text

    def code(self, meeting: Meeting, refused: MeetingRefused | None) -> CodeView | None:
        """The field for the expert's code. A bare link's success never claims an identity."""
        if meeting.host:
            return None
        done = None
        if meeting.you.code_confirmed:
            bare = meeting.you.assurance is Assurance.LINK
            text = self._("Code confirmed") if bare else self._("Your identity has been confirmed")
            done = Sign("check", text, Tone.GOOD)
        return CodeView(self._code_fault(refused) if refused is not None else "", done)

    def _code_fault(self, refused: MeetingRefused) -> str:
        if refused.code == "bad-request":
            return self._("The code has six digits.")
        if refused.code == "wrong-code" and refused.tries_left:
            wrong = self._("This code is not right.")
            left = self.words.n("{count} try left.", "{count} tries left.", refused.tries_left)
            return f"{wrong} {left.format(count=refused.tries_left)}"
        code = "too-many-tries" if refused.code == "wrong-code" else refused.code
        known = meeting_words.CODE_FAULTS.get(code)
        return self._(known) if known else meeting_words.failure(self.words, refused).text

    def expert(self, about: Appointment, *, line: bool, called: bool) -> ExpertView | None:
        """Whom to call in trouble; `line`: this program can."""
        if about.seat is Seat.HOST or not about.expert_number:
            return None
        text = self._("Trouble? Call {name}.").format(name=about.host_name)
        return ExpertView(text, about.expert_number, line, called)

    def inside(self, meeting: Meeting) -> Sign:
        """That one is in the meeting."""
        if meeting.you.state is SessionState.RECONNECTING:
            lost = self._("The connection is lost. It comes back by itself.")
            return Sign("connecting", lost, Tone.WARN)
        return Sign("available", self._("You are in the meeting."), Tone.GOOD)

    def over(self, meeting: Meeting, *, leaving: bool) -> Sign:
        """How it ended for this person, with the host's word."""
        quoted = self._("“{text}”").format(text=meeting.reason)
        reason = f" {quoted}" if meeting.reason else ""
        if meeting.you.state is SessionState.DECLINED:
            return Sign("info", self._("You were not let in.") + reason, Tone.WARN)
        if meeting.you.state is SessionState.REMOVED:
            return Sign("info", self._("You were taken out of the meeting.") + reason, Tone.WARN)
        left = self._("You have left the meeting.") if leaving else self._("The meeting is over.")
        return Sign("info", left + reason, Tone.QUIET)
