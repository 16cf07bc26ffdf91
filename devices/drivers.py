"""What registries of sound and camera drivers share: an id begins with its driver's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, Protocol, TypeVar

from devices.notices import Notice


class Driver(Protocol):
    """As much of a driver as a registry needs."""

    name: str

    def watch(self, changed: Notice) -> Notice:
        """Call `changed` (from any thread) when devices come or go; the returned function ends it."""
        ...

    def close(self) -> None:
        """Release everything."""
        ...


D = TypeVar("D", bound=Driver)


class Registry(Generic[D]):
    """Several drivers as one."""

    def __init__(self, drivers: Sequence[D]) -> None:
        self._drivers = tuple(drivers)

    def watch(self, changed: Notice) -> Notice:
        """See Driver."""
        stops = [driver.watch(changed) for driver in self._drivers]

        def stop() -> None:
            for stop_one in stops:
                stop_one()

        return stop

    def close(self) -> None:
        """See Driver."""
        for driver in self._drivers:
            driver.close()

    def _driver(self, device: str) -> D | None:
        name = device.partition(":")[0]
        return next((driver for driver in self._drivers if driver.name == name), None)
