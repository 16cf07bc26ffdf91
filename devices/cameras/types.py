"""What a camera driver is. Pictures come on a thread of the camera's own, the newest at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from devices.notices import Notice

if TYPE_CHECKING:
    import av

Reason = Literal["missing", "denied", "busy", "failed"]


class CameraFailure(Exception):
    """A camera could not be opened or has gone; the text names it, `reason` is why, as far as known."""

    def __init__(self, text: str, reason: Reason = "failed") -> None:
        super().__init__(text)
        self.reason: Reason = reason


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera of one driver. `id` = "driver:name", stable over plugging, never an index."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a camera; it gives what it can."""

    width: int = 1280
    height: int = 720
    fps: int = 30


@dataclass(frozen=True, slots=True)
class Picture:
    """A raw picture of any pixel format; `captured_at` in monotonic seconds. Never changed afterwards."""

    frame: av.VideoFrame
    captured_at: float


OnPicture = Callable[[Picture], None]
OnLost = Callable[[CameraFailure], None]


class OpenCamera(Protocol):
    """A camera in use, until `close`."""

    @property
    def fps(self) -> float:
        """What it says it gives."""
        ...

    def close(self) -> None:
        """Let the device go (its light goes out) and wait for that; none comes after. Harmless twice."""
        ...


class CameraDriver(Protocol):
    """One way to reach cameras. All calls may block: none is made on the engine's loop."""

    name: str

    def cameras(self) -> tuple[CameraInfo, ...]:
        """Those there are now."""
        ...

    def find(self, camera: str) -> CameraInfo | None:
        """What this id names, None where it is not there."""
        ...

    def open(self, camera: str, wish: Wish, on_picture: OnPicture, on_lost: OnLost) -> OpenCamera:
        """Open a camera; both callbacks come on its thread, `on_lost` once at most. Raises CameraFailure."""
        ...

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` from any thread when cameras come or go; the returned function ends it."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...
