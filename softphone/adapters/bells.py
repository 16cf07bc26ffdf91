"""What calls a person: the ring of a call that comes, alerts in a call; on streams of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from devices.types import DeviceFailure, Pcm, PlayoutStream
from softphone.adapters.alert import ALERTS, Alerts
from softphone.adapters.ringer import Ringer
from softphone.adapters.roles import Roles
from softphone.adapters.sound_worker import SoundWorker
from softphone.domain.errors import DeviceError
from softphone.runtime.tasks import Tasks

TRY_RING_S = 2.0


class Bells:
    """Rings and alerts on the places that `roles` names. `in_ear` plays a tone where speech is heard.

    `failed` is called when a place could not ring, `alerted` when it is known how an alert's place fared.
    """

    def __init__(
        self,
        opener: Callable[[str], PlayoutStream],
        tone: Callable[[str], Iterator[Pcm]],
        roles: Roles,
        worker: SoundWorker,
        tasks: Tasks,
        *,
        in_ear: Callable[[str], None],
        failed: Callable[[], None],
        alerted: Callable[[], None],
    ) -> None:
        self._roles = roles
        self._in_ear = in_ear
        self._failed, self._alerted = failed, alerted
        self._ringing = False
        self._ringer = Ringer(opener, lambda: tone("ring"), worker, tasks, self._ring_failed)
        self._alerts = Alerts(opener, tone, in_ear, self._alert_done, worker, tasks)

    def start(self) -> None:
        """Ring, also where it failed before."""
        self._ringing = True
        self._roles.ring_anew()
        self.follow()

    def stop(self) -> None:
        """Be silent."""
        self._ringing = False
        self.follow()

    def follow(self) -> None:
        """Bring the rings in line with the places there are."""
        self._ringer.ring_on(self._roles.rings() if self._ringing else ())

    def play(self, name: str) -> None:
        """An alert on its place, any other tone in the ear. Returns at once."""
        if name in ALERTS:
            self._alerts.play(name, self._roles.alerts())
        else:
            self._in_ear(name)

    async def try_on(self, device_id: str) -> None:
        """Ring on one device for a moment. Raises DeviceError."""
        device = self._roles.output(device_id)
        if device is None:
            raise DeviceError(device_id)
        try:
            await self._ringer.try_on(device, TRY_RING_S)
        except DeviceFailure as failure:
            raise DeviceError(device.name) from failure

    def end_tries(self) -> None:
        """Silence the devices that are only tried."""
        self._ringer.end_tries()

    def _ring_failed(self, identity: str) -> None:
        self._roles.ring_failed(identity)
        self._failed()

    def _alert_done(self, identity: str, played: bool) -> None:
        self._roles.alert_done(identity, played)
        self._alerted()
