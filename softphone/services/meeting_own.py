"""One's own camera and microphone in a meeting: what the person wants, what flows, what the others know.

What is wanted outlives a lost connection, a waiting room and a phone call in between.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from service_api.meeting import Command, Done, MediaState
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import Trouble
from softphone.ports.meetings import MeetingMedia
from softphone.runtime.tasks import Tasks
from softphone.services.ids import new_id

log = logging.getLogger(__name__)


class OwnMedia:
    """`camera_on` and `microphone_on` are wanted, `camera` and `microphone` true. `on_changed`: any of it."""

    def __init__(
        self,
        media: MeetingMedia,
        signal: Callable[[Command], Awaitable[Done]],
        tasks: Tasks,
        on_changed: Callable[[], None],
        *,
        camera_on: bool,
        microphone_on: bool,
        held: bool,
    ) -> None:
        self._media = media
        self._signal = signal
        self._tasks = tasks
        self._on_changed = on_changed
        self.camera_on = camera_on
        self.microphone_on = microphone_on
        self.held = held
        self.flowing = False
        self._tried = False
        self._trouble = Trouble.NONE
        self._told: tuple[bool, bool] | None = None

    @property
    def camera(self) -> bool:
        """Whether one's picture is taken and sent."""
        return self.flowing and self._media.camera_on

    @property
    def microphone(self) -> bool:
        """Whether one is heard."""
        return self.flowing and self.microphone_on and not self.held

    @property
    def trouble(self) -> Trouble:
        """What is wrong with what flows."""
        if self._trouble or not self.flowing:
            return self._trouble
        failed = self._tried and self.camera_on and not self.camera
        return Trouble.CAMERA_FAILED if failed else Trouble.NONE

    def begin(self) -> None:
        """Media may flow: what is wanted is carried out, and the others are told anew."""
        self.flowing, self._tried, self._told = True, False, None
        self._tasks.spawn(self._carry_out(), "meeting media choices")

    def end(self) -> None:
        """It may no more."""
        self.flowing, self._trouble = False, Trouble.NONE

    async def want(self, *, camera: bool | None = None, microphone: bool | None = None) -> None:
        """Picture or sound on or off, None as it is; a picture where nothing flows, for later.

        What was begun may be heard and seen by the others while our connection is away: off is off at once.
        """
        self.camera_on = self.camera_on if camera is None else camera
        self.microphone_on = self.microphone_on if microphone is None else microphone
        self._on_changed()
        if microphone is not None:
            await self._media.microphone(self.microphone_on)
            self.changed()
        if camera is not None and (self.flowing or not self.camera_on):
            await self._show()

    async def hold(self, held: bool) -> None:
        """A phone call has the microphone, or has it no more."""
        if held != self.held:
            self.held = held
            await self._media.hold(held)
            self.changed()

    def changed(self) -> None:
        """Tracks, who speaks, or whether the camera is truly on: the others are told what concerns them."""
        flows = self.camera, self.microphone
        if self.flowing and flows != self._told:
            self._told = flows
            self._tasks.spawn(self._tell(*flows), "meeting media state")
        self._on_changed()

    def has_trouble(self, trouble: str) -> None:
        """What the media says is wrong, "" for nothing."""
        self._trouble = Trouble(trouble)
        self._on_changed()

    async def _carry_out(self) -> None:
        """Unless it may not flow any more: the camera is not opened for a meeting that one was put out of."""
        await self._media.microphone(self.microphone_on)
        await self._media.hold(self.held)
        if self.flowing:
            await self._show()

    async def _show(self) -> None:
        """The camera takes its time; what comes of it is known afterwards."""
        self._tried = False
        await self._media.camera(self.camera_on)
        self._tried = True
        self.changed()

    async def _tell(self, camera: bool, microphone: bool) -> None:
        try:
            await self._signal(MediaState(id=new_id(), camera=camera, microphone=microphone))
        except (MeetingRefused, ServiceUnreachable) as error:
            log.info("camera and microphone are not told: %s", error.code)
