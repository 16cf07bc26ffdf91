"""One program of the demo: a process of its own, driven from outside as anybody could drive it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from softphone.control.client import request
from softphone.control.protocol import ControlError

MAIN = Path(__file__).resolve().parent.parent / "main.py"
POLL_S = 0.1
START_S = 30.0
ANSWER_S = 40.0
LEAVE_S = 10.0


class DemoFailed(Exception):
    """Something did not happen in time; the text says what."""


async def until(condition: Callable[[], Awaitable[bool]], timeout_s: float, poll_s: float = POLL_S) -> bool:
    """Ask again and again, as one must of another process, until it is so; False when time is out."""
    loop = asyncio.get_running_loop()
    end = loop.time() + timeout_s
    while not (so := await condition()) and loop.time() < end:
        await asyncio.sleep(poll_s)
    return so


def command_line() -> list[str]:
    """How this program starts itself, frozen or from source."""
    return [sys.executable] if getattr(sys, "frozen", False) else [sys.executable, str(MAIN)]


class Phone:
    """A running program with a profile of its own."""

    def __init__(self, name: str, profile: Path, *, headless: bool = True) -> None:
        self.name = name
        self.profile = profile
        self._headless = headless
        self._process: asyncio.subprocess.Process | None = None

    async def start(self, settings: Mapping[str, str], environment: Mapping[str, str] | None = None) -> None:
        """Start the program and wait until it answers."""
        chosen = {"control.enabled": "true", **settings}
        overrides = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
        windows = ["--headless"] if self._headless else []
        self._process = await asyncio.create_subprocess_exec(
            *command_line(),
            *("--profile", str(self.profile)),
            *windows,
            *overrides,
            env={**os.environ, **(environment or {})},
            stdin=asyncio.subprocess.DEVNULL,
        )
        if not await until(self._answers, START_S):
            raise DemoFailed(f"{self.name} does not answer")

    async def _answers(self) -> bool:
        if self._process is None or self._process.returncode is not None:
            raise DemoFailed(f"{self.name} did not start")
        try:
            await self.control("status")
        except DemoFailed:
            return False
        return True

    async def control(self, command: str, **arguments: object) -> dict[str, Any]:
        """One control command, as `ctl` sends it. Raises DemoFailed with its message."""
        given: dict[str, object] = dict(arguments)
        try:
            return await asyncio.to_thread(request, self.profile, command, given, ANSWER_S)
        except ControlError as problem:
            raise DemoFailed(f"{self.name}: {command}: {problem}") from problem

    async def sign_in(self, server: str, user: str, password: str, ca_file: Path) -> None:
        """Sign in over TLS at a server whose certificate that authority signed."""
        await self.control(
            "sign-in", server=server, user=user, password=password, transport="tls", ca_file=str(ca_file)
        )

    async def calls(self) -> list[dict[str, Any]]:
        """The calls as `status` tells them."""
        found: list[dict[str, Any]] = (await self.control("status"))["calls"]
        return found

    async def call_in(self, state: str, *, direction: str = "", timeout_s: float = 10.0) -> dict[str, Any]:
        """Wait for a call in this state (and direction) and return it."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found[:] = [
                call
                for call in await self.calls()
                if call["state"] == state and direction in ("", call["direction"])
            ]
            return bool(found)

        if not await until(there, timeout_s):
            raise DemoFailed(f"{self.name}: no {direction} call is {state}, but {await self.calls()}")
        return found[0]

    async def no_calls(self, timeout_s: float = 10.0, poll_s: float = POLL_S) -> None:
        """Wait until the line is free."""

        async def free() -> bool:
            return not await self.calls()

        if not await until(free, timeout_s, poll_s):
            raise DemoFailed(f"{self.name}: the call does not end")

    async def wait(self) -> int:
        """Wait until the program ends by itself."""
        return await self._process.wait() if self._process is not None else 0

    async def stop(self) -> None:
        """End the program cleanly, or in any case."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(DemoFailed):
            await self.control("quit")
        try:
            async with asyncio.timeout(LEAVE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
