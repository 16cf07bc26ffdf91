"""Places in meetings that outlive this run: their tokens in the keyring, until when they matter beside it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
from dataclasses import dataclass, field

from softphone.domain.errors import SecretsUnavailable
from softphone.ports import Clock, Secrets
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

MOST = 20
"""Places remembered; the one that ends first goes first."""

INDEX = "meetings.places"


@dataclass(frozen=True, slots=True)
class Place:
    """What takes a place in one meeting back. `token` is this device's where a link was opened, "" for an
    account; `resume` the newest resume token. `until`: Unix time after which nobody needs it."""

    appointment_id: str
    until: float
    token: str = field(default="", repr=False)
    resume: str = field(default="", repr=False)


def key_of(*parts: str) -> str:
    """Under which name a place is kept; tells nothing of a link's secret."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:24]


class PlaceMemory:
    """Without a keyring places last as long as this run."""

    def __init__(self, secrets: Secrets, settings: Settings, clock: Clock) -> None:
        self._secrets = secrets
        self._settings = settings
        self._clock = clock
        self._known: dict[str, Place] = {}
        self._writing = asyncio.Lock()

    async def find(self, key: str) -> Place | None:
        """The place kept under this key."""
        if key in self._known:
            return self._known[key]
        if key not in self._index():
            return None
        try:
            found = await self._secrets.get(_entry(key))
        except SecretsUnavailable as error:
            log.info("keyring: %s", error)
            return None
        place = _read(found or "")
        if place is not None:
            self._known[key] = place
        return place

    async def keep(self, key: str, place: Place) -> None:
        """Remember it in place of what was kept; kept when it returns, where there is a keyring."""
        self._known[key] = place
        async with self._writing:
            try:
                await self._secrets.set(_entry(key), _text(self._known.get(key, place)))
            except SecretsUnavailable as error:
                log.info("keyring: %s", error)
                return
            await self._reindex({**self._index(), key: place.until})

    async def _reindex(self, index: dict[str, float]) -> None:
        """Write the index, and remove from the keyring what is over or too much."""
        lasting = sorted(index, key=lambda key: index[key], reverse=True)[:MOST]
        staying = [key for key in lasting if index[key] > self._clock.time()]
        for key in index.keys() - set(staying):
            self._known.pop(key, None)
            try:
                await self._secrets.delete(_entry(key))
            except SecretsUnavailable as error:
                log.info("keyring: %s", error)
        written = tuple(f"{key}={index[key]:.0f}" for key in staying)
        if written != self._settings.names(INDEX):
            await self._settings.set(INDEX, written)

    def _index(self) -> dict[str, float]:
        parted = (entry.partition("=") for entry in self._settings.names(INDEX))
        return {key: float(until) for key, _, until in parted if key and until.isdigit()}


def _entry(key: str) -> str:
    return f"meeting {key}"


def _text(place: Place) -> str:
    return json.dumps([place.appointment_id, place.until, place.token, place.resume])


def _read(text: str) -> Place | None:
    try:
        appointment_id, until, token, resume = json.loads(text)
        return Place(str(appointment_id), float(until), str(token), str(resume))
    except (ValueError, TypeError, RecursionError):
        return None
