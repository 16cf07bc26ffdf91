"""What works here and what is missing, one line each."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """One finding: `ok` False means that something a person needs is missing."""

    name: str
    ok: bool
    detail: str


class Missing(Exception):
    """A check's way to say that something is not there; the text says what."""


Probe = Callable[[], Awaitable[str]]
"""Returns what it found, or raises Missing."""


async def report(probes: Mapping[str, Probe]) -> list[Check]:
    """Run every probe; one that breaks is a finding like any other."""
    return [await _check(name, probe) for name, probe in probes.items()]


async def _check(name: str, probe: Probe) -> Check:
    try:
        return Check(name, True, await probe())
    except Missing as missing:
        return Check(name, False, str(missing))
    except Exception as error:
        log.info("check %s broke", name, exc_info=error)
        return Check(name, False, f"{type(error).__name__}: {error}")
