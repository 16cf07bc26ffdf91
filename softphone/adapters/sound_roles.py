"""Which devices a role may use, the best first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from devices.types import SoundDevice
from softphone.domain.device import SYSTEM_DEFAULT, Device

Able = Callable[[SoundDevice], bool]


def hears(device: SoundDevice) -> bool:
    """Whether it has a microphone."""
    return device.inputs > 0


def plays(device: SoundDevice) -> bool:
    """Whether it can play."""
    return device.outputs > 0


def candidates(present: Sequence[SoundDevice], chosen: str, able: Able) -> tuple[SoundDevice, ...]:
    """The chosen device, the system's default, then whatever else could: a call must not fall silent."""
    default = "default_input" if able is hears else "default_output"
    fit = [device for device in present if able(device)]
    return tuple(sorted(fit, key=lambda device: (device.id != chosen, not getattr(device, default))))


def ring_devices(present: Sequence[SoundDevice], chosen: Sequence[str]) -> tuple[SoundDevice, ...]:
    """Every chosen device that is there, each once; where all of them are gone, the system's default."""
    if not chosen:
        return ()
    default = candidates(present, SYSTEM_DEFAULT, plays)[:1]
    found: dict[str, SoundDevice] = {}
    for identity in chosen:
        named = (
            default if identity == SYSTEM_DEFAULT else [d for d in present if d.id == identity and plays(d)]
        )
        found.update((device.id, device) for device in named)
    return tuple(found.values()) or default


def as_domain(devices: Iterable[SoundDevice]) -> tuple[Device, ...]:
    """The drivers' devices as the core and its windows know them."""
    return tuple(Device(d.id, d.name, hears(d), plays(d), d.default_input, d.default_output) for d in devices)
