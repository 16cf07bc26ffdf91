"""The camera on the test page: which one, its picture, and what keeps it from giving one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

from resources.words import Words, marked
from softphone.domain.events import Event, SettingChanged
from softphone.domain.meeting import DeviceCheck
from softphone.domain.picture import PictureSlot
from softphone.ports.meetings import Cameras
from softphone.presenters.meeting_words import CAMERA_CHECKS
from softphone.presenters.parts import Choice, Option, Sign
from softphone.presenters.presenter import Presenter
from softphone.services.settings import Settings

CAMERA = "video.camera"
MEETING, SETTINGS = "meeting", "settings"
"""Where somebody may look."""

PLACES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "win32": (
            "ms-settings:privacy-webcam",
            marked("Windows Settings → Privacy & security → Camera: let desktop apps use it."),
        ),
        "darwin": (
            "x-apple.systempreferences:com.apple.preference.security?Privacy_Camera",
            marked("System Settings → Privacy & Security → Camera: switch Softphone on."),
        ),
    }
)
ANY_PLACE = marked("Ask your IT support for the right to use the camera.")


@dataclass(frozen=True, slots=True)
class CameraView:
    """`slot` holds one's own picture. `help` says where to allow the camera, or that not the chosen one is
    used; `place` is a URL the system opens at its switch for the camera, `again` says that trying again may
    help.
    """

    choice: Choice
    sign: Sign
    help: str
    place: str
    again: bool
    slot: PictureSlot


class CameraPresenter(Presenter[CameraView]):
    """Opens the camera while somebody looks at a test page and wants a picture: before a meeting, in the
    settings, or both at once.
    """

    def __init__(
        self,
        cameras: Cameras,
        settings: Settings,
        words: Words,
        emit: Callable[[CameraView], None],
        *,
        platform: str = sys.platform,
    ) -> None:
        super().__init__(words, emit)
        self._cameras, self._settings, self._platform = cameras, settings, platform
        self._places: dict[str, bool] = {}
        self._wanted = True
        self._check = DeviceCheck.UNKNOWN
        cameras.listen(lambda _known: self._look())

    @property
    def found(self) -> DeviceCheck:
        """How the camera did."""
        if not (self._looking if self._places else self._wanted):
            return DeviceCheck.OFF
        return self._check if self._cameras.used() or self._cameras.cameras() else DeviceCheck.MISSING

    def compose(self) -> CameraView:
        """The camera as it stands."""
        check = self.found
        icon, text, tone = CAMERA_CHECKS[check]
        place, where = PLACES.get(self._platform, ("", ANY_PLACE))
        denied = check is DeviceCheck.DENIED
        return CameraView(
            choice=self._choice(),
            sign=Sign(icon, self._(text), tone),
            help=self._(where) if denied else self._instead(check),
            place=place if denied else "",
            again=check in (DeviceCheck.BUSY, DeviceCheck.FAILED, DeviceCheck.DENIED),
            slot=self._cameras.self_picture(),
        )

    def _instead(self, check: DeviceCheck) -> str:
        chosen, used = self._settings.text(CAMERA), self._cameras.used()
        if not chosen or used is None or used.id == chosen or check is DeviceCheck.OFF:
            return ""
        return self._("{device} is used, as the one you chose is not there.").format(device=used.name)

    def _choice(self) -> Choice:
        known, used = self._cameras.cameras(), self._cameras.used()
        if used is not None and used not in known:
            known = (used, *known)  # a film set as camera is never listed
        options = tuple(Option(camera.id, camera.name) for camera in known)
        if not options:
            return Choice(locked=True, missing=self._("No camera"))
        locked = self._settings.locked(CAMERA)
        return Choice(options, used.id if used is not None else "", locked, self._("Choose a camera"))

    def hear(self, event: Event) -> None:
        """Follow the choice of another camera."""
        if isinstance(event, SettingChanged) and event.key == CAMERA:
            self.render()

    def tick(self) -> None:
        """A black or a frozen picture shows itself after a while, and a camera may come and go."""
        if self._looking:
            self._look()

    def _look(self) -> None:
        if self._looking:
            self._check = self._cameras.check()
        self.render()

    async def watch(self, on: bool, wanted: bool, place: str = MEETING) -> None:
        """Somebody looks at a place, or has stopped looking; `wanted`: with the camera on."""
        before = self._looking
        self._places.pop(place, None)
        if on:
            self._places[place] = wanted
        if place == MEETING:
            self._wanted = wanted
        if before != self._looking:
            await self._preview()
        else:
            self.render()

    async def again(self) -> None:
        """Open the camera anew."""
        await self._cameras.preview(False)
        await self._preview()

    async def choose(self, camera_id: str) -> None:
        """Use another camera."""
        await self._settings.set(CAMERA, camera_id)
        if self._looking:
            await self.again()

    async def release(self) -> None:
        """The test page lets the camera go before the meeting opens it; how it did stays known."""
        self._places.pop(MEETING, None)
        if not self._looking:
            await self._cameras.preview(False)

    @property
    def _looking(self) -> bool:
        return any(self._places.values())

    async def _preview(self) -> None:
        if not self._looking:
            await self._cameras.preview(False)
        else:
            self._check = DeviceCheck.UNKNOWN
            self.render()
            self._check = await self._cameras.preview(True)
        self.render()
