"""What the core needs from the world, as small Protocols named by role.

Every coroutine and every callback runs on the engine thread's loop.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from service_api.devices import DeviceCredentials, DeviceRevocation, DeviceSignIn
from softphone.domain.call import Encryption, EndReason
from softphone.domain.contact import Contact
from softphone.domain.device import IN_EAR, DeviceState, MicrophoneState
from softphone.domain.headset import HeadsetEvent, HeadsetLights, HeadsetState
from softphone.domain.history import HistoryEntry
from softphone.domain.preshift import Finding
from softphone.domain.quality import CallQuality
from softphone.domain.sound_test import EchoFinding, MicrophoneFinding


class Clock(Protocol):
    """Time, injected so that tests own it."""

    def monotonic(self) -> float:
        """Seconds of a clock that never goes back."""
        ...

    def time(self) -> float:
        """Unix time in seconds, UTC."""
        ...


# --- telephony -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SipAccount:
    """What the user agent registers with. `secret` never shows in a repr.

    `host`/`port` as typed (port 0: found by DNS); `number` is the user part; `auth_user` answers challenges.
    `tls_required` is set where TLS once worked: then nothing less is tried.
    """

    host: str
    number: str
    secret: str = field(repr=False)
    port: int = 0
    transport: str = "auto"
    auth_user: str = ""
    display_name: str = ""
    ca_file: str = ""
    tls_required: bool = False
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Registered:
    """The registrar accepted us over `transport`."""

    transport: str
    server: str


@dataclass(frozen=True, slots=True)
class RegistrationLost:
    """Not registered now, and the user agent keeps trying by itself. `refusal` names why (Refusal value)."""

    refusal: str


@dataclass(frozen=True, slots=True)
class RegistrationRefused:
    """The registrar said no for good (wrong secret, no right): nothing is tried again."""

    refusal: str
    status_code: int


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Somebody calls; the user agent has sent 100 and waits for `ring`, `answer` or `reject`."""

    call_id: str
    uri: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class CallProgress:
    """An outgoing call: the far end rings; `early_media` when it sends sound already."""

    call_id: str
    status_code: int
    early_media: bool


@dataclass(frozen=True, slots=True)
class CallEstablished:
    """Answered on either side; sound flows."""

    call_id: str
    codec: str
    encryption: Encryption


@dataclass(frozen=True, slots=True)
class CallMediaChanged:
    """A re-INVITE or UPDATE changed the call's media."""

    call_id: str
    codec: str
    encryption: Encryption
    held: bool
    remote_held: bool


@dataclass(frozen=True, slots=True)
class CallTransferProgress:
    """A transfer we asked for: `state` is trying, ringing, done or failed."""

    call_id: str
    state: str
    status_code: int


@dataclass(frozen=True, slots=True)
class CallReplaced:
    """The far end's transfer replaced `old_call_id` with `call_id`: same conversation, other peer."""

    old_call_id: str
    call_id: str


@dataclass(frozen=True, slots=True)
class CallRemoteChanged:
    """The other side is now somebody else (after a transfer at their side)."""

    call_id: str
    uri: str
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over; sent exactly once for each call."""

    call_id: str
    reason: EndReason
    status_code: int


@dataclass(frozen=True, slots=True)
class CallDtmf:
    """The far end pressed a key."""

    call_id: str
    digit: str


TelephonyEvent = (
    Registered
    | RegistrationLost
    | RegistrationRefused
    | IncomingCall
    | CallProgress
    | CallEstablished
    | CallMediaChanged
    | CallTransferProgress
    | CallReplaced
    | CallRemoteChanged
    | CallEnded
    | CallDtmf
)


class Telephony(Protocol):
    """A SIP user agent with its sound already joined to the chosen devices."""

    def listen(self, callback: Callable[[TelephonyEvent], None]) -> None:
        """Call `callback` for every event, on the engine loop."""
        ...

    async def sign_in(self, account: SipAccount) -> Registered:
        """Register. Raises SignInRefused; afterwards keeps the registration alive by itself."""
        ...

    async def sign_out(self) -> None:
        """End all calls and unregister; never raises for a dead server."""
        ...

    async def dial(self, target: str, *, emergency: bool = False) -> str:
        """Start a call to a number or SIP URI and return its id at once. Raises BadTarget, NotSignedIn."""
        ...

    async def ring(self, call_id: str) -> None:
        """Tell the caller that it rings here (180)."""
        ...

    async def answer(self, call_id: str) -> None:
        """Accept an incoming call."""
        ...

    async def reject(self, call_id: str, *, busy: bool = False) -> None:
        """Decline an incoming call (603, or 486 when busy)."""
        ...

    async def hang_up(self, call_id: str) -> None:
        """End a call in any state (CANCEL, BYE or a refusal as it fits)."""
        ...

    async def hold(self, call_id: str) -> None:
        """Put a call on hold; returns when the far end agreed. Raises CommandRefused."""
        ...

    async def resume(self, call_id: str) -> None:
        """Take a call off hold."""
        ...

    async def mute(self, call_id: str, muted: bool) -> None:
        """Stop or resume sending the microphone's sound into this call."""
        ...

    async def set_volume(self, call_id: str, gain_db: float) -> None:
        """Loudness of the far end in the speaker, -40…+12 dB, 0 as it came."""
        ...

    async def send_dtmf(self, call_id: str, digits: str) -> None:
        """Send keys 0-9 * # A-D one after another (RFC 4733)."""
        ...

    async def transfer(self, call_id: str, target: str) -> None:
        """Blind transfer; progress comes as CallTransferProgress."""
        ...

    async def transfer_to_call(self, call_id: str, other_call_id: str) -> None:
        """Attended transfer: join the two far ends; on failure both calls come back."""
        ...

    def quality(self, call_id: str) -> CallQuality | None:
        """Figures of the last seconds, or None where no media flows."""
        ...

    def network_changed(self) -> None:
        """The system says that addresses or routes changed, or the machine woke up."""
        ...


# --- sound -----------------------------------------------------------------------------------------


class Sound(Protocol):
    """Devices, their roles, the ring and the tones. Speech of calls flows beneath, unseen by the core."""

    def listen(self, callback: Callable[[DeviceState], None]) -> None:
        """Call `callback` when devices come or go, or a role uses another device."""
        ...

    def state(self) -> DeviceState:
        """Devices and roles as they stand."""
        ...

    async def choose(
        self,
        *,
        microphone: Sequence[str],
        speaker: Sequence[str],
        ring: Sequence[str],
        alert: Sequence[str] = (IN_EAR,),
    ) -> None:
        """Set the roles' lists of ids, the best first (the ring's is a set); used at once, in a running call
        too."""
        ...

    def treat(self, *, echo: str, noise: str) -> None:
        """Echo cancelling "auto" (on unless the speaker in use is worn), "on" or "off"; noise suppression
        "off", "low" or "high". Used at once, and followed whenever another speaker is in use."""
        ...

    async def start_ring(self) -> None:
        """Play the ring tone on every chosen ring device, until stopped."""
        ...

    async def stop_ring(self) -> None:
        """Stop the ring tone; harmless when none plays."""
        ...

    async def call_waiting(self) -> None:
        """One soft tone in the alert's place: a second call waits."""
        ...

    async def play_tone(self, tone: str) -> None:
        """Play `ringback`, `busy`, `congestion` or `test` in the ear, `beep` in the alert's place, until
        `stop_tone` (beep and test end by themselves)."""
        ...

    async def stop_tone(self) -> None:
        """Stop the ear's tone; harmless when none plays."""
        ...

    def levels(self) -> tuple[float, float]:
        """Microphone and speaker level in dBFS over the last 50 ms."""
        ...

    def microphone(self) -> MicrophoneState:
        """What the open microphone delivers; at rest while none is open."""
        ...

    async def listen_to_microphone(self, on: bool) -> None:
        """Keep the microphone open for the level meter of the settings page."""
        ...

    async def try_ring(self, device_id: str) -> None:
        """Play the ring tone for two seconds on one device."""
        ...

    def stop_trying(self) -> None:
        """Silence what `try_ring` plays; harmless when nothing does."""
        ...

    async def record(self, seconds: float) -> MicrophoneFinding:
        """Record what others would hear, in memory alone, in place of what was recorded before.

        Raises DeviceError.
        """
        ...

    async def play_recording(self) -> None:
        """Play the recording in the speaker to its end, which comes at once where there is none.

        Raises DeviceError.
        """
        ...

    def forget_recording(self) -> None:
        """Throw the recording away."""
        ...

    async def tone_on(self, device_id: str) -> None:
        """Play the test tone to its end on one output, or where speech is heard ("").

        Raises DeviceError for one that is away, does not open or takes nothing.
        """
        ...

    async def echo_check(self) -> EchoFinding:
        """Play a sound in the speaker and look for it in the microphone, after echo cancelling: five seconds.

        Raises DeviceError.
        """
        ...


# --- the line, looked at piece by piece ------------------------------------------------------------


class LineCheck(Protocol):
    """The way to the server of the account in use. Each raises CheckFailed with what is wrong, or NotChecked
    where there is nothing to look at."""

    async def look_up(self) -> Finding:
        """Find the server's addresses by its name."""
        ...

    async def certificate(self) -> Finding:
        """Look at the certificate the server shows, where TLS is used."""
        ...

    async def confirm(self) -> Finding:
        """Ask the server whether we are registered there, now."""
        ...

    async def addresses(self) -> Finding:
        """Compare our address with the one the server sees."""
        ...

    async def loopback(self, number: str) -> Finding:
        """Send sound to the number and back in a call nobody is told of, or for "" on this machine alone."""
        ...


# --- headset buttons --------------------------------------------------------------------------------


class Headset(Protocol):
    """Buttons and lights of whatever headsets are plugged in. Nothing here waits for a device."""

    def listen(self, callback: Callable[[HeadsetEvent], None]) -> None:
        """Call `callback` for every press; it is answered by `show` once the press has had its effect."""
        ...

    def show(self, lights: HeadsetLights) -> None:
        """Show the calls there are; one in another program's call is left alone until that has ended."""
        ...

    def prefer(self, sound_devices: Sequence[str]) -> None:
        """Names of the sound devices in use: where one is a headset with buttons, only its buttons count."""
        ...

    def state(self) -> HeadsetState:
        """Which headsets are in use."""
        ...

    async def start(self) -> None:
        """Begin to look for headsets; harmless when begun already. Never raises: `state` tells problems."""
        ...

    async def close(self) -> None:
        """Put all lights out and let the headsets go; harmless when done already."""
        ...


# --- storage, secrets, numbers ------------------------------------------------------------------


class Secrets(Protocol):
    """The operating system's keyring. Every method may raise SecretsUnavailable."""

    async def get(self, name: str) -> str | None:
        """The secret of this name, or None."""
        ...

    async def set(self, name: str, secret: str) -> None:
        """Store or replace it."""
        ...

    async def delete(self, name: str) -> None:
        """Forget it; harmless when absent."""
        ...


class SettingsStore(Protocol):
    """The user's settings on disk, written atomically."""

    async def load(self) -> tuple[dict[str, object], bool]:
        """Stored values, and whether a damaged file had to be set aside."""
        ...

    async def save(self, values: dict[str, object]) -> None:
        """Replace the stored values. Raises StorageError and leaves the old file whole."""
        ...


class HistoryStore(Protocol):
    """Ended calls, newest first. Raises StorageError."""

    async def add(self, entry: HistoryEntry) -> None:
        """Keep one entry; durable when it returns."""
        ...

    async def recent(self, limit: int = 200, search: str = "") -> list[HistoryEntry]:
        """The newest entries, those matching `search` in name or number when given."""
        ...

    async def mark_seen(self) -> None:
        """No missed call is new any more."""
        ...

    async def missed(self) -> int:
        """How many missed calls nobody has looked at."""
        ...

    async def delete(self, entry_id: str) -> None:
        """Remove one entry."""
        ...

    async def clear(self) -> None:
        """Remove all entries."""
        ...


class ContactStore(Protocol):
    """The user's own contacts. Raises StorageError."""

    async def all(self, search: str = "") -> list[Contact]:
        """Contacts by name, those matching `search` in name, company or number when given."""
        ...

    async def put(self, contact: Contact) -> None:
        """Add or replace by id."""
        ...

    async def delete(self, contact_id: str) -> None:
        """Remove one."""
        ...


@dataclass(frozen=True, slots=True)
class Discovery:
    """What `/.well-known/softphone` says, checked. Empty fields where it says nothing.

    `sip_domain`, `transport`, `number_format` ("national" | "international" | ""), `service_url`,
    `minimum_version`.
    """

    sip_domain: str = ""
    transport: str = ""
    number_format: str = ""
    service_url: str = ""
    minimum_version: str = ""


class Directory(Protocol):
    """Asks a server what it offers (HTTPS, 2 s, 64 KB, no redirect to another host)."""

    async def discover(self, host: str, *, ca_file: str = "") -> Discovery | None:
        """None where the server has nothing to say or can't be asked."""
        ...


class CompanyService(Protocol):
    """The company service at a URL, over verified HTTPS; a redirect is never followed."""

    async def sign_in(self, url: str, request: DeviceSignIn, *, ca_file: str = "") -> DeviceCredentials:
        """What it issues for this device. Raises SignInRefused."""
        ...

    async def revoke(self, url: str, request: DeviceRevocation, *, ca_file: str = "") -> bool:
        """Ask it to forget this device; False where it can't be asked or does not know it."""
        ...


class Screenshot(Protocol):
    """Filled by the user interface; a headless program has none."""

    async def save(self, path: Path) -> None:
        """Write a PNG of all open windows."""
        ...
