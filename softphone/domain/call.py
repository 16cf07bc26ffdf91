"""A phone call: its states, the one table of legal moves, and what is shown of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from softphone.domain.errors import IllegalTransition
from softphone.domain.quality import CallQuality, Trouble
from softphone.domain.text import harmless


class Direction(StrEnum):
    """Who started the call."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class CallState(StrEnum):
    """A call's life. EARLY is ringing at the far end with or without early media."""

    DIALLING = "dialling"
    EARLY = "early"
    RINGING = "ringing"
    ANSWERING = "answering"
    ACTIVE = "active"
    ENDING = "ending"
    ENDED = "ended"


TRANSITIONS: MappingProxyType[CallState, frozenset[CallState]] = MappingProxyType(
    {
        CallState.DIALLING: frozenset({CallState.EARLY, CallState.ACTIVE, CallState.ENDING, CallState.ENDED}),
        CallState.EARLY: frozenset({CallState.ACTIVE, CallState.ENDING, CallState.ENDED}),
        CallState.RINGING: frozenset({CallState.ANSWERING, CallState.ENDING, CallState.ENDED}),
        CallState.ANSWERING: frozenset({CallState.ACTIVE, CallState.ENDING, CallState.ENDED}),
        CallState.ACTIVE: frozenset({CallState.ENDING, CallState.ENDED}),
        CallState.ENDING: frozenset({CallState.ENDED}),
        CallState.ENDED: frozenset(),
    }
)


def require_move(old: CallState, new: CallState) -> None:
    """Raise IllegalTransition unless the table allows `old` → `new`."""
    if new not in TRANSITIONS[old]:
        raise IllegalTransition(f"call: {old} → {new}")


class EndReason(StrEnum):
    """Why a call ended; SIP and Q.850 codes are mapped to these in one table."""

    HUNG_UP = "hung-up"
    REMOTE_HUNG_UP = "remote-hung-up"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no-answer"
    CANCELLED = "cancelled"
    ANSWERED_ELSEWHERE = "answered-elsewhere"
    NOT_FOUND = "not-found"
    UNREACHABLE = "unreachable"
    NOT_ALLOWED = "not-allowed"
    NO_COMMON_CODEC = "no-common-codec"
    ENCRYPTION_REQUIRED = "encryption-required"
    TRANSFERRED = "transferred"
    NETWORK_LOST = "network-lost"
    SERVER_ERROR = "server-error"
    FAILED = "failed"


class TransferState(StrEnum):
    """How far a transfer of a call has come."""

    NONE = "none"
    TRYING = "trying"
    RINGING = "ringing"
    DONE = "done"
    FAILED = "failed"


_LONGEST = (("uri", 512), ("number", 128), ("name", 128))


@dataclass(frozen=True, slots=True)
class Party:
    """The other side: `uri` as SIP names it, `number` as dialled or shown, `name` if known.

    The other side wrote them itself: whatever it wrote, they can be shown and stored.
    """

    uri: str
    number: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        for part, limit in _LONGEST:
            object.__setattr__(self, part, harmless(getattr(self, part), limit))


@dataclass(frozen=True, slots=True)
class Encryption:
    """What is true of the media's protection. `method` is "", "sdes" or "dtls"; `to` names the server.

    `trusted` is True only where the keys travelled under TLS (SDES) or were checked (DTLS
    fingerprint under TLS); the lock is shown only then.
    """

    method: str = ""
    trusted: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """One call as everybody sees it. Times are seconds of the program's monotonic clock.

    `early_media`: the far end sends sound of its own before the answer. `trouble`: what is wrong with its
    sound now.
    """

    id: str
    direction: Direction
    remote: Party
    state: CallState
    held: bool = False
    remote_held: bool = False
    muted: bool = False
    codec: str = ""
    encryption: Encryption = field(default_factory=Encryption)
    created_at: float = 0.0
    answered_at: float | None = None
    ended_at: float | None = None
    reason: EndReason | None = None
    status_code: int = 0
    transfer: TransferState = TransferState.NONE
    quality: CallQuality | None = None
    emergency: bool = False
    early_media: bool = False
    trouble: Trouble | None = None

    def duration_ms(self, now: float) -> int:
        """Milliseconds of talk so far, or in all; 0 before the answer."""
        if self.answered_at is None:
            return 0
        return int(1000 * ((self.ended_at if self.ended_at is not None else now) - self.answered_at))

    @property
    def live(self) -> bool:
        """Whether the call still occupies the line."""
        return self.state is not CallState.ENDED
