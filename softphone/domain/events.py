"""What the core tells the rest of the program. All frozen; they cross threads as they are."""

from __future__ import annotations

from dataclasses import dataclass, field

from softphone.domain.account import Account
from softphone.domain.call import Call
from softphone.domain.device import DeviceState
from softphone.domain.history import HistoryEntry
from softphone.domain.meeting import Appointment, ChatLine, JoinOffer, Meeting, MeetingLink, Person
from softphone.domain.preshift import CheckReport
from softphone.domain.sound_test import DeviceTestState


@dataclass(frozen=True, slots=True)
class Event:
    """Root of all events."""


@dataclass(frozen=True, slots=True)
class AccountChanged(Event):
    """The line's state changed."""

    account: Account


@dataclass(frozen=True, slots=True)
class CallChanged(Event):
    """A call is new, changed or has ended (state ENDED is sent exactly once)."""

    call: Call


@dataclass(frozen=True, slots=True)
class DtmfReceived(Event):
    """The far end pressed a key."""

    call_id: str
    digit: str


@dataclass(frozen=True, slots=True)
class DevicesChanged(Event):
    """Devices came, went, or a role uses another one."""

    devices: DeviceState


@dataclass(frozen=True, slots=True)
class LevelsChanged(Event):
    """Microphone and speaker level in dBFS, at most 20 times a second while somebody looks."""

    microphone_dbfs: float
    speaker_dbfs: float


@dataclass(frozen=True, slots=True)
class DeviceTestChanged(Event):
    """The test of microphone and speaker went on."""

    state: DeviceTestState


@dataclass(frozen=True, slots=True)
class CheckChanged(Event):
    """The check before a shift went on."""

    report: CheckReport


@dataclass(frozen=True, slots=True)
class HistoryChanged(Event):
    """An entry was added (`entry`), or the list changed otherwise (None). `missed` counts unseen calls."""

    entry: HistoryEntry | None
    missed: int


@dataclass(frozen=True, slots=True)
class ContactsChanged(Event):
    """The contact list changed."""


@dataclass(frozen=True, slots=True)
class AppointmentsChanged(Event):
    """The list of appointments. `stale`: the service can't be asked now, these are the last known.

    `available`: this account is a company service's, so there can be any. `reason`: the code of why it is
    stale (server-silent, certificate, not-signed-in…), "" while it is not.
    """

    appointments: tuple[Appointment, ...]
    available: bool = True
    stale: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LinkOpened(Event):
    """A meeting link came in from outside: show where it leads; nothing has been sent."""

    link: MeetingLink


@dataclass(frozen=True, slots=True)
class JoinOffered(Event):
    """The link was exchanged: show the invitation."""

    offer: JoinOffer


@dataclass(frozen=True, slots=True)
class MeetingChanged(Event):
    """The meeting this program is in changed; None when it is over here."""

    meeting: Meeting | None


@dataclass(frozen=True, slots=True)
class Knocked(Event):
    """Somebody came to the lobby: make it heard and seen."""

    person: Person


@dataclass(frozen=True, slots=True)
class ChatArrived(Event):
    """Somebody else wrote."""

    line: ChatLine


@dataclass(frozen=True, slots=True)
class SettingChanged(Event):
    """A setting has a new value."""

    key: str
    value: object


@dataclass(frozen=True, slots=True)
class Notice(Event):
    """Something a person should know, as a stable code with parameters; presenters find the words.

    Codes: secrets-unavailable, storage-failed, storage-recovered, settings-recovered, device-lost,
    device-none, history-recovered, contacts-recovered, transfer-failed, call-not-encrypted, dial-confirm
    (`target`: ask, then dial), show-window (the program was started once more), network-lost,
    call-flood, meeting-refused (`code`: why the service lets nobody back), chat-refused (`code`: of a line
    that was typed while the service was away).
    """

    code: str
    parameters: dict[str, str] = field(default_factory=dict)
