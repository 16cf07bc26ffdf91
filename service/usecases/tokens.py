"""What a device shows instead of a password: a short access token, and a refresh token that works once.

A refresh token is 256 random bits and a mark (HMAC-SHA256 with the service's key over device and bits). So a
token that was issued long ago is told from one that never was, and nothing of it has to be kept.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging

from service.domain.account import RefreshChain, Shown
from service.domain.errors import RefusedError
from service.domain.fingerprint import fingerprint
from service.usecases.devices import Devices
from service.usecases.ports import Chance, Clock, Keys
from service.usecases.storage import Store, Tables
from service_api.accounts import TokenRequest, Tokens
from service_api.states import MeetingRefusal

log = logging.getLogger(__name__)

ACCESS_S = 600
RANDOM_LENGTH = 43
"""Characters of 256 bits in base64url."""


class RefreshTokens:
    """Makes refresh tokens and knows its own."""

    def __init__(self, chance: Chance, keys: Keys) -> None:
        self._chance = chance
        self._key = keys.refresh()

    def new(self, device_id: str) -> str:
        """One more for this device."""
        random = self._chance.secret()
        return random + self._mark(device_id, random)

    def ours(self, device_id: str, token: str) -> bool:
        """Whether it was ever issued to this device."""
        random, mark = token[:RANDOM_LENGTH], token[RANDOM_LENGTH:]
        return hmac.compare_digest(self._mark(device_id, random).encode(), mark.encode())

    def _mark(self, device_id: str, random: str) -> str:
        digest = hmac.digest(self._key, f"{device_id}:{random}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Renewal:
    """`POST /tokens`."""

    def __init__(
        self, store: Store, refresh: RefreshTokens, devices: Devices, clock: Clock, chance: Chance
    ) -> None:
        self._store = store
        self._refresh = refresh
        self._devices = devices
        self._clock = clock
        self._chance = chance

    async def renew(self, request: TokenRequest) -> Tokens:
        """New tokens. Raises RefusedError(not-signed-in); a token that was used before ends the sign-in."""
        shown = fingerprint(request.refresh_token)
        async with self._store.write() as tables:
            chain = await tables.devices.refresh_chain(request.device_id)
            if chain is not None and chain.shown(shown) is not Shown.OTHER:
                return await self._issue(tables, request.device_id, shown)
        if chain is not None and self._refresh.ours(request.device_id, request.refresh_token):
            log.warning("device %s: a used refresh token was shown again; signed out", request.device_id)
            await self._devices.forget(request.device_id)
        raise RefusedError(MeetingRefusal.NOT_SIGNED_IN)

    async def _issue(self, tables: Tables, device_id: str, shown: str) -> Tokens:
        now = self._clock.time()
        access, refresh = self._chance.secret(), self._refresh.new(device_id)
        await tables.devices.set_refresh_chain(device_id, RefreshChain.after(shown, fingerprint(refresh)))
        await tables.devices.add_access(fingerprint(access), device_id, now + ACCESS_S, now)
        await tables.devices.seen(device_id, now)
        return Tokens(access_token=access, expires_in=ACCESS_S, refresh_token=refresh)
