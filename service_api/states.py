"""The words of a meeting that both sides use: states, roles, levels, refusals. Cheap to import."""

from __future__ import annotations

from enum import StrEnum


class SessionState(StrEnum):
    """Where a person's place in a meeting stands. The service holds the table of allowed changes."""

    INVITED = "invited"
    PREJOIN = "prejoin"
    WAITING = "waiting"
    WAITING_FOR_OTHERS = "waiting-for-others"
    ADMITTED = "admitted"
    CONNECTED = "connected"
    RECONNECTING = "reconnecting"
    LEFT = "left"
    DECLINED = "declined"
    REMOVED = "removed"


PRESENT = frozenset({SessionState.ADMITTED, SessionState.CONNECTED, SessionState.RECONNECTING})
"""Inside the meeting: seen by the others in it."""

OVER = frozenset({SessionState.LEFT, SessionState.DECLINED, SessionState.REMOVED})
"""Out of it, until the person comes again or is put back."""


class Seat(StrEnum):
    """What a person is in this meeting."""

    HOST = "host"
    PARTICIPANT = "participant"


class AccountRole(StrEnum):
    """What an account may do at the service."""

    ADMIN = "admin"
    PROFESSIONAL = "professional"
    PARTICIPANT = "participant"


class Assurance(StrEnum):
    """How sure the service is of who somebody is, weakest first."""

    LINK = "link"
    PHONE = "phone"
    SIGNED_IN = "signed-in"
    STRONG = "strong"

    @property
    def rank(self) -> int:
        """0 for the weakest."""
        return list(Assurance).index(self)


class DeviceCheck(StrEnum):
    """How a device did on the test page."""

    UNKNOWN = "unknown"
    OK = "ok"
    OFF = "off"
    MISSING = "missing"
    DENIED = "denied"
    BUSY = "busy"
    BLACK = "black"
    SILENT = "silent"
    FAILED = "failed"


class ClientKind(StrEnum):
    """What somebody joins with."""

    PROGRAM = "program"
    BROWSER = "browser"


class MeetingRefusal(StrEnum):
    """Why the service says no, beside `devices.ErrorCode`; a code nobody knows counts as server-error."""

    NOT_SIGNED_IN = "not-signed-in"
    NOT_ALLOWED = "not-allowed"
    NOT_FOUND = "not-found"
    LINK_UNKNOWN = "link-unknown"
    LINK_EXPIRED = "link-expired"
    TOO_EARLY = "too-early"
    MEETING_OVER = "meeting-over"
    MEETING_CANCELLED = "meeting-cancelled"
    BAD_REQUEST = "bad-request"
    WRONG_STATE = "wrong-state"
    WRONG_CODE = "wrong-code"
    CODE_EXPIRED = "code-expired"
    NO_CODE = "no-code"
    CODE_IN_CHAT = "code-in-chat"
    TICKET_REFUSED = "ticket-refused"
    NO_MEDIA = "no-media"
    ENGINE_DOWN = "engine-down"
    TOO_MANY_TRIES = "too-many-tries"
    TOO_OLD = "too-old"
    CONFLICT = "conflict"
    SERVER_ERROR = "server-error"
