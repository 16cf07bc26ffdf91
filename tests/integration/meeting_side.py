"""The program's side of appointments and meetings: what it asks, and what its socket is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service_api.meeting import Hello
from service_api.states import ClientKind
from softphone.adapters.meeting_socket import WebSockets
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import AppointmentWish, InviteeWish
from softphone.ports.meetings import Bearer, MeetingSocket, ServiceAccess

TOKEN = "t" * 43


def a_wish(**changes: Any) -> AppointmentWish:
    """An appointment that is open now."""
    now = datetime.now(UTC).replace(microsecond=0)
    people = (InviteeWish("Casper Customer", phone="0405555555", language="en"), InviteeWish("Maija"))
    wish = AppointmentWish(
        f"draft{now:%H%M%S}", "Loan advice", "Terms", now, now + timedelta(hours=1), "Europe/Helsinki",
        office="Main street", expert_number="+358 40 123 4567", participants=people,
    )  # fmt: skip
    return replace(wish, **changes)


async def refusal(asked: Awaitable[object]) -> str:
    """The code of a no, or of why there was no answer."""
    with pytest.raises((MeetingRefused, ServiceUnreachable)) as refused:
        await asked
    assert TOKEN not in f"{refused.value!r} {refused.value}"
    return str(refused.value.code)


class Heard:
    """What a socket told."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.lost: list[str] = []

    async def until(self, wanted: Callable[[], object]) -> None:
        """Wait for it. Raises TimeoutError."""
        async with asyncio.timeout(10):
            while not wanted():
                await asyncio.sleep(0.01)

    def kinds(self) -> list[str]:
        """The events' types."""
        return [event.type for event in self.events]


@asynccontextmanager
async def socket_at(
    access: ServiceAccess, appointment: str, bearer: Bearer
) -> AsyncIterator[tuple[MeetingSocket, Heard]]:
    """A connection, closed at the end."""
    heard = Heard()
    socket = await WebSockets().connect(access, appointment, bearer, heard.events.append, heard.lost.append)
    try:
        yield socket, heard
    finally:
        await socket.close()


def a_hello(**members: Any) -> Hello:
    """The first command."""
    return Hello(id="hello", client=ClientKind.PROGRAM, **members)
