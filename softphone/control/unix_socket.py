"""The control interface's Unix socket: only its own user can enter, and the kernel is asked who did."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path

from softphone.control.place import peer_uid, prepare_folder, socket_path
from softphone.control.protocol import HEARING_OUT_S, MESSAGE_LIMIT, ControlError, too_large
from softphone.control.transport import Connection

assert sys.platform != "win32"  # noqa: S101 — so that a type checker for Windows looks no further

log = logging.getLogger(__name__)


class UnixListener:
    """Listens at a path."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._server: asyncio.Server | None = None

    async def start(self, connected: Callable[[Connection], None]) -> None:
        """Make the private folder and listen in it."""
        prepare_folder(self._path)
        self._path.unlink(missing_ok=True)

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            connected(UnixConnection(reader, writer))

        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                accepted, path=str(self._path), limit=MESSAGE_LIMIT
            )
        finally:
            os.umask(before)

    def stop(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()

    async def close(self) -> None:
        """Remove the socket."""
        if self._server is not None:
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)


class UnixConnection:
    """One accepted connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    def require_own_user(self) -> None:
        """Whatever the file's mode says, another user's process is refused."""
        try:
            uid = peer_uid(self._writer.get_extra_info("socket"))
        except OSError as error:
            raise ControlError("who is calling can't be told", code="not-granted") from error
        if uid != os.getuid():
            log.warning("a process of user %d was refused", uid)
            raise ControlError("only this user's own processes may", code="not-granted")

    async def read_line(self) -> bytes | None:
        """One line, or None at the end."""
        try:
            return await self._reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            return None
        except asyncio.LimitOverrunError:
            raise too_large() from None

    async def write(self, data: bytes) -> None:
        """Send, and wait while the other end is slow."""
        self._writer.write(data)
        await self._writer.drain()

    async def until_gone(self) -> None:
        """Return once the other end has gone."""
        while await self._reader.read(MESSAGE_LIMIT):
            pass

    async def hear_out(self) -> None:
        """Half-close, and take what is still being sent."""
        self._writer.write_eof()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(HEARING_OUT_S):
                await self.until_gone()

    def abort(self) -> None:
        """Make everything that waits here fail at once."""
        self._writer.transport.abort()

    async def close(self) -> None:
        """Let the connection go."""
        self._writer.close()
        await self._writer.wait_closed()


def listener_for(profile: Path) -> UnixListener:
    """Where the program of this profile listens."""
    return UnixListener(socket_path(profile))
