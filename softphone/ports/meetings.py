"""Meetings: the company service's side of them, the media, cameras."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from softphone.domain.meeting import Appointment, AppointmentWish, DeviceCheck, Invitation, JoinOffer, Track
from softphone.domain.picture import PictureSlot

if TYPE_CHECKING:
    from service_api.meeting import AnyEvent, Command, Done


@dataclass(frozen=True, slots=True)
class ServiceAccess:
    """The way to a company service: its base URL, and what to trust beside the system's certificates."""

    url: str
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    """A short-lived token of an account, or a guest's for one meeting."""

    token: str = field(repr=False)


class Appointments(Protocol):
    """Appointments over HTTPS. Each raises MeetingRefused (with the service's code) or ServiceUnreachable."""

    async def tokens(self, access: ServiceAccess, device_id: str, refresh_token: str) -> tuple[str, int, str]:
        """Access token, its seconds, and the next refresh token."""
        ...

    async def listed(self, access: ServiceAccess, bearer: Bearer) -> tuple[Appointment, ...]:
        """Everything this account hosts or is invited to."""
        ...

    async def make(
        self, access: ServiceAccess, bearer: Bearer, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """Make an appointment; of one draft id always the same, as the draft says the last time."""
        ...

    async def change(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """Change one; links of the new participants."""
        ...

    async def cancel(self, access: ServiceAccess, bearer: Bearer, appointment_id: str) -> None:
        """Cancel one."""
        ...

    async def new_link(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, participant_id: str
    ) -> Invitation:
        """A new personal link; the former one ends."""
        ...

    async def open_link(
        self, access: ServiceAccess, secret: str, device_name: str, device_token: str
    ) -> tuple[JoinOffer, str]:
        """Exchange a link's secret; what it invites to and this device's token."""
        ...


class Drafts(Protocol):
    """What was typed of an appointment and not sent yet, on disk. Raises StorageError."""

    async def load(self, owner: str) -> AppointmentWish | None:
        """This person's draft, or None; what can't be understood counts as none."""
        ...

    async def save(self, owner: str, wish: AppointmentWish | None) -> None:
        """Keep it in place of whatever is kept, or None: nothing; durable when it returns."""
        ...


TAKEN_OVER = "taken-over"
"""The connection ended because this place is used elsewhere now."""


class MeetingSocket(Protocol):
    """One WebSocket of one meeting, connected. Ended by `close` or by the other side."""

    async def send(self, command: Command) -> Done:
        """The command's answer. Raises MeetingRefused or ServiceUnreachable."""
        ...

    async def close(self) -> None:
        """Hang up; harmless twice."""
        ...


class MeetingSockets(Protocol):
    """Opens them."""

    async def connect(
        self,
        access: ServiceAccess,
        appointment_id: str,
        bearer: Bearer,
        on_event: Callable[[AnyEvent], None],
        on_lost: Callable[[str], None],
    ) -> MeetingSocket:
        """Connect; `on_lost` is called once when the connection ends without `close`.

        It is told why coming back is no use (a MeetingRefusal's value, or TAKEN_OVER), else "".
        Raises MeetingRefused or ServiceUnreachable.
        """
        ...


class MeetingMedia(Protocol):
    """Our sound and picture in one meeting, and everybody else's. All on the engine's loop.

    `signal` sends publish, subscribe, answer, adjust and unsubscribe. `picture(session)` gives the slot a
    widget paints from; "" is one's own. `on_trouble` is told a Trouble value, `on_changed` that tracks or who
    speaks changed.
    """

    async def start(
        self,
        signal: Callable[[Command], object],
        on_changed: Callable[[], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        """Be ready; nothing flows before `join`. `signal` is MeetingSocket.send."""
        ...

    async def join(self) -> None:
        """A ticket was redeemed: send, whatever was sent before."""
        ...

    async def leave(self) -> None:
        """Stop sending and receiving; camera and microphone are let go."""
        ...

    async def feed_added(self, feed: str, session: str, *, audio: bool, video: bool) -> None:
        """Receive it."""
        ...

    async def feed_removed(self, feed: str) -> None:
        """It is over."""
        ...

    async def camera(self, on: bool) -> bool:
        """Send the picture or release the device; whether it truly is on now."""
        ...

    @property
    def camera_on(self) -> bool:
        """Whether our picture is truly being taken and sent; `on_changed` is called when that changes."""
        ...

    async def microphone(self, on: bool) -> None:
        """Send sound or silence."""
        ...

    async def hold(self, on: bool) -> None:
        """A phone call has the microphone now: send silence, hear nothing of the meeting."""
        ...

    def look(self, session: str, height: int) -> None:
        """How tall a session's picture is shown in pixels; 0 while hidden."""
        ...

    def picture(self, session: str) -> PictureSlot:
        """The slot of a session's picture, the same one for as long as the meeting lasts; "" is one's own."""
        ...

    def tracks(self, session: str) -> tuple[Track, ...]:
        """What flows of a session now; "" is what we send."""
        ...

    def speaking(self) -> frozenset[str]:
        """Sessions that are heard now ("" for oneself)."""
        ...


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera by a stable id; `driver:` first, as sound devices have it."""

    id: str
    name: str


class Cameras(Protocol):
    """The cameras of this computer, for the test page."""

    def listen(self, callback: Callable[[Sequence[Camera]], None]) -> None:
        """Call `callback` when cameras come or go."""
        ...

    def cameras(self) -> tuple[Camera, ...]:
        """Those there are now."""
        ...

    def used(self) -> Camera | None:
        """The one that would be opened (setting `video.camera`, else the first)."""
        ...

    async def preview(self, on: bool) -> DeviceCheck:
        """Open the camera for one's own picture (slot `self_picture`), or let it go; how that went."""
        ...

    def check(self) -> DeviceCheck:
        """How the open camera does: black and frozen are told as they come."""
        ...

    def self_picture(self) -> PictureSlot:
        """One's own picture, mirrored by the widget."""
        ...
