"""The running program's side of the control interface: answers what only its own user can ask."""

from __future__ import annotations

import asyncio
import contextlib

from softphone.control.commands import Commands
from softphone.control.protocol import ControlError, error_object, read_request, write_object
from softphone.control.shapes import event_shape
from softphone.control.transport import Connection, Listener
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import Event
from softphone.ports import Clock
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks

EVENTS_WAITING = 1000
"""A listener that falls so far behind is let go; it can ask for `status` and listen again."""

CONNECTIONS_WAITING = 32
"""So many may be connected and ask nothing. Whoever opens more has forgotten them, or wants our handles: the
one that has waited longest is let go."""


class ControlServer:
    """Serves any number of connections; each is answered in order, and ends with `events`."""

    def __init__(self, listener: Listener, commands: Commands, bus: Bus, clock: Clock) -> None:
        self._listener = listener
        self._commands = commands
        self._bus = bus
        self._clock = clock
        self._tasks = Tasks()
        self._waiting: dict[Connection, None] = {}

    async def start(self) -> None:
        """Listen. Raises ControlError where the platform or the folder does not allow it."""
        try:
            await self._listener.start(self._connected)
        except OSError as error:
            raise ControlError(f"can't listen: {error.strerror}", code="unsupported") from error

    async def close(self) -> None:
        """Stop listening and end all connections."""
        self._listener.stop()
        await self._tasks.close()
        await self._listener.close()

    def _connected(self, connection: Connection) -> None:
        self._tasks.spawn(self._serve(connection), "control connection")

    async def _serve(self, connection: Connection) -> None:
        with contextlib.suppress(ConnectionError):
            try:
                connection.require_own_user()
                await self._converse(connection)
            except ControlError as error:
                await _send(connection, error_object(error))
                await connection.hear_out()
            finally:
                await connection.close()

    async def _converse(self, connection: Connection) -> None:
        """Answer line by line; a listener hears events until the end."""
        while (line := await self._next_line(connection)) is not None:
            request = read_request(line)
            try:
                if request.command == "events":
                    self._commands.require_grant(request)
                    await self._stream_events(connection)
                    return
                result = await self._commands.run(request)
            except SoftphoneError as error:
                await _send(connection, error_object(error))
            else:
                await _send(connection, {"result": result})

    async def _next_line(self, connection: Connection) -> bytes | None:
        self._waiting[connection] = None
        if len(self._waiting) > CONNECTIONS_WAITING:
            longest = next(iter(self._waiting))
            del self._waiting[longest]
            longest.abort()
        try:
            return await connection.read_line()
        finally:
            self._waiting.pop(connection, None)

    async def _stream_events(self, connection: Connection) -> None:
        """Send every event until the other end goes away or falls behind."""
        waiting: asyncio.Queue[Event | None] = asyncio.Queue()

        def heard(event: Event) -> None:
            if waiting.qsize() < EVENTS_WAITING:
                waiting.put_nowait(event)
            else:
                cancel()
                connection.abort()

        async def until_gone() -> None:
            await connection.until_gone()
            waiting.put_nowait(None)

        cancel = self._bus.subscribe(heard)
        gone = self._tasks.spawn(until_gone(), "control listener")
        try:
            await _send(connection, {"event": "listening"})
            while (event := await waiting.get()) is not None:
                shape = event_shape(event, self._clock.monotonic())
                if shape is not None:
                    await _send(connection, shape)
        finally:
            cancel()
            gone.cancel()


async def _send(connection: Connection, values: dict[str, object]) -> None:
    await connection.write(write_object(values))
