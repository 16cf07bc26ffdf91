"""All camera drivers as one: a camera's id begins with the name of its driver."""

from __future__ import annotations

from devices.cameras.types import (
    CameraDriver,
    CameraFailure,
    CameraInfo,
    OnLost,
    OnPicture,
    OpenCamera,
    Wish,
)
from devices.drivers import Registry


class CameraDrivers(Registry[CameraDriver]):
    """Implements types.CameraDriver over several of them; ids are looked up by their first part."""

    name = ""

    def cameras(self) -> tuple[CameraInfo, ...]:
        """What all drivers list, in their order."""
        return tuple(camera for driver in self._drivers for camera in driver.cameras())

    def find(self, camera: str) -> CameraInfo | None:
        """See types.CameraDriver."""
        driver = self._driver(camera)
        return driver.find(camera) if driver else None

    def open(self, camera: str, wish: Wish, on_picture: OnPicture, on_lost: OnLost) -> OpenCamera:
        """See types.CameraDriver."""
        driver = self._driver(camera)
        if driver is None:
            raise CameraFailure(f"no camera driver for {camera}", "missing")
        return driver.open(camera, wish, on_picture, on_lost)


def system_cameras() -> CameraDrivers:
    """The drivers of this platform."""
    from devices.cameras.fake import FakeCameras
    from devices.cameras.file import FileCameras
    from devices.cameras.opencv import OpenCvCameras

    return CameraDrivers([OpenCvCameras(), FileCameras(), FakeCameras()])
