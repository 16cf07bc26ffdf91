"""Appointments: made and changed by their host, seen by those who are in them, and by nobody else."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from service.domain.appointment import Appointment, Participant, Window
from service.domain.errors import RefusedError
from service.domain.fingerprint import fingerprint
from service.domain.invitation import Link
from service.domain.numbers import Numbering
from service.domain.principal import User
from service.usecases.appointment_view import seen_by
from service.usecases.ports import Chance, Clock, Watcher
from service.usecases.storage import Store, Tables
from service.usecases.wording import InvitationWords
from service_api import appointments as wire
from service_api.states import AccountRole, MeetingRefusal, Seat

log = logging.getLogger(__name__)

MAKERS = frozenset({AccountRole.PROFESSIONAL, AccountRole.ADMIN})
FIRST_YEAR, LAST_YEAR = 2000, 2199
"""Of what is taken for an appointment's time."""


class Appointments:
    """What stands in `service_api.appointments`."""

    def __init__(
        self,
        store: Store,
        words: InvitationWords,
        watcher: Watcher,
        numbering: Numbering,
        window: Window,
        clock: Clock,
        chance: Chance,
    ) -> None:
        self._store = store
        self._words = words
        self._watcher = watcher
        self._numbering = numbering
        self._window = window
        self._clock = clock
        self._chance = chance

    async def list(self, user: User, since: float, until: float) -> wire.AppointmentList:
        """Those that end after `since` and start before `until`, hosted by the asker or inviting them."""
        async with self._store.read() as tables:
            found = await tables.appointments.of_person(user.user_id, user.number, since, until)
        return wire.AppointmentList(appointments=tuple(self._seen(one, user) for one in found))

    async def show(self, user: User, appointment_id: str) -> wire.Appointment:
        """One. Raises RefusedError(not-found), also where it is there but not the asker's to see."""
        async with self._store.read() as tables:
            found = await self._get(tables, appointment_id)
        if found is None or found.seat(user) is None:
            raise RefusedError(MeetingRefusal.NOT_FOUND)
        return self._seen(found, user)

    async def make(self, user: User, draft: wire.AppointmentDraft) -> wire.AppointmentMade:
        """A new one with links. Raises RefusedError.

        A draft that was used before gives what was made of it, as it says now, with more links: the answer
        may have got lost, and something been typed since.
        """
        if user.role not in MAKERS:
            raise RefusedError(MeetingRefusal.NOT_ALLOWED)
        _check_times(draft)
        async with self._store.write() as tables:
            former = await tables.appointments.of_draft(user.user_id, draft.draft_id)
            if former is None:
                made = await self._first(tables, user, draft)
            else:
                made = await self._again(tables, replace(former, window=self._window), user, draft)
            secrets = await self._links(tables, made.participants)
        if former is not None and made.sequence != former.sequence:
            await self._watcher.appointment_changed(made.appointment_id)
        return self._made(made, user, secrets)

    async def change(
        self, user: User, appointment_id: str, draft: wire.AppointmentDraft
    ) -> wire.AppointmentMade:
        """Everything anew; people with an id stay and keep their links. Raises RefusedError."""
        _check_times(draft)
        async with self._store.write() as tables:
            former = await self._own(tables, user, appointment_id)
            if former.cancelled:
                raise RefusedError(MeetingRefusal.MEETING_CANCELLED)
            changed = self._changed(former, user, draft)
            await tables.appointments.update(changed)
            await tables.appointments.put_participants(appointment_id, changed.participants)
            there = {person.participant_id for person in former.participants}
            new = [person for person in changed.participants if person.participant_id not in there]
            secrets = await self._links(tables, new)
        await self._watcher.appointment_changed(appointment_id)
        return self._made(changed, user, secrets)

    async def cancel(self, user: User, appointment_id: str) -> None:
        """Cancelled, for good. Raises RefusedError."""
        async with self._store.write() as tables:
            former = await self._own(tables, user, appointment_id)
            await tables.appointments.update(replace(former, cancelled=True, sequence=former.sequence + 1))
        log.info("appointment %s cancelled", appointment_id)
        await self._watcher.appointment_changed(appointment_id)

    async def new_link(
        self, user: User, appointment_id: str, participant_id: str, request: wire.LinkRequest
    ) -> wire.InvitationLink:
        """A link in place of the former ones, which end with the places they opened. Raises RefusedError."""
        async with self._store.write() as tables:
            found = await self._own(tables, user, appointment_id)
            person = found.participant(participant_id)
            if person is None:
                raise RefusedError(MeetingRefusal.NOT_FOUND)
            await tables.links.end(participant_id)
            secrets = await self._links(tables, [person])
        await self._watcher.appointment_changed(appointment_id)
        addressed = replace(person, language=request.language or person.language)
        return self._words.invitation(found, addressed, secrets[participant_id])

    async def _get(self, tables: Tables, appointment_id: str) -> Appointment | None:
        found = await tables.appointments.get(appointment_id)
        return None if found is None else replace(found, window=self._window)

    async def _own(self, tables: Tables, user: User, appointment_id: str) -> Appointment:
        """The asker's to change. Who may not even see it is told that it is not there."""
        found = await self._get(tables, appointment_id)
        seat = None if found is None else found.seat(user)
        if found is None or seat is None:
            raise RefusedError(MeetingRefusal.NOT_FOUND)
        if seat is not Seat.HOST:
            raise RefusedError(MeetingRefusal.NOT_ALLOWED)
        return found

    async def _first(self, tables: Tables, user: User, draft: wire.AppointmentDraft) -> Appointment:
        made = self._drafted(user, draft, self._chance.token())
        await tables.appointments.add(made)
        await tables.appointments.put_participants(made.appointment_id, made.participants)
        log.info("appointment %s made by account %s", made.appointment_id, user.user_id)
        return made

    async def _again(
        self, tables: Tables, former: Appointment, user: User, draft: wire.AppointmentDraft
    ) -> Appointment:
        """`former` where nothing else was typed since, or the next of its kind."""
        if former.cancelled:
            raise RefusedError(MeetingRefusal.MEETING_CANCELLED)
        changed = self._changed(former, user, _recognised(former, draft))
        if replace(changed, sequence=former.sequence) == former:
            return former
        await tables.appointments.update(changed)
        await tables.appointments.put_participants(changed.appointment_id, changed.participants)
        log.info("appointment %s made again from its draft", changed.appointment_id)
        return changed

    async def _links(self, tables: Tables, people: Sequence[Participant]) -> dict[str, str]:
        """One more link for each; secrets by participant."""
        secrets = {person.participant_id: self._chance.secret() for person in people}
        for participant_id, secret in secrets.items():
            await tables.links.add(Link(fingerprint(secret), participant_id, self._clock.time()))
        return secrets

    def _drafted(self, user: User, draft: wire.AppointmentDraft, appointment_id: str) -> Appointment:
        return Appointment(
            appointment_id=appointment_id,
            host_id=user.user_id,
            host_name=user.name,
            draft_id=draft.draft_id,
            title=draft.title,
            description=draft.description,
            start=draft.start.timestamp(),
            end=draft.end.timestamp(),
            time_zone=draft.time_zone,
            office=draft.office,
            expert_number=draft.expert_number,
            lobby=draft.lobby,
            demanded=draft.demanded,
            participants=tuple(self._invited(appointment_id, one, None) for one in draft.participants),
            window=self._window,
        )

    def _changed(self, former: Appointment, user: User, draft: wire.AppointmentDraft) -> Appointment:
        people = []
        for one in draft.participants:
            there = None if one.id is None else former.participant(one.id)
            if one.id is not None and there is None:
                raise RefusedError(MeetingRefusal.NOT_FOUND)
            people.append(self._invited(former.appointment_id, one, there))
        if len({person.participant_id for person in people}) != len(people):
            raise RefusedError(MeetingRefusal.BAD_REQUEST)
        return replace(
            self._drafted(user, draft, former.appointment_id),
            draft_id=former.draft_id,
            sequence=former.sequence + 1,
            participants=tuple(people),
        )

    def _invited(self, appointment_id: str, one: wire.InviteeDraft, there: Participant | None) -> Participant:
        return Participant(
            self._chance.token() if there is None else there.participant_id,
            appointment_id,
            one.name,
            one.email,
            one.phone,
            self._numbering.canonical(one.phone) or "",
            one.language,
            None if there is None else there.opened_at,
        )

    def _seen(self, found: Appointment, user: User) -> wire.Appointment:
        seat = found.seat(user) or Seat.PARTICIPANT
        waiting = self._watcher.waiting(found.appointment_id) if seat is Seat.HOST else 0
        return seen_by(seat, replace(found, window=self._window), waiting=waiting)

    def _made(self, made: Appointment, user: User, secrets: dict[str, str]) -> wire.AppointmentMade:
        links = tuple(
            self._words.invitation(made, person, secrets[person.participant_id])
            for person in made.participants
            if person.participant_id in secrets
        )
        return wire.AppointmentMade(appointment=self._seen(made, user), links=links)


def _check_times(draft: wire.AppointmentDraft) -> None:
    for time in (draft.start, draft.end):
        if not FIRST_YEAR <= time.year <= LAST_YEAR:
            raise RefusedError(MeetingRefusal.BAD_REQUEST)


def _recognised(former: Appointment, draft: wire.AppointmentDraft) -> wire.AppointmentDraft:
    """A draft's people have no id: who is written as before is the same one, whoever is not is new."""
    there = list(former.participants)
    people = []
    for one in draft.participants:
        same = next((person for person in there if _written_alike(person, one)), None)
        if same is not None:
            there.remove(same)
        people.append(one.model_copy(update={"id": None if same is None else same.participant_id}))
    return draft.model_copy(update={"participants": tuple(people)})


def _written_alike(person: Participant, one: wire.InviteeDraft) -> bool:
    return (person.name, person.email, person.phone, person.language) == (
        one.name,
        one.email,
        one.phone,
        one.language,
    )
