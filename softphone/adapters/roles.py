"""The roles: what each is wished to use, what it can use now, and what it uses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from devices.registry import Drivers
from devices.types import CaptureStream, PlayoutStream, SoundDevice
from softphone.adapters.role_stream import RETRY_S, RoleStream
from softphone.adapters.sound_roles import Reachable, as_domain, hears, plays
from softphone.adapters.sound_worker import SoundWorker
from softphone.domain.device import IN_EAR, PLACES, SYSTEM_DEFAULT, DeviceState, Standing


@dataclass(frozen=True, slots=True)
class Wishes:
    """Each role's list of ids, the best first; the ring's is a set."""

    microphone: tuple[str, ...] = (SYSTEM_DEFAULT,)
    speaker: tuple[str, ...] = (SYSTEM_DEFAULT,)
    ring: tuple[str, ...] = (SYSTEM_DEFAULT,)
    alert: tuple[str, ...] = (IN_EAR,)

    @property
    def devices(self) -> tuple[str, ...]:
        """Every id that a driver may know, each once."""
        every = (*self.microphone, *self.speaker, *self.ring, *self.alert)
        return tuple(identity for identity in dict.fromkeys(every) if identity not in PLACES)


class Roles:
    """Owns the streams of speech. `permission` says what the system allows the microphone ("denied" …)."""

    def __init__(
        self,
        drivers: Drivers,
        worker: SoundWorker,
        clock: Callable[[], float],
        permission: Callable[[], str],
        joined: tuple[Callable[[CaptureStream | None], None], Callable[[PlayoutStream | None], None]],
    ) -> None:
        self._drivers = drivers
        self._worker = worker
        self._clock = clock
        self._permission = permission
        self.microphone: RoleStream[CaptureStream] = RoleStream(
            drivers.open_capture, joined[0], worker, clock
        )
        self.speaker: RoleStream[PlayoutStream] = RoleStream(
            partial(drivers.open_playout, waits=True), joined[1], worker, clock, _begin
        )
        self.wishes = Wishes()
        self.reachable = Reachable()
        self._denied = False
        self._asked = 0.0
        self._no_ring: dict[str, float] = {}
        self._no_alert: set[str] = set()

    async def look(self) -> None:
        """Ask the drivers what is there now."""
        listed = await self._worker.run(self._drivers.devices)
        known = {device.id for device in listed}
        unlisted = [identity for identity in self.wishes.devices if identity not in known]
        found = [await self._worker.run(self._drivers.find, identity) for identity in unlisted]
        self.reachable = Reachable(listed, tuple(device for device in found if device is not None))
        await self._ask()

    async def _ask(self) -> None:
        self._denied = await self._worker.run(self._permission) == "denied"
        self._asked = self._clock()

    async def use(self, *, microphone: bool, speaker: bool) -> None:
        """Bring the streams in line with what is there, wished for and needed."""
        if self._denied and self._clock() >= self._asked + RETRY_S:
            await self._ask()
        hearing, speaking = self._microphones(), self._speakers()
        await self.microphone.use(hearing, needed=microphone)
        await self.speaker.use(speaking, needed=speaker)
        now, present = self._clock(), self.reachable.ids
        self._no_ring = {i: until for i, until in self._no_ring.items() if until > now and i in present}
        self._no_alert &= present

    def let_go(self) -> None:
        """Part with the streams in use."""
        self.microphone.let_go()
        self.speaker.let_go()

    def drop_lost(self) -> bool:
        """Part with streams whose device has died; whether there were any."""
        lost = [role for role in (self.microphone, self.speaker) if role.lost]
        for role in lost:
            role.let_go()
        return bool(lost)

    def output(self, device_id: str) -> SoundDevice | None:
        """The output of this id, or the system's; None where it is away."""
        found = self.reachable.ring((device_id,))
        return next((device for device in found if device_id in (device.id, SYSTEM_DEFAULT)), None)

    # --- ring and alert ---------------------------------------------------------------------------------

    def rings(self) -> tuple[SoundDevice, ...]:
        """Where a call rings now."""
        return self.reachable.without(self._no_ring).ring(self.wishes.ring)

    def ring_failed(self, identity: str) -> None:
        """A device could not ring: others do, and it may try again after a while."""
        self._no_ring[identity] = self._clock() + RETRY_S

    def ring_anew(self) -> None:
        """Another call: whatever failed may try again."""
        self._no_ring.clear()

    def alerts(self) -> tuple[SoundDevice, ...]:
        """Where an alert is tried before the ear."""
        return self.reachable.alerts(self.wishes.alert, self._best_speaker())

    def alert_done(self, identity: str, played: bool) -> None:
        """Whether an alert was heard there."""
        (self._no_alert.discard if played else self._no_alert.add)(identity)

    # --- how things stand -------------------------------------------------------------------------------

    def moments(self, microphone_until: float, speaker_until: float) -> list[float]:
        """When to look again: something that failed may be tried, a permission may be given, and an open
        device is needed no longer."""
        asking = self._asked + RETRY_S if self._denied and self.microphone.device is not None else None
        lingering = (
            microphone_until if self.microphone.device is not None else None,
            speaker_until if self.speaker.device is not None else None,
        )
        retries = (self.microphone.retry_at(), self.speaker.retry_at(), *self._no_ring.values())
        moments = (asking, *retries, *lingering)
        return [moment for moment in moments if moment is not None]

    def state(self) -> DeviceState:
        """Devices and roles, as the core knows them."""
        wishes, reachable = self.wishes, self.reachable
        microphone, speaker = self.microphone.best(self._microphones()), self._best_speaker()
        alert = next((place for place in self.alerts() if place.id not in self._no_alert), speaker)
        hearing = reachable.standing(wishes.microphone, microphone, hears, denied=self._denied)
        return DeviceState(
            as_domain(reachable.listed),
            wishes.microphone,
            wishes.speaker,
            wishes.ring,
            _name(microphone),
            _name(speaker),
            tuple(device.name for device in self.rings()),
            wishes.alert,
            _name(alert),
            hearing,
            reachable.standing(wishes.speaker, speaker, plays),
            self._alert_standing(alert, speaker),
        )

    def _alert_standing(self, alert: SoundDevice | None, ear: SoundDevice | None) -> Standing:
        wishes = self.wishes.alert or (IN_EAR,)
        if wishes[0] == IN_EAR:
            return Standing(IN_EAR, alert.id if alert else "", listed=True)
        standing = self.reachable.standing(wishes, alert, plays)
        in_ear = alert is not None and alert == ear and IN_EAR in wishes
        return replace(standing, listed=standing.listed or in_ear)

    def _microphones(self) -> tuple[SoundDevice, ...]:
        return self.reachable.candidates(self.wishes.microphone, hears)

    def _speakers(self) -> tuple[SoundDevice, ...]:
        return self.reachable.candidates(self.wishes.speaker, plays)

    def _best_speaker(self) -> SoundDevice | None:
        return self.speaker.best(self._speakers())


def _name(device: SoundDevice | None) -> str:
    return device.name if device is not None else ""


def _begin(stream: PlayoutStream) -> None:
    stream.begin()
