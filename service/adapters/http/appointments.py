"""Appointments, for those who are signed in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from service.adapters.http.app import api
from service.adapters.http.identity import SignedIn
from service.usecases.appointments import Appointments
from service_api.appointments import (
    APPOINTMENTS_PATH,
    Appointment,
    AppointmentDraft,
    AppointmentList,
    AppointmentMade,
    InvitationLink,
    LinkRequest,
)
from service_api.model import Time

ONE = APPOINTMENTS_PATH + "/{appointment_id}"
PAST = timedelta(days=90)
FOREVER = datetime(9999, 1, 1, tzinfo=UTC)
Moment = Annotated[Time | None, Query()]


def router(appointments: Appointments) -> APIRouter:
    """Routes below the service's address."""
    routes = api("appointments")

    @routes.get(APPOINTMENTS_PATH)
    async def list_appointments(
        user: SignedIn, since: Moment = None, until: Moment = None
    ) -> AppointmentList:
        begin = since or datetime.now(UTC) - PAST
        return await appointments.list(user, begin.timestamp(), (until or FOREVER).timestamp())

    @routes.post(APPOINTMENTS_PATH)
    async def make_appointment(user: SignedIn, draft: AppointmentDraft) -> AppointmentMade:
        return await appointments.make(user, draft)

    @routes.get(ONE)
    async def show_appointment(user: SignedIn, appointment_id: str) -> Appointment:
        return await appointments.show(user, appointment_id)

    @routes.put(ONE)
    async def change_appointment(
        user: SignedIn, appointment_id: str, draft: AppointmentDraft
    ) -> AppointmentMade:
        return await appointments.change(user, appointment_id, draft)

    @routes.delete(ONE, status_code=204)
    async def cancel_appointment(user: SignedIn, appointment_id: str) -> None:
        await appointments.cancel(user, appointment_id)

    @routes.post(ONE + "/participants/{participant_id}/link")
    async def make_link(
        user: SignedIn, appointment_id: str, participant_id: str, request: LinkRequest
    ) -> InvitationLink:
        return await appointments.new_link(user, appointment_id, participant_id, request)

    return routes
