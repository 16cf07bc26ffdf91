"""A person's place in a meeting: the one table of its states, and the value that moves through it.

Every change of a state in the service is a row here. What has no row raises IllegalTransition.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from service.domain.errors import IllegalTransition
from service_api.meeting import Equipment
from service_api.states import OVER, PRESENT, Assurance, ClientKind, Seat, SessionState

GRACE_S = 60.0
"""How long a lost connection keeps its place."""

MOST_AT_ONCE = 4
"""Devices of one person that are in a meeting or on their way into it."""


class Step(StrEnum):
    """What happens to a session."""

    OPEN = "open"
    """Its client connects."""
    KNOCK = "knock"
    """To the lobby, from the test page or from waiting for the host: the host is asked."""
    WAIT = "wait"
    """From the test page to a meeting without lobby, whose host is not there yet."""
    ENTER = "enter"
    """In without asking: the host, and everybody else where there is no lobby and the host is there."""
    ADMIT = "admit"
    """The host lets in."""
    DECLINE = "decline"
    """The host says: not this time."""
    PUT_BACK = "put-back"
    """The host sends (back) to the lobby."""
    REMOVE = "remove"
    """The host puts out; there is no coming back unless the host lets in again."""
    PARDON = "pardon"
    """The host lets a removed person in again who is not there now, or on another device: they may knock."""
    REDEEM = "redeem"
    """The media ticket is used."""
    LOSE = "lose"
    """The connection is lost."""
    LEAVE = "leave"
    """Goodbye, or a lost connection that did not come back in time, or the meeting's end."""


_S = SessionState

TABLE: dict[tuple[SessionState, Step], SessionState] = {
    (_S.INVITED, Step.OPEN): _S.PREJOIN,
    (_S.PREJOIN, Step.OPEN): _S.PREJOIN,
    (_S.PREJOIN, Step.KNOCK): _S.WAITING,
    (_S.PREJOIN, Step.WAIT): _S.WAITING_FOR_OTHERS,
    (_S.PREJOIN, Step.ENTER): _S.ADMITTED,
    (_S.PREJOIN, Step.REMOVE): _S.REMOVED,
    (_S.PREJOIN, Step.LEAVE): _S.LEFT,
    (_S.WAITING, Step.OPEN): _S.WAITING,
    (_S.WAITING, Step.ADMIT): _S.ADMITTED,
    (_S.WAITING, Step.DECLINE): _S.DECLINED,
    (_S.WAITING, Step.REMOVE): _S.REMOVED,
    (_S.WAITING, Step.LEAVE): _S.LEFT,
    (_S.WAITING_FOR_OTHERS, Step.OPEN): _S.WAITING_FOR_OTHERS,
    (_S.WAITING_FOR_OTHERS, Step.KNOCK): _S.WAITING,
    (_S.WAITING_FOR_OTHERS, Step.ENTER): _S.ADMITTED,
    (_S.WAITING_FOR_OTHERS, Step.ADMIT): _S.ADMITTED,
    (_S.WAITING_FOR_OTHERS, Step.DECLINE): _S.DECLINED,
    (_S.WAITING_FOR_OTHERS, Step.REMOVE): _S.REMOVED,
    (_S.WAITING_FOR_OTHERS, Step.LEAVE): _S.LEFT,
    (_S.ADMITTED, Step.OPEN): _S.ADMITTED,
    (_S.ADMITTED, Step.REDEEM): _S.CONNECTED,
    (_S.ADMITTED, Step.LOSE): _S.RECONNECTING,
    (_S.ADMITTED, Step.PUT_BACK): _S.WAITING,
    (_S.ADMITTED, Step.REMOVE): _S.REMOVED,
    (_S.ADMITTED, Step.LEAVE): _S.LEFT,
    (_S.CONNECTED, Step.OPEN): _S.CONNECTED,
    (_S.CONNECTED, Step.REDEEM): _S.CONNECTED,
    (_S.CONNECTED, Step.LOSE): _S.RECONNECTING,
    (_S.CONNECTED, Step.PUT_BACK): _S.WAITING,
    (_S.CONNECTED, Step.REMOVE): _S.REMOVED,
    (_S.CONNECTED, Step.LEAVE): _S.LEFT,
    (_S.RECONNECTING, Step.OPEN): _S.CONNECTED,
    (_S.RECONNECTING, Step.PUT_BACK): _S.WAITING,
    (_S.RECONNECTING, Step.REMOVE): _S.REMOVED,
    (_S.RECONNECTING, Step.LEAVE): _S.LEFT,
    (_S.LEFT, Step.OPEN): _S.PREJOIN,
    (_S.DECLINED, Step.OPEN): _S.PREJOIN,
    (_S.DECLINED, Step.ADMIT): _S.ADMITTED,
    (_S.DECLINED, Step.PUT_BACK): _S.WAITING,
    (_S.DECLINED, Step.LEAVE): _S.LEFT,
    (_S.REMOVED, Step.OPEN): _S.REMOVED,
    (_S.REMOVED, Step.ADMIT): _S.ADMITTED,
    (_S.REMOVED, Step.PUT_BACK): _S.WAITING,
    (_S.REMOVED, Step.PARDON): _S.LEFT,
}

LOBBY = frozenset({_S.WAITING, _S.WAITING_FOR_OTHERS})
"""Waiting for somebody."""


def after(state: SessionState, step: Step) -> SessionState:
    """The state that follows. Raises IllegalTransition."""
    try:
        return TABLE[state, step]
    except KeyError:
        raise IllegalTransition(f"{step.value} in {state.value}") from None


@dataclass(frozen=True, slots=True)
class Session:
    """One person on one device in one appointment. Times are seconds since the epoch, None for never.

    `key` names the device: the guest's place, or the account's device. `participant` is the invited person's
    id, the account's for the host. `away_since` is set while no connection stands. `resume_hash` and
    `former_resume_hash` are of the last two resume tokens: the former works until the last one was used.
    """

    id: str
    appointment: str
    key: str
    participant: str
    name: str
    seat: Seat
    assurance: Assurance
    made_at: float
    state: SessionState = SessionState.INVITED
    client: ClientKind = ClientKind.BROWSER
    other_device: bool = False
    code_confirmed: bool = False
    camera: bool = False
    microphone: bool = False
    equipment: Equipment = field(default_factory=Equipment)
    reason: str = ""
    waiting_since: float | None = None
    away_since: float | None = None
    resume_hash: bytes = field(default=b"", repr=False)
    former_resume_hash: bytes = field(default=b"", repr=False)

    @property
    def host(self) -> bool:
        """Whether this is a host of the meeting."""
        return self.seat is Seat.HOST

    @property
    def inside(self) -> bool:
        """Seen by the others in the meeting."""
        return self.state in PRESENT

    @property
    def in_lobby(self) -> bool:
        """Waiting for the host or the others."""
        return self.state in LOBBY

    @property
    def over(self) -> bool:
        """Out of the meeting."""
        return self.state in OVER

    def step(self, step: Step, now: float, *, reason: str = "") -> Session:
        """The session after `step`; `reason` is what the person is told. Raises IllegalTransition."""
        state = after(self.state, step)
        if state is self.state:
            return self
        moved = replace(self, state=state, reason=reason)
        since = self.waiting_since if self.in_lobby else now
        moved = replace(moved, waiting_since=since if state in LOBBY else None)
        if state in OVER:
            moved = replace(moved, camera=False, microphone=False, code_confirmed=False)
        return moved

    def connected(self, now: float, client: ClientKind) -> Session:
        """Its client is there."""
        return replace(self.step(Step.OPEN, now), away_since=None, client=client)

    def lost(self, now: float) -> Session:
        """Its client is gone, for how long nobody knows."""
        moved = self.step(Step.LOSE, now) if (self.state, Step.LOSE) in TABLE else self
        return replace(moved, away_since=now)

    def gone(self, now: float) -> bool:
        """Whether it was lost so long ago that its place is given up."""
        away = self.away_since is not None and now - self.away_since >= GRACE_S
        return away and (self.state, Step.LEAVE) in TABLE
