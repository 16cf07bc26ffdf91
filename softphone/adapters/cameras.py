"""The cameras of this computer: which there are, the one in use, and who gets its pictures.

The device is open while somebody wants its pictures (the test page, a meeting) and let go with the last of
them. When it is unplugged everybody is told, and the first one there is used until the one that was set is
back. Lives on the engine loop; looking for devices, opening and closing them is done by a worker.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar, TypeVarTuple, Unpack

from devices.cameras.types import CameraDriver, CameraFailure, CameraInfo, OpenCamera, Picture, Wish
from softphone.adapters.camera_preview import CameraPreview
from softphone.domain.meeting import DeviceCheck
from softphone.domain.picture import PictureSlot
from softphone.ports.meetings import Camera
from softphone.runtime.frames import FrameSlot
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

T = TypeVar("T")
A = TypeVarTuple("A")

Sink = Callable[[Picture], None]
"""Gets pictures on the camera's thread and must not keep it."""

FILM = "file:"
"""A film may show the same picture for a while, where a real camera has its noise; and who set one is not
shown by a real camera when it is gone."""

CHECKS = {
    "missing": DeviceCheck.MISSING,
    "denied": DeviceCheck.DENIED,
    "busy": DeviceCheck.BUSY,
    "failed": DeviceCheck.FAILED,
}


class CameraDesk:
    """Implements ports.Cameras, and gives a meeting its pictures by `attach` and `detach`."""

    def __init__(
        self, driver: CameraDriver, wanted: Callable[[], str] = str, wish: Callable[[], Wish] = Wish
    ) -> None:
        """`wanted` is the setting `video.camera`: an id, or "" for the first one; `wish` is what is asked of
        a camera that is opened."""
        self._driver = driver
        self.wanted = wanted
        self._wish = wish
        self._worker = ThreadPoolExecutor(1, "cameras")
        self._tasks = Tasks()
        self._callbacks: list[Callable[[Sequence[Camera]], None]] = []
        self._cameras: tuple[CameraInfo, ...] = ()
        self._unlisted: tuple[CameraInfo, ...] = ()
        self._told: tuple[tuple[CameraInfo, ...], CameraInfo | None] = (), None
        self._sinks: tuple[Sink, ...] = ()
        self._open: OpenCamera | None = None
        self._opened: tuple[str, Wish] | None = None
        self._failed = DeviceCheck.UNKNOWN
        self._slot = FrameSlot()
        self._preview = CameraPreview(self._slot)
        self._settling = asyncio.Lock()
        self._unwatch: Callable[[], None] | None = None
        self.on_state: Callable[[], None] = lambda: None
        """Called when the camera in use was lost, came back or was changed."""

    async def start(self) -> None:
        """Look for cameras, and follow plugging from now on."""
        loop = asyncio.get_running_loop()

        def plugged() -> None:
            with suppress(RuntimeError):  # the loop may have closed while the notice was under way
                loop.call_soon_threadsafe(self._plugged)

        self._unwatch = await self._run(self._driver.watch, plugged)
        await self._look()

    async def close(self) -> None:
        """Let the camera go; harmless when done already."""
        self._sinks = ()
        await self._settle()
        await self._tasks.close()
        if self._unwatch is not None:
            unwatch, self._unwatch = self._unwatch, None
            await self._run(unwatch)
            await self._run(self._driver.close)
        self._worker.shutdown(wait=False)

    # --- ports.Cameras ----------------------------------------------------------------------------------

    def listen(self, callback: Callable[[Sequence[Camera]], None]) -> None:
        """See ports.Cameras."""
        self._callbacks.append(callback)

    def cameras(self) -> tuple[Camera, ...]:
        """See ports.Cameras."""
        return tuple(Camera(info.id, info.name) for info in self._cameras)

    def used(self) -> Camera | None:
        """See ports.Cameras. A file or test camera that a person set is never listed."""
        info = self._chosen()
        return Camera(info.id, info.name) if info else None

    async def preview(self, on: bool) -> DeviceCheck:
        """See ports.Cameras."""
        if on:
            return await self.attach(self._preview.only)
        await self.detach(self._preview.only)
        return DeviceCheck.OFF

    def check(self) -> DeviceCheck:
        """See ports.Cameras."""
        if self._open is None:
            return self._failed if self._sinks else DeviceCheck.OFF
        return self._preview.check()

    def self_picture(self) -> PictureSlot:
        """See ports.Cameras."""
        return self._slot

    # --- a meeting's side -------------------------------------------------------------------------------

    @property
    def on(self) -> bool:
        """Whether a camera is open now."""
        return self._open is not None

    async def attach(self, sink: Sink) -> DeviceCheck:
        """Give `sink` pictures from now on; how opening the camera went."""
        if sink not in self._sinks:
            self._sinks = (*self._sinks, sink)
        if self._open is None:
            self._failed = DeviceCheck.UNKNOWN
        await self._settle()
        return self.check()

    async def detach(self, sink: Sink) -> None:
        """No more pictures; harmless when done already."""
        self._sinks = tuple(other for other in self._sinks if other != sink)
        await self._settle()

    async def choose(self) -> None:
        """The setting changed: use the camera it names."""
        await self._look()

    def look(self, height: int) -> None:
        """How tall one's own picture is shown in pixels; 0 while hidden."""
        self._preview.shown = height

    # --- the device -------------------------------------------------------------------------------------

    def _chosen(self) -> CameraInfo | None:
        wanted = self.wanted()
        there = (info for info in (*self._cameras, *self._unlisted) if info.id == wanted)
        first = None if wanted.startswith(FILM) else next(iter(self._cameras), None)
        return next(there, first)

    def _plugged(self) -> None:
        self._tasks.spawn(self._look(), "camera list")

    async def _look(self) -> None:
        self._cameras = await self._run(self._driver.cameras)
        await self._find()
        await self._settle()
        now = self._cameras, self._chosen()
        if now != self._told:
            self._told = now
            for callback in tuple(self._callbacks):
                callback(self.cameras())

    async def _find(self) -> None:
        """The camera that was set may be one that is never listed."""
        wanted = self.wanted()
        listed = any(info.id == wanted for info in self._cameras)
        found = await self._run(self._driver.find, wanted) if wanted and not listed else None
        self._unlisted = (found,) if found else ()

    async def _settle(self) -> None:
        """Bring the open device in line with what is wanted and there."""
        async with self._settling:
            if self._sinks:
                await self._find()
            chosen = self._chosen() if self._sinks else None
            wanted = (chosen.id, self._wish()) if chosen else None
            if self._open is not None and self._opened != wanted:
                await self._let_go()
            if self._sinks and self._open is None:
                await self._try(chosen)

    async def _try(self, chosen: CameraInfo | None) -> None:
        if chosen is None:
            self._failed = DeviceCheck.MISSING
            return
        loop = asyncio.get_running_loop()

        def lost(failure: CameraFailure) -> None:
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(self._lost, chosen.id, failure)

        wish = self._wish()
        self._preview.reset(moves=not chosen.id.startswith(FILM))
        try:
            self._open = await self._run(self._driver.open, chosen.id, wish, self._picture, lost)
        except CameraFailure as failure:
            log.info("the camera can't be used (%s): %s", failure.reason, failure)
            self._failed = CHECKS[failure.reason]
            return
        self._opened = chosen.id, wish
        self.on_state()

    async def _let_go(self) -> None:
        camera, self._open = self._open, None
        if camera is not None:
            self._failed = DeviceCheck.UNKNOWN
            await self._run(camera.close)
            self._slot.put(None)
            self.on_state()

    def _lost(self, camera: str, failure: CameraFailure) -> None:
        if self._open is None or self._opened is None or self._opened[0] != camera:
            return
        log.info("the camera is gone (%s): %s", failure.reason, failure)
        self._open = None
        self._failed = CHECKS[failure.reason]
        self._slot.put(None)
        self.on_state()
        self._plugged()

    def _picture(self, picture: Picture) -> None:
        """On the camera's thread."""
        self._preview.picture(picture)
        for sink in self._sinks:
            sink(picture)

    async def _run(self, call: Callable[[Unpack[A]], T], *args: *A) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, call, *args)
