"""The control server on a named pipe: the same lines, limits and refusals as on the Unix socket."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from softphone import assemble
from softphone.assemble import Application
from softphone.control import client, pipe_listener, windows_pipe
from softphone.control.pipe_listener import PipeListener
from softphone.control.protocol import MESSAGE_LIMIT, ControlError
from softphone.control.windows_pipe import PipeCaller, new_instance, pipe_name
from tests.doubles.application import Doubles, running_application
from tests.doubles.windows import HIDDEN_PROCESS, ME, OTHER_PROCESS, FakeWindows

T = TypeVar("T")


@pytest.fixture
async def fake(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[FakeWindows]:
    """Windows beneath the control interface; nothing is left over at the end."""
    windows = FakeWindows()
    monkeypatch.setattr(pipe_listener, "load", windows.windows)
    monkeypatch.setattr(windows_pipe, "load", windows.windows)
    monkeypatch.setattr(assemble, "listener_for", pipe_listener.listener_for)
    monkeypatch.setattr(client, "call", windows_pipe.call)
    yield windows
    assert windows.handles == 0
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("control")]


@pytest.fixture
async def running(fake: FakeWindows, tmp_path: Path) -> AsyncIterator[tuple[Application, Doubles]]:
    async with running_application(tmp_path / "p") as both:
        yield both


async def away(function: Callable[..., T], *arguments: object) -> T:
    return await asyncio.to_thread(function, *arguments)


async def ask(application: Application, command: str, **arguments: object) -> dict[str, Any]:
    return await away(client.request, application.profile.folder, command, arguments, 10.0)


def raw(application: Application, fake: FakeWindows, data: bytes, answers: int = 1) -> list[Any]:
    """Send bytes as they are and read that many answers."""
    caller = PipeCaller(fake.windows(), pipe_name(application.profile.folder), 10.0)
    try:
        caller.send(data)
        return [json.loads(caller.read_line(1_000_000)) for _ in range(answers)]
    finally:
        caller.close()


async def test_commands_and_refusals(running: tuple[Application, Doubles]) -> None:
    application, _ = running
    assert (await ask(application, "status"))["calls"] == []
    await ask(application, "settings-set", key="ui.theme", value="dark")
    with pytest.raises(ControlError) as refused:
        await ask(application, "dial", target="1001")
    assert refused.value.code == "not-signed-in"


async def test_many_at_once(running: tuple[Application, Doubles]) -> None:
    answers = await asyncio.gather(*(ask(running[0], "status") for _ in range(12)))
    assert all(answer["calls"] == [] for answer in answers)


async def test_several_requests_on_one_connection(
    running: tuple[Application, Doubles], fake: FakeWindows
) -> None:
    data = b'{"command":"status"}\n{"command":"nonsense"}\n{"command":"status"}\n'
    answers = await away(raw, running[0], fake, data, 3)
    assert ["result" in answer for answer in answers] == [True, False, True]


@pytest.mark.parametrize("extra", [10, 1_000_000])
async def test_an_oversized_message_is_refused(
    running: tuple[Application, Doubles], fake: FakeWindows, extra: int
) -> None:
    data = b'{"command": "status", "x": "' + b"a" * (MESSAGE_LIMIT + extra) + b'"}\n'
    (answer,) = await away(raw, running[0], fake, data)
    assert answer["error"]["code"] == "too-large"
    (answer,) = await away(raw, running[0], fake, b"\n" + data)
    assert answer["error"]["code"] == "bad-request"


async def test_the_longest_line_is_still_read(
    running: tuple[Application, Doubles], fake: FakeWindows
) -> None:
    head, tail = b'{"command": "status", "x": "', b'"}\n'
    line = head + b"a" * (MESSAGE_LIMIT + 1 - len(head) - len(tail)) + tail
    (answer,) = await away(raw, running[0], fake, line)
    assert "result" in answer
    (answer,) = await away(raw, running[0], fake, line[:-1] + b" \n")
    assert answer["error"]["code"] == "too-large"


@pytest.mark.parametrize("process", [OTHER_PROCESS, HIDDEN_PROCESS])
async def test_another_users_process_is_refused(
    running: tuple[Application, Doubles], fake: FakeWindows, process: int
) -> None:
    fake.caller = process
    with pytest.raises(ControlError) as refused:
        await ask(running[0], "status")
    assert refused.value.code == "not-granted"


async def test_events_until_the_program_ends(fake: FakeWindows, tmp_path: Path) -> None:
    heard: list[dict[str, object]] = []
    listening = asyncio.Event()
    loop = asyncio.get_running_loop()

    def listen(profile: Path) -> None:
        for event in client.events(profile):
            heard.append(event)
            loop.call_soon_threadsafe(listening.set)

    async with running_application(tmp_path / "p") as (application, _):
        there = asyncio.create_task(away(listen, application.profile.folder))
        await asyncio.wait_for(listening.wait(), 10)
        await ask(application, "settings-set", key="ui.theme", value="dark")
    await asyncio.wait_for(there, 10)
    assert heard == [{"event": "listening"}, {"event": "setting", "key": "ui.theme", "value": "dark"}]


async def test_a_listener_that_goes_is_forgotten(
    running: tuple[Application, Doubles], fake: FakeWindows
) -> None:
    before = len(fake.pipes)
    (answer,) = await away(raw, running[0], fake, b'{"command":"events"}\n')
    assert answer == {"event": "listening"}
    async with asyncio.timeout(10):
        while len(fake.pipes) > before:
            await asyncio.sleep(0)


async def test_a_name_taken_by_somebody_else_leaves_a_phone(
    fake: FakeWindows, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "p").mkdir()
    taken = new_instance(fake.windows(), pipe_name(tmp_path / "p"), ME, first=True)
    async with running_application(tmp_path / "p") as (application, _):
        assert application.calls.calls() == ()
    assert "no control interface" in caplog.text
    taken.close()


async def test_when_windows_has_no_more_to_give_the_last_caller_is_served(
    fake: FakeWindows, caplog: pytest.LogCaptureFixture, running: tuple[Application, Doubles]
) -> None:
    fake.fails["CreateNamedPipeW"] = 1450
    assert (await ask(running[0], "status"))["calls"] == []
    with pytest.raises(ControlError) as refused:
        await ask(running[0], "status")
    assert refused.value.code == "not-running"
    assert "takes no more callers" in caplog.text


async def test_a_caller_in_the_moment_of_the_end_is_let_go(fake: FakeWindows, tmp_path: Path) -> None:
    listener = PipeListener(fake.windows(), pipe_name(tmp_path))
    listener.stop()
    await listener.close()
    served: list[object] = []
    listener = PipeListener(fake.windows(), pipe_name(tmp_path))
    await listener.start(served.append)
    caller = PipeCaller(fake.windows(), pipe_name(tmp_path), 5.0)
    listener.stop()
    await listener.close()
    await asyncio.sleep(0)
    assert await away(caller.read_line, 10) == b""
    assert served == []
    caller.close()
