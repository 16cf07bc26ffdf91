"""The demo's company service: a process of its own, with an account for you and its data in a folder."""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import sys
from pathlib import Path
from typing import NamedTuple

from demo.phone import DemoFailed

READY = "Listening at "
ROOT = Path(__file__).resolve().parent.parent
START_S = 30.0
LEAVE_S = 10.0
CONFIG = """\
[sip]
domain = "{domain}"
port = {port}
transport = "tls"
realm = "{domain}"
table = "subscriber"
"""


class SipPlace(NamedTuple):
    """Where the service's devices register."""

    domain: str
    port: int


def is_here() -> bool:
    """Whether the service is installed beside the program: a packaged program comes without it."""
    return importlib.util.find_spec("service") is not None


class Office:
    """`url` is what the program is told as the service's address, once it has started."""

    def __init__(self, folder: Path, certificate: Path, key: Path) -> None:
        self._data = folder / "service"
        self._log = folder / "service.log"
        self._certificate, self._key = certificate, key
        self._process: asyncio.subprocess.Process | None = None
        self.url = ""

    @property
    def table(self) -> Path:
        """What the service writes for its registrar."""
        return self._data / "subscriber"

    async def start(self, sip: SipPlace, *, phone: str, name: str, password: str) -> None:
        """Make the account of a professional, then serve. Raises DemoFailed."""
        self._data.mkdir(mode=0o700)
        config = CONFIG.format(domain=sip.domain, port=sip.port)
        (self._data / "service.toml").write_text(config, encoding="utf-8")
        await self._add_user(phone, name, password)
        self.url = f"https://{await self._serve(sip.domain)}/api/v1"

    async def _add_user(self, phone: str, name: str, password: str) -> None:
        process = await self._run(
            *("admin", "add-user", "--phone", phone, "--name", name, "--role", "professional"),
            *("--password-stdin", "--data", str(self._data)),
        )
        await process.communicate(password.encode() + b"\n")
        if process.returncode:
            raise DemoFailed(f"the service takes no account: {self._said()}")

    async def _serve(self, host: str) -> str:
        """Where it listens."""
        self._process = await self._run(
            *("serve", "--data", str(self._data), "--listen", f"{host}:0"),
            *("--tls-cert", str(self._certificate), "--tls-key", str(self._key)),
        )
        output = self._process.stdout
        try:
            async with asyncio.timeout(START_S):
                said = (await output.readline()).decode().strip() if output else ""
        except TimeoutError:
            said = ""
        if not said.startswith(READY):
            raise DemoFailed(f"the service does not start: {self._said()}")
        return said.removeprefix(READY)

    async def _run(self, *arguments: str) -> asyncio.subprocess.Process:
        with self._log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "service"),
                *arguments,
                cwd=ROOT,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )

    def _said(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")[-1000:].strip()

    async def stop(self) -> None:
        """End it cleanly, or in any case."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            async with asyncio.timeout(LEAVE_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
