"""Modules that a start can do without, loaded beside the loop before somebody has to wait for them."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from softphone.domain.account import Account, LineState
from softphone.domain.events import AccountChanged, CallChanged, Event
from softphone.runtime.bus import Bus
from softphone.runtime.collector import spare_what_stays


@dataclass(frozen=True, slots=True)
class Needs:
    """Names of modules: what every call needs, and what only some calls do."""

    calls: tuple[str, ...] = ()
    some_calls: tuple[str, ...] = ()


async def prepare(needs: Needs, account: Account, bus: Bus) -> None:
    """Load what calls need once the line has settled, what only some need while the first one rings.

    A call that comes before that is done waits for it. Raises ImportError.
    """
    called = _told(bus, lambda event: isinstance(event, CallChanged))
    if account.state is LineState.SIGNING_IN:
        await _told(bus, _settled).wait()
    await asyncio.to_thread(preload, needs.calls)
    await called.wait()
    await asyncio.to_thread(preload, needs.some_calls)


def preload(modules: Sequence[str]) -> None:
    """Load them; to be called on a thread of its own. Raises ImportError."""
    for name in modules:
        importlib.import_module(name)
    spare_what_stays()


def _settled(event: Event) -> bool:
    return isinstance(event, AccountChanged) and event.account.state is not LineState.SIGNING_IN


def _told(bus: Bus, wanted: Callable[[Event], bool]) -> asyncio.Event:
    """Set by the first event that `wanted` accepts."""
    happened = asyncio.Event()

    def hear(event: Event) -> None:
        if wanted(event):
            happened.set()
            silence()

    silence = bus.subscribe(hear)
    return happened
