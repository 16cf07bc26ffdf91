"""Lines to the running program's control interface, with every service behind it and no network or sound.

The first part's first byte says whether somebody is signed in and in a call; each other part is one line: a
command by its number with changed arguments, or any bytes at all.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from fuzz.cut import joined, parts
from fuzz.json_steps import message_of
from fuzz.judge import require
from softphone.assemble import Application
from softphone.control.commands import Commands
from softphone.control.protocol import MESSAGE_LIMIT, Request, too_large
from softphone.control.server import ControlServer
from softphone.control.transport import Connection
from softphone.domain.errors import SoftphoneError
from tests.doubles.application import running_application

MOST = 16
PATIENCE_S = 0.3
"""Commands that wait for somebody are ended after this, as they are when the program ends."""

CODES = 64
"""Letters of an error's code."""

COMMANDS: tuple[tuple[str, dict[str, object]], ...] = (
    ("status", {}),
    ("sign-in", {"server": "example.com", "user": "alice", "password": "secret", "transport": "udp"}),
    ("sign-out", {}),
    ("dial", {"target": "sip:bob@example.com"}),
    ("answer", {"id": "$c"}),
    ("decline", {}),
    ("hangup", {"id": "$c"}),
    ("hold", {}),
    ("resume", {}),
    ("mute", {}),
    ("unmute", {"id": None}),
    ("transfer", {"id": "$c", "target": "carol"}),
    ("transfer", {"id": "$c", "to_call": "$c"}),
    ("dtmf", {"digits": "12#"}),
    ("devices", {}),
    ("check", {}),
    ("settings-get", {}),
    ("settings-get", {"key": "call.auto_answer"}),
    ("settings-set", {"key": "ui.language", "value": "fi"}),
    ("settings-set", {"key": "call.encryption", "value": "required"}),
    ("screenshot", {"path": "picture.png"}),
    ("quit", {}),
    ("open", {"target": "tel:+358401000000"}),
    ("meetings", {}),
    (
        "meeting-create",
        {"appointment": {"title": "Loan", "start": "2026-11-24T10:00:00", "participants": []}},
    ),
    ("meeting-cancel", {"id": "a"}),
    ("meeting-link", {"id": "a", "participant": "p"}),
    ("meeting-open", {"target": "https://meet.example.com/m#" + "s" * 43}),
    ("meeting-join", {}),
    ("meeting-camera", {"state": "on"}),
    ("meeting-microphone", {"state": "off"}),
    ("meeting-lobby", {}),
    ("meeting-admit", {"session": "all"}),
    ("meeting-decline", {"session": "s", "reason": "later"}),
    ("meeting-remove", {"session": "s"}),
    ("meeting-put-back", {"session": "s"}),
    ("meeting-code", {"session": "s"}),
    ("meeting-confirm", {"code": "314159"}),
    ("meeting-chat", {"text": "hello"}),
    ("meeting-say-lobby", {"text": "hello"}),
    ("meeting-call", {}),
    ("meeting-reconnect", {}),
    ("meeting-leave", {}),
    ("meeting-end", {}),
    ("meeting-status", {}),
    ("events", {}),
)


class _Line:
    """A connection that says what it is given; every answer must be one JSON object on one line."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines
        self.read = asyncio.Event()

    def require_own_user(self) -> None:
        return None

    async def read_line(self) -> bytes | None:
        if not self._lines:
            self.read.set()
            return None
        line = self._lines.pop(0)
        if len(line) > MESSAGE_LIMIT:
            raise too_large()
        return line

    async def write(self, data: bytes) -> None:
        require(data.endswith(b"\n") and data.count(b"\n") == 1, "an answer that is not one line")
        answer = json.loads(data)
        if "error" in answer:
            require(0 < len(answer["error"]["code"]) < CODES, "an error without a code")

    async def until_gone(self) -> None:
        await asyncio.sleep(0)

    async def hear_out(self) -> None:
        await asyncio.sleep(0)

    def abort(self) -> None:
        raise ConnectionAbortedError

    async def close(self) -> None:
        self.read.set()


class _Door:
    """A listener that lets in whom it is told."""

    let_in: Callable[[Connection], None]

    async def start(self, connected: Callable[[Connection], None]) -> None:
        self.let_in = connected

    def stop(self) -> None:
        return None

    async def close(self) -> None:
        await asyncio.sleep(0)


def run(data: bytes) -> None:
    """Raises for a finding."""
    first, *steps = parts(data, MOST)
    asyncio.run(_program(first[:1], steps))


async def _program(state: bytes, steps: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with running_application(Path(folder)) as (application, _):
            call = await _call(application) if state == b"C" else "none"
            line = _Line([_line(step, call) for step in steps])
            door = _Door()
            server = ControlServer(door, Commands(application._reach()), application.bus, application.clock)
            await server.start()
            door.let_in(line)
            with suppress(TimeoutError):
                await asyncio.wait_for(line.read.wait(), PATIENCE_S)
            await server.close()


async def _call(application: Application) -> str:
    """Signed in and calling; the call's id."""
    commands = Commands(application._reach())
    with suppress(SoftphoneError):
        for number in (1, 3):
            name, arguments = COMMANDS[number]
            result = await commands.run(Request(name, arguments))
        return str(result["id"])
    return "none"


def _line(step: bytes, call: str) -> bytes:
    if not step:
        return b"\n"
    name, arguments = COMMANDS[step[0] % len(COMMANDS)]
    made = message_of(b"\x00" + step[1:] if step[0] != 255 else step, (arguments,), {})
    if step[0] == 255:
        return (made if isinstance(made, bytes) else made.encode("utf-8", "replace")) + b"\n"
    text = json.dumps({"command": name, "arguments": json.loads(made)}).replace("$c", call)
    return text.encode() + b"\n"


def seeds() -> Iterable[bytes]:
    """Every command as it is meant, some with what they don't expect, and what is no request."""
    numbers = [number for number, (name, _) in enumerate(COMMANDS) if name not in ("check", "events")]
    for start in range(0, len(numbers), 14):
        for state in (b"C", b"-"):
            yield joined(state, *(bytes([number]) for number in numbers[start : start + 14]))
    yield joined(b"C", bytes([len(COMMANDS) - 1]), b"\x00")
    yield joined(b"-", b"\x01server=\nuser=null", b"\x03target=\\u0000", b"\x0ddigits=x", b"\x12value=xx")
    yield joined(
        b"-", b"\xff{}", b"\xff[", b'\xff{"command":1}', b'\xff{"command":"x","arguments":[]}', b"\xff\xff"
    )
    yield joined(
        b"-",
        b'\x18appointment={"title":"","start":"x","end":5}',
        b"\x1btarget=http://x#y",
        b"\x16target=callto:1",
    )
