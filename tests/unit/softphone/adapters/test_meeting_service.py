"""What the program asks the company service without keeping calls waiting."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest

from service_api import appointments
from service_api.states import MeetingRefusal
from softphone.adapters.meeting_service import HttpsAppointments
from softphone.domain.errors import MeetingRefused
from softphone.domain.meeting import AppointmentWish
from softphone.ports.meetings import Bearer, ServiceAccess

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WISH = AppointmentWish("d1", "Loan advice", "", START, START + timedelta(hours=1), "Europe/Helsinki")


async def test_time_zones_are_looked_for_beside_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    loop, looked, asked = threading.get_ident(), [], []

    def zones() -> set[str]:
        looked.append(threading.get_ident())
        return {"Europe/Helsinki"}

    async def refused(*question: object) -> bytes:
        asked.append(question)
        raise MeetingRefused(MeetingRefusal.NOT_ALLOWED)

    service = HttpsAppointments()
    monkeypatch.setattr(service, "_ask", refused)
    monkeypatch.setattr(appointments, "available_timezones", zones)
    appointments.time_zones.cache_clear()
    try:
        with pytest.raises(MeetingRefused):
            await service.make(ServiceAccess("https://meet.test"), Bearer("t" * 43), WISH)
    finally:
        appointments.time_zones.cache_clear()
    assert len(asked) == 1
    assert len(looked) == 1
    assert loop not in looked, "it takes so long that a call would be heard to stumble"
