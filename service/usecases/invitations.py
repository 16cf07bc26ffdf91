"""A personal link's secret is exchanged for a place, once a person has pressed the button."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from service.domain.appointment import Appointment, Window
from service.domain.errors import RefusedError
from service.domain.fingerprint import fingerprint
from service.domain.invitation import MOST_PLACES, Link, Place
from service.domain.principal import Guest
from service.usecases.appointment_view import seen_by
from service.usecases.identities import guest_of
from service.usecases.ports import Chance, Clock, Watcher
from service.usecases.storage import Store, Tables
from service_api.appointments import Invitation, LinkExchange
from service_api.states import MeetingRefusal, Seat

log = logging.getLogger(__name__)

AFTERWARDS_S = 24 * 3600.0
"""How long after the last moment of its links a place still shows the appointment."""


@dataclass(frozen=True, slots=True)
class Opened:
    """`token` is the place's, to be kept by the device until `until`."""

    invitation: Invitation
    token: str
    until: float


class Invitations:
    """`POST /invitations` and `GET /invitation`. `server` is the name people are shown."""

    def __init__(
        self, store: Store, watcher: Watcher, clock: Clock, chance: Chance, window: Window, server: str
    ) -> None:
        self._store = store
        self._watcher = watcher
        self._clock = clock
        self._chance = chance
        self._window = window
        self._server = server

    async def exchange(self, request: LinkExchange, cookie: str) -> Opened:
        """Open a link here. `cookie` is a browser's former token, "" without. Raises RefusedError."""
        shown = cookie or request.device_token or ""
        async with self._store.write() as tables:
            link = await self._link(tables, fingerprint(request.secret))
            appointment = await self._appointment(tables, link.participant_id)
            self._check_time(appointment)
            token, place, new = await self._place(tables, link, request, shown)
            await tables.appointments.opened(link.participant_id, self._clock.time())
            guest = await guest_of(tables, place)
        if guest is None:
            raise RefusedError(MeetingRefusal.LINK_UNKNOWN)
        if new:
            log.info("appointment %s: a link was opened at place %s", guest.appointment_id, guest.place_id)
            await self._watcher.place_opened(guest)
        return Opened(self._shown(guest, appointment), token, appointment.closes_at + AFTERWARDS_S)

    async def invitation(self, guest: Guest) -> Invitation:
        """What a place is about, cancelled or over as it may be. Raises RefusedError."""
        async with self._store.read() as tables:
            appointment = await self._appointment(tables, guest.participant_id)
        if self._clock.time() > appointment.closes_at + AFTERWARDS_S:
            raise RefusedError(MeetingRefusal.LINK_EXPIRED)
        return self._shown(guest, appointment)

    async def _link(self, tables: Tables, secret: str) -> Link:
        link = await tables.links.get(secret)
        if link is None or link.ended:
            raise RefusedError(MeetingRefusal.LINK_UNKNOWN)
        return link

    async def _appointment(self, tables: Tables, participant_id: str) -> Appointment:
        person = await tables.appointments.participant(participant_id)
        found = None if person is None else await tables.appointments.get(person.appointment_id)
        if found is None:
            raise RefusedError(MeetingRefusal.LINK_UNKNOWN)
        return replace(found, window=self._window)

    def _check_time(self, appointment: Appointment) -> None:
        """Before it opens a link may be looked at: the meeting itself says too-early."""
        if appointment.cancelled:
            raise RefusedError(MeetingRefusal.MEETING_CANCELLED)
        if self._clock.time() > appointment.closes_at:
            raise RefusedError(MeetingRefusal.LINK_EXPIRED)

    async def _place(
        self, tables: Tables, link: Link, request: LinkExchange, shown: str
    ) -> tuple[str, Place, bool]:
        """The place of this person on the device that shows this token, and whether it is a new one.

        With a new link the place gets a new token: who had copied the former one stays out.
        """
        token_kept = fingerprint(shown)
        device = await tables.links.device_of(token_kept) if shown else None
        places = await tables.links.places(link.participant_id)
        former = next((place for place in places if place.device == device), None)
        if former is not None:
            same = former.token == token_kept and former.link == link.secret
            token = shown if same else self._chance.secret()
            await tables.links.move_place(former.place_id, link.secret, fingerprint(token))
            return token, former, False
        if sum(place.link == link.secret for place in places) >= MOST_PLACES:
            log.warning(
                "participant %s: the link was opened at %d places, no more", link.participant_id, MOST_PLACES
            )
            raise RefusedError(MeetingRefusal.LINK_UNKNOWN)
        token = self._chance.secret()
        place = Place(
            self._chance.token(),
            link.participant_id,
            link.secret,
            fingerprint(token),
            device or self._chance.token(),
            request.device_name,
            request.client,
            self._clock.time(),
            other_device=bool(places),
        )
        await tables.links.add_place(place)
        return token, place, True

    def _shown(self, guest: Guest, appointment: Appointment) -> Invitation:
        return Invitation(
            appointment=seen_by(Seat.PARTICIPANT, appointment),
            participant_id=guest.participant_id,
            name=guest.name,
            language=guest.language,
            server=self._server,
            other_device=guest.other_device,
        )
