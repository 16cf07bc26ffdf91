"""Sockets that stand open and have said nothing yet, when what opened them is taken back."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from starlette.types import Message

from service_api.appointments import AppointmentMade
from service_api.meeting import SUBPROTOCOL, Close
from tests.doubles.service_app import App, open_socket, running

HOST = "0401234567"
HELLO = {"type": "hello", "id": "1", "client": "program"}


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with running(tmp_path) as made:
        await made.add_account("+358401234567")
        yield made


async def test_a_device_signed_out_before_its_hello_stays_out(app: App) -> None:
    stolen, shown = await app.sign_in(HOST)
    _, tokens = await app.sign_in(HOST)
    made = await app.appointment(tokens.access_token)

    async def sign_out() -> httpx.Response:
        return await app.ask("DELETE", f"/devices/{stolen.device_id}", token=tokens.access_token)

    assert_shut(await opened(app, made, shown.access_token, sign_out))
    assert '"welcome"' in str(await opened(app, made, tokens.access_token))


async def test_a_link_replaced_before_its_hello_opens_nothing(app: App) -> None:
    token = (await app.sign_in(HOST))[1].access_token
    made = await app.appointment(token)
    person = made.appointment.participants[0].id

    async def replace_link() -> httpx.Response:
        return await app.ask(
            "POST", f"/appointments/{made.appointment.id}/participants/{person}/link", {}, token=token
        )

    place = await app.place(made.links[0].link)
    assert '"welcome"' in str(await opened(app, made, place))
    assert_shut(await opened(app, made, place, replace_link))


async def opened(
    app: App,
    made: AppointmentMade,
    token: str,
    meanwhile: Callable[[], Awaitable[httpx.Response]] | None = None,
) -> list[Message]:
    """What the appointment's socket sends to a program."""

    async def succeeding() -> None:
        if meanwhile is not None:
            answer = await meanwhile()
            assert answer.is_success, answer.text

    path = f"/api/v1/meetings/{made.appointment.id}/socket"
    return await open_socket(
        app.service, path, {"Authorization": f"Bearer {token}"}, HELLO, SUBPROTOCOL, succeeding
    )


def assert_shut(sent: list[Message]) -> None:
    told = [message.get("text", "") for message in sent if message["type"] == "websocket.send"]
    assert len(told) == 1 and '"not-signed-in"' in told[0]
    assert sent[-1]["type"] == "websocket.close" and sent[-1]["code"] == Close.NOT_SIGNED_IN
