"""Which devices a role may use, the best first."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass

from devices.types import SoundDevice
from softphone.domain.device import SYSTEM_DEFAULT, Device

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

    def candidates(self, chosen: str, able: Able) -> tuple[SoundDevice, ...]:
        """The chosen device, the system's default, then whatever else could: a call must not fall silent."""
        default = "default_input" if able is hears else "default_output"
        fit = [device for device in self._open_to(chosen) if able(device)]
        return tuple(sorted(fit, key=lambda device: (device.id != chosen, not getattr(device, default))))

    def ring(self, chosen: Sequence[str]) -> tuple[SoundDevice, ...]:
        """Every chosen device that is there, each once; where all of them are gone, the system's default."""
        if not chosen:
            return ()
        default = self.candidates(SYSTEM_DEFAULT, plays)[:1]
        found: dict[str, SoundDevice] = {}
        for identity in chosen:
            there = [device for device in self._open_to(identity) if device.id == identity and plays(device)]
            found.update((device.id, device) for device in (default if identity == SYSTEM_DEFAULT else there))
        return tuple(found.values()) or default

    def without(self, ids: Container[str]) -> Reachable:
        """What is left when these have failed."""
        return Reachable(
            tuple(device for device in self.listed if device.id not in ids),
            tuple(device for device in self.named if device.id not in ids),
        )

    def _open_to(self, chosen: str) -> tuple[SoundDevice, ...]:
        return (*self.listed, *(device for device in self.named if device.id == chosen))


def as_domain(devices: Iterable[SoundDevice]) -> tuple[Device, ...]:
    """The drivers' devices as the core and its windows know them."""
    return tuple(Device(d.id, d.name, hears(d), plays(d), d.default_input, d.default_output) for d in devices)
