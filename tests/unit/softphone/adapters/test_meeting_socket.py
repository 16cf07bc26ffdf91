"""A meeting's socket whose connection breaks in the middle of sending."""

from __future__ import annotations

import asyncio
import gc
import logging
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError

from service_api.meeting import AnyEvent, Say, Welcome
from softphone.adapters.meeting_socket import _Socket
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from tests.doubles.meeting_ports import a_picture


class Breaking:
    """As a connection: it breaks for the reader first, then for the writer."""

    def __init__(self) -> None:
        self.broken, self.told = asyncio.Event(), asyncio.Event()

    async def recv(self) -> str:
        """Until it breaks."""
        await self.broken.wait()
        raise ConnectionClosedError(None, None)

    async def send(self, text: str) -> None:
        """Held up until everybody knows."""
        self.broken.set()
        await self.told.wait()
        raise ConnectionClosedError(None, None)

    async def close(self) -> None:
        """Nothing is left to close."""


class Newer(Breaking):
    """It takes what is sent."""

    async def send(self, text: str) -> None:
        """At once."""
        self.told.set()


async def test_an_answer_that_nobody_waits_for_yet_is_no_fault(caplog: pytest.LogCaptureFixture) -> None:
    connection, lost = Breaking(), list[str]()

    def on_lost(reason: str) -> None:
        lost.append(reason)
        connection.told.set()

    socket = _Socket(cast(ClientConnection, connection), lambda event: None, on_lost)
    with pytest.raises(ServiceUnreachable):
        await socket.send(Say(id="1", text="hello"))
    await socket.close()
    gc.collect()
    assert lost == [""]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_welcome_nobody_asked_for_is_an_event_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    connection, heard = Breaking(), list[AnyEvent]()
    socket = _Socket(cast(ClientConnection, connection), heard.append, lambda reason: None)
    welcome = Welcome(resume_token="s" * 43, picture=a_picture())
    socket._heard(welcome.model_dump_json())
    await socket.close()
    assert heard == [welcome]
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_a_command_refused_for_a_reason_nobody_knows_yet_is_answered() -> None:
    connection = Newer()
    socket = _Socket(cast(ClientConnection, connection), lambda event: None, lambda reason: None)
    saying = asyncio.create_task(socket.send(Say(id="1", text="hello")))
    await connection.told.wait()
    socket._heard('{"type": "refused", "id": "1", "code": "too-dark"}')
    with pytest.raises(MeetingRefused) as refused:
        await saying
    assert refused.value.code == "server-error"
    connection.broken.set()
    await socket.close()
