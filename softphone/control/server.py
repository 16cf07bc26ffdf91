"""The running program's side of the control interface: a Unix socket only its own user can use."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from pathlib import Path

from softphone.control.commands import Commands
from softphone.control.place import peer_uid, prepare_folder, supported
from softphone.control.protocol import (
    MESSAGE_LIMIT,
    ControlError,
    Request,
    error_object,
    read_request,
    write_object,
)
from softphone.control.shapes import event_shape
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import Event
from softphone.ports import Clock
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

HEARING_OUT_S = 1.0
"""How long a refused connection is still read."""

EVENTS_WAITING = 1000
"""A listener that falls so far behind is let go; it can ask for `status` and listen again."""


class ControlServer:
    """Serves any number of connections; each is answered in order."""

    def __init__(self, path: Path, commands: Commands, bus: Bus, clock: Clock) -> None:
        self._path = path
        self._commands = commands
        self._bus = bus
        self._clock = clock
        self._tasks = Tasks()
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen. Raises ControlError where the platform or the folder does not allow it."""
        if not supported():
            raise ControlError("there is no control interface on this platform yet", code="unsupported")
        try:
            prepare_folder(self._path)
            self._path.unlink(missing_ok=True)
            await self._listen()
        except OSError as error:
            raise ControlError(f"can't listen: {error.strerror}", code="unsupported") from error

    async def _listen(self) -> None:
        before = os.umask(0o177)
        try:
            self._server = await asyncio.start_unix_server(
                self._connected, path=str(self._path), limit=MESSAGE_LIMIT
            )
        finally:
            os.umask(before)

    async def close(self) -> None:
        """Stop listening and end all connections."""
        if self._server is not None:
            self._server.close()
        await self._tasks.close()
        if self._server is not None:
            await self._server.wait_closed()
            self._path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.spawn(self._serve(reader, writer), "control connection")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                _require_own_user(writer)
                while (line := await _read_line(reader)) is not None:
                    await self._answer(read_request(line), reader, writer)
            except ControlError as error:
                await _send(writer, error_object(error))
                await _hear_out(reader, writer)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            if request.command == "events":
                self._commands.require_grant(request)
                await self._stream_events(reader, writer)
                return
            result = await self._commands.run(request)
        except SoftphoneError as error:
            await _send(writer, error_object(error))
        else:
            await _send(writer, {"result": result})

    async def _stream_events(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Send every event until the other end goes away or falls behind."""
        waiting: asyncio.Queue[Event | None] = asyncio.Queue()

        def heard(event: Event) -> None:
            waiting.put_nowait(event if waiting.qsize() < EVENTS_WAITING else None)

        async def until_gone() -> None:
            await reader.read()
            waiting.put_nowait(None)

        cancel = self._bus.subscribe(heard)
        gone = self._tasks.spawn(until_gone(), "control listener")
        try:
            await _send(writer, {"event": "listening"})
            while (event := await waiting.get()) is not None:
                shape = event_shape(event, self._clock.monotonic())
                if shape is not None:
                    await _send(writer, shape)
        finally:
            cancel()
            gone.cancel()


def _require_own_user(writer: asyncio.StreamWriter) -> None:
    """Refuse a process of another user, whatever the file's mode says. Raises ControlError."""
    try:
        uid = peer_uid(writer.get_extra_info("socket"))
    except OSError as error:
        raise ControlError("who is calling can't be told", code="not-granted") from error
    if uid != os.getuid():
        log.warning("a process of user %d was refused", uid)
        raise ControlError("only this user's own processes may", code="not-granted")


async def _read_line(reader: asyncio.StreamReader) -> bytes | None:
    """One line, or None at the end. Raises ControlError (too-large)."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError:
        raise ControlError(f"longer than {MESSAGE_LIMIT} bytes", code="too-large") from None


async def _hear_out(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take what is still being sent: a socket closed on unread data would destroy the answer on its way."""
    writer.write_eof()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(HEARING_OUT_S):
            while await reader.read(MESSAGE_LIMIT):
                pass


async def _send(writer: asyncio.StreamWriter, values: dict[str, object]) -> None:
    writer.write(write_object(values))
    await writer.drain()
