"""What a system knows of its cameras that OpenCV does not tell: names, and who may use them."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Protocol

from devices.cameras.v4l2 import Found
from devices.cameras.v4l2 import check as check_v4l2
from devices.cameras.v4l2 import listed as listed_v4l2

__all__ = ["Found", "Linux", "System", "this_system"]


class System(Protocol):
    """One platform. `backend` is the name of OpenCV's constant for it."""

    @property
    def backend(self) -> str:
        """See above."""
        ...

    def listed(self) -> tuple[Found, ...]:
        """Cameras in the order of OpenCV's indexes."""
        ...

    def check(self, camera: Found) -> None:
        """Raises CameraFailure where the system already says that this camera can't be had."""
        ...


@dataclass(frozen=True, slots=True)
class Linux:
    """Video4Linux."""

    backend: str = "CAP_V4L2"

    def listed(self) -> tuple[Found, ...]:
        """See System."""
        return listed_v4l2()

    def check(self, camera: Found) -> None:
        """See System."""
        check_v4l2(camera.index)


def this_system() -> System:
    """The platform this runs on."""
    if sys.platform == "win32":
        from devices.cameras.windows import Windows

        return Windows()
    if sys.platform == "darwin":
        from devices.cameras.macos import MacOs

        return MacOs()
    return Linux()
