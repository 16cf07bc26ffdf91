"""This computer behind the ports, as far as it has to be opened and released: sound, telephony, cameras."""

from __future__ import annotations

from collections.abc import Callable

from devices.cameras.registry import system_cameras
from devices.cameras.types import Wish
from devices.permission import microphone_permission
from devices.registry import system_drivers
from softphone.adapters.cameras import CameraDesk
from softphone.adapters.sound import SoundAdapter
from softphone.adapters.telephony import SipTelephony
from softphone.runtime.tasks import Tasks
from softphone.services.settings import Settings

SIZES = {"360p": (640, 360), "540p": (960, 540), "720p": (1280, 720)}
"""Of pictures in pixels, by the setting `video.size`."""


class Computer:
    """`region` says whose tones are played (a country's two letters)."""

    def __init__(self, settings: Settings, region: Callable[[], str]) -> None:
        self.sound = SoundAdapter(system_drivers(), region=region, permission=microphone_permission)
        self.telephony = SipTelephony(self.sound, settings)
        self.cameras = CameraDesk(
            system_cameras(),
            lambda: settings.text("video.camera"),
            lambda: Wish(*SIZES[settings.text("video.size")]),
        )
        self._tasks = Tasks()
        for key in ("video.camera", "video.size"):
            settings.subscribe(key, self._camera_chosen)

    async def start(self) -> None:
        """Open what can be seen and heard."""
        await self.sound.start()
        await self.cameras.start()

    async def close(self) -> None:
        """Let everything go."""
        await self._tasks.close()
        await self.telephony.close()
        await self.sound.close()
        await self.cameras.close()

    def _camera_chosen(self, _: object) -> None:
        self._tasks.spawn(self.cameras.choose(), "camera chosen")
