"""A whole program on doubles, reached over its real control socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from softphone.assemble import Application
from softphone.control import client
from softphone.control.place import socket_path
from softphone.control.protocol import ControlError
from tests.doubles.application import Doubles, running_application

SIGN_IN = {"server": "vip.example.com", "user": "0401234567", "password": "geheim", "remember": True}


class Bench:
    """A running application and a way to ask it."""

    def __init__(self, application: Application, doubles: Doubles) -> None:
        self.application, self.doubles = application, doubles
        self.profile = application.profile.folder

    async def ask(self, command: str, **arguments: object) -> dict[str, Any]:
        """One command over the socket."""
        return await asyncio.to_thread(client.request, self.profile, command, arguments, 10.0)

    async def refused(self, command: str, **arguments: object) -> str:
        """The code with which a command is refused."""
        with pytest.raises(ControlError) as refused:
            await self.ask(command, **arguments)
        return refused.value.code

    async def raw(self, data: bytes) -> list[dict[str, Any]]:
        """Send bytes as they are and read every answer."""
        reader, writer = await asyncio.open_unix_connection(str(socket_path(self.profile)))
        writer.write(data)
        writer.write_eof()
        answers = [json.loads(line) for line in (await reader.read()).splitlines()]
        writer.close()
        await writer.wait_closed()
        return answers


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running_application(tmp_path / "profile") as (application, doubles):
        yield Bench(application, doubles)


@pytest.fixture
async def packaged(tmp_path: Path) -> AsyncIterator[Bench]:
    async with running_application(tmp_path / "profile", Doubles(packaged=True)) as (application, doubles):
        yield Bench(application, doubles)
