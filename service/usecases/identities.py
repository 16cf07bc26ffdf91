"""Who holds a token."""

from __future__ import annotations

from service.domain.fingerprint import fingerprint
from service.domain.invitation import Place
from service.domain.principal import Guest, Principal, User
from service.usecases.ports import Clock
from service.usecases.storage import Store, Tables


class StoredIdentities:
    """Implements ports.Identities."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def bearer(self, token: str) -> Principal | None:
        """See Identities."""
        shown = fingerprint(token)
        async with self._store.read() as tables:
            found = await tables.devices.of_access(shown, self._clock.time())
            if found is None:
                return await guest_of(tables, await tables.links.place(shown))
        account, device = found
        return User(account.account_id, account.number, account.name, account.role, device.device_id)

    async def cookie(self, token: str) -> Guest | None:
        """See Identities."""
        async with self._store.read() as tables:
            return await guest_of(tables, await tables.links.place(fingerprint(token)))


async def guest_of(tables: Tables, place: Place | None) -> Guest | None:
    """Who sits at this place; None where they were removed."""
    person = None if place is None else await tables.appointments.participant(place.participant_id)
    if place is None or person is None:
        return None
    return Guest(
        place.place_id,
        place.participant_id,
        person.appointment_id,
        person.name,
        person.language,
        place.assurance,
        place.other_device,
    )
