"""Which devices a role may use, the best first, and why it uses what it uses."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

from devices.types import SoundDevice
from softphone.domain.device import ANY_OUTPUT, IN_EAR, SYSTEM_DEFAULT, Device, Reason, Standing
from softphone.domain.device_kind import guess_kind

Able = Callable[[SoundDevice], bool]


def hears(device: SoundDevice) -> bool:
    """Whether it has a microphone."""
    return device.inputs > 0


def plays(device: SoundDevice) -> bool:
    """Whether it can play."""
    return device.outputs > 0


@dataclass(frozen=True, slots=True)
class Reachable:
    """Devices that are listed, and those only a choice names (files), which serve that choice alone."""

    listed: tuple[SoundDevice, ...] = ()
    named: tuple[SoundDevice, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """Ids of all of them."""
        return frozenset(device.id for device in (*self.listed, *self.named))

    def candidates(self, wishes: Sequence[str], able: Able) -> tuple[SoundDevice, ...]:
        """The wished devices in their order, the system's default, then whatever else could: a call must
        not fall silent."""
        found = [device for wish in (*wishes, SYSTEM_DEFAULT) for device in self._meant(wish, able)]
        return _once((*found, *(device for device in self.listed if able(device))))

    def alerts(self, wishes: Sequence[str], ear: SoundDevice | None) -> tuple[SoundDevice, ...]:
        """Where an alert is tried before it sounds in the ear: the wishes down to the ear itself."""
        found: list[SoundDevice] = []
        for wish in wishes:
            meant = self._meant(wish, plays)
            if wish == IN_EAR or (ear is not None and ear in meant):
                break
            found.extend(meant)
        return _once(found)

    def ring(self, chosen: Sequence[str]) -> tuple[SoundDevice, ...]:
        """Every chosen device that is there, each once; where all of them are gone, the system's default."""
        if not chosen:
            return ()
        default = self.candidates((), plays)[:1]
        found: list[SoundDevice] = []
        for identity in chosen:
            if identity == ANY_OUTPUT:
                found.extend(device for device in self.listed if plays(device))
            else:
                found.extend(default if identity == SYSTEM_DEFAULT else self._meant(identity, plays))
        return _once(found) or default

    def without(self, ids: Container[str]) -> Reachable:
        """What is left when these have failed."""
        return Reachable(
            tuple(device for device in self.listed if device.id not in ids),
            tuple(device for device in self.named if device.id not in ids),
        )

    def standing(
        self, wishes: Sequence[str], used: SoundDevice | None, able: Able, *, denied: bool = False
    ) -> Standing:
        """Why a role with these wishes uses this device, or none."""
        wanted = next(iter(wishes), SYSTEM_DEFAULT)
        meant = self._meant(wanted, able)
        if denied:
            reason = Reason.PERMISSION
        elif not self.candidates(wishes, able):
            reason = Reason.NONE
        elif used is not None and (used in meant or (wanted == SYSTEM_DEFAULT and not meant)):
            reason = Reason.AS_WISHED
        else:
            reason = Reason.FAILED if meant or wanted == SYSTEM_DEFAULT else Reason.NOT_PLUGGED_IN
        identity = used.id if used is not None else ""
        return Standing(wanted, identity, reason, identity in wishes)

    def _meant(self, wish: str, able: Able) -> tuple[SoundDevice, ...]:
        """What one id of a list stands for now."""
        if wish == SYSTEM_DEFAULT:
            default = "default_input" if able is hears else "default_output"
            return tuple(d for d in self.listed if able(d) and getattr(d, default))
        return tuple(d for d in (*self.listed, *self.named) if able(d) and d.id == wish)


def _once(devices: Iterable[SoundDevice]) -> tuple[SoundDevice, ...]:
    return tuple({device.id: device for device in devices}.values())


def as_domain(devices: Iterable[SoundDevice]) -> tuple[Device, ...]:
    """The drivers' devices as the core and its windows know them."""
    return tuple(
        Device(
            d.id, d.name, hears(d), plays(d), d.default_input, d.default_output, guess_kind(d.name, d.kind)
        )
        for d in devices
    )
