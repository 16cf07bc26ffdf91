"""How often a sign-in may fail. Nobody can lock out anybody else from another place or a known device."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service.domain.errors import SignInRefusedError
from service.domain.penalty import Penalty
from service.usecases.ports import Clock
from service_api.devices import ErrorCode

PER_NUMBER = 10
PER_DEVICE = 20
PER_NETWORK = 100
WINDOW_S = 15 * 60.0

MOST_WAITING = 50
"""Strangers in line: a few seconds' work, less than a program waits for its answer."""


class SignInLimits:
    """Budgets of failures in a quarter of an hour.

    A stranger has one for each (number, network) and one for the network; a device that is signed in with
    this number has its own and touches none of theirs. There is none for the number alone: whoever knows a
    number could otherwise keep its owner out.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._numbers = Penalty(PER_NUMBER, WINDOW_S)
        self._networks = Penalty(PER_NETWORK, WINDOW_S)
        self._devices = Penalty(PER_DEVICE, WINDOW_S)

    def exceeded(self, number: str, network: str, device: str | None) -> bool:
        """Whether this one has failed too often. `device` where the asker is a device known to the number."""
        now = self._clock.monotonic()
        return any(penalty.exceeded(key, now) for penalty, key in self._budgets(number, network, device))

    def began(self, number: str, network: str, device: str | None) -> None:
        """A failure until it `passed`: those looked at in the same moment are counted too."""
        for penalty, key in self._budgets(number, network, device):
            penalty.count(key, self._clock.monotonic())

    def passed(self, number: str, network: str, device: str | None) -> None:
        """The password was the right one: it costs nothing."""
        for penalty, key in self._budgets(number, network, device):
            penalty.forgive(key, self._clock.monotonic())

    def _budgets(self, number: str, network: str, device: str | None) -> tuple[tuple[Penalty, str], ...]:
        if device is not None:
            return ((self._devices, device),)
        return (self._numbers, f"{number} {network}"), (self._networks, network)


class SignInQueue:
    """Strangers' passwords are looked at one after the other; known devices go past them.

    However many guess from however many networks, whoever uses a computer as yesterday is not kept waiting.
    """

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._waiting = 0

    @asynccontextmanager
    async def turn(self, device: str | None) -> AsyncIterator[None]:
        """Wait for it. Raises SignInRefusedError(too-many-tries) where the line is too long."""
        if device is not None:
            yield
            return
        if self._waiting >= MOST_WAITING:
            raise SignInRefusedError(ErrorCode.TOO_MANY_TRIES)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1
