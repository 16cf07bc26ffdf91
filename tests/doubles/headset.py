"""A headset's buttons and lights at the port: tests press, and read what is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from softphone.domain.headset import HeadsetEvent, HeadsetLights, HeadsetState


class FakeHeadset:
    """Implements ports.Headset. `shown` holds every set of lights in order."""

    def __init__(self) -> None:
        self.shown: list[HeadsetLights] = []
        self.preferred: tuple[str, ...] = ()
        self.started = False
        self._callbacks: list[Callable[[HeadsetEvent], None]] = []

    @property
    def lights(self) -> HeadsetLights:
        """What is shown now."""
        return self.shown[-1] if self.shown else HeadsetLights()

    def press(self, event: HeadsetEvent) -> None:
        """Somebody presses."""
        for callback in tuple(self._callbacks):
            callback(event)

    def listen(self, callback: Callable[[HeadsetEvent], None]) -> None:
        """See ports.Headset."""
        self._callbacks.append(callback)

    def show(self, lights: HeadsetLights) -> None:
        """See ports.Headset."""
        self.shown.append(lights)

    def prefer(self, sound_devices: Sequence[str]) -> None:
        """See ports.Headset."""
        self.preferred = tuple(sound_devices)

    def state(self) -> HeadsetState:
        """See ports.Headset."""
        return HeadsetState(("Headset of nobody",) if self.started else ())

    async def start(self) -> None:
        """See ports.Headset."""
        self.started = True

    async def close(self) -> None:
        """See ports.Headset."""
        self.started = False
