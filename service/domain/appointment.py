"""An appointment, who is in it, and when its links work. Times are epoch seconds, UTC."""

from __future__ import annotations

from dataclasses import dataclass, field

from service.domain.principal import Guest, Principal
from service_api.states import Assurance, Seat


@dataclass(frozen=True, slots=True)
class Window:
    """How long before the start one may join, and how long after the end a link still works; seconds."""

    before_s: float = 15 * 60
    after_s: float = 60 * 60


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody invited. `number` is the phone in the service's own form, "" without one."""

    participant_id: str
    appointment_id: str
    name: str
    email: str = ""
    phone: str = ""
    number: str = ""
    language: str = "fi"
    opened_at: float | None = None


@dataclass(frozen=True, slots=True)
class Appointment:
    """What a professional (`host_id`) made. `sequence` counts its changes, as calendars do (RFC 5545)."""

    appointment_id: str
    host_id: str
    host_name: str
    draft_id: str
    title: str
    description: str
    start: float
    end: float
    time_zone: str
    office: str = ""
    expert_number: str = ""
    lobby: bool = True
    demanded: Assurance = Assurance.LINK
    cancelled: bool = False
    sequence: int = 0
    participants: tuple[Participant, ...] = ()
    window: Window = field(default=Window())

    @property
    def opens_at(self) -> float:
        """When joining becomes possible."""
        return self.start - self.window.before_s

    @property
    def closes_at(self) -> float:
        """When links stop working. A meeting that runs is not ended by it."""
        return self.end + self.window.after_s

    def participant(self, participant_id: str) -> Participant | None:
        """The one of this id."""
        return next((one for one in self.participants if one.participant_id == participant_id), None)

    def participant_of(self, who: Principal) -> Participant | None:
        """Who this is in it: by the place a link was opened at, or by the account's phone number."""
        if isinstance(who, Guest):
            return self.participant(who.participant_id) if self._holds(who) else None
        return next((one for one in self.participants if one.number and one.number == who.number), None)

    def seat(self, who: Principal) -> Seat | None:
        """What this one is in it; None for a stranger, whatever their role."""
        if not isinstance(who, Guest) and who.user_id == self.host_id:
            return Seat.HOST
        return Seat.PARTICIPANT if self.participant_of(who) is not None else None

    def _holds(self, guest: Guest) -> bool:
        return guest.appointment_id == self.appointment_id
