"""A video file as a camera: `file:PATH`, played round and round at its own rate."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from devices.cameras.running import RunningCamera
from devices.cameras.types import CameraFailure, CameraInfo, OnLost, OnPicture, Picture, Wish
from devices.notices import Notice

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

PREFIX = "file:"
USUAL_FPS = 25.0
ONLY_FILES = {"protocol_whitelist": "file"}
"""A playlist must not fetch anything from a network."""
LATE_S = 0.2
"""Whoever is this far behind starts over from now instead of hurrying."""


class _Film:
    """One file, decoded as time goes by; implements running.Source."""

    def __init__(self, path: Path) -> None:
        """Raises CameraFailure."""
        import av  # with the first film, not with the program

        self._path = path
        try:
            self._container: InputContainer = av.open(f"file:{path}", options=ONLY_FILES)
            self._video = self._container.streams.video[0]
        except FileNotFoundError as failure:
            raise CameraFailure(f"{path} is not there", "missing") from failure
        except PermissionError as failure:
            raise CameraFailure(f"{path} may not be read", "denied") from failure
        except (OSError, IndexError, av.FFmpegError) as failure:
            raise CameraFailure(f"{path} is no video: {failure}") from failure
        self.fps = float(self._video.average_rate or USUAL_FPS)
        self._frames = self._decoded()
        self._due = time.monotonic()

    def next(self, wait: Callable[[float], bool]) -> Picture | None:
        """See running.Source."""
        frame = self._frame()
        self._due += 1 / self.fps
        if self._due < time.monotonic() - LATE_S:
            self._due = time.monotonic()
        if wait(max(0.0, self._due - time.monotonic())):
            return None
        return Picture(frame, time.monotonic())

    def close(self) -> None:
        """See running.Source."""
        self._container.close()

    def _frame(self) -> av.VideoFrame:
        import av

        try:
            frame = next(self._frames, None)
            if frame is None:
                self._container.seek(0)
                self._frames = self._decoded()
                frame = next(self._frames, None)
        except (OSError, av.FFmpegError) as failure:
            raise CameraFailure(f"{self._path} can't be read any more: {failure}") from failure
        if frame is None:
            raise CameraFailure(f"{self._path} has no picture")
        return frame

    def _decoded(self) -> Iterator[av.VideoFrame]:
        return self._container.decode(self._video)


class FileCameras:
    """`file:PATH`. Such cameras are never listed: a person names them. Implements types.CameraDriver."""

    name = "file"

    def cameras(self) -> tuple[CameraInfo, ...]:
        """None: files are named, not found."""
        return ()

    def find(self, camera: str) -> CameraInfo | None:
        """The file's camera, where the file is there."""
        path = Path(camera.removeprefix(PREFIX))
        return CameraInfo(camera, path.name) if camera.startswith(PREFIX) and path.is_file() else None

    def open(self, camera: str, wish: Wish, on_picture: OnPicture, on_lost: OnLost) -> RunningCamera:
        """See types.CameraDriver."""
        if self.find(camera) is None:
            raise CameraFailure(f"{camera} is not there", "missing")
        return RunningCamera(_Film(Path(camera.removeprefix(PREFIX))), on_picture, on_lost)

    def watch(self, changed: Notice) -> Notice:
        """Files are never plugged: `changed` is never called."""
        return lambda: None

    def close(self) -> None:
        """Nothing is held open."""
