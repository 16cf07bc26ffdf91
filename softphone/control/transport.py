"""The seam between the control interface and what carries it: a Unix socket, or a named pipe of Windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Connection(Protocol):
    """The program's end of one connection. What the other end breaks raises ConnectionError."""

    def require_own_user(self) -> None:
        """Refuse a process of another user, or one whose user can't be told. Raises ControlError."""
        ...

    async def read_line(self) -> bytes | None:
        """One line, or None at the end. Raises ControlError (too-large)."""
        ...

    async def write(self, data: bytes) -> None:
        """Send, and wait while the other end is slow."""
        ...

    async def until_gone(self) -> None:
        """Return once the other end has gone; what it still sends is thrown away."""
        ...

    async def hear_out(self) -> None:
        """Say no more, and take what is being sent for a moment: an early close would destroy the answer."""
        ...

    def abort(self) -> None:
        """Make everything that waits here fail at once."""
        ...

    async def close(self) -> None:
        """Let the connection go."""
        ...


class Listener(Protocol):
    """Takes connections, on the running loop."""

    async def start(self, connected: Callable[[Connection], None]) -> None:
        """Listen. Raises OSError, or ControlError where the place belongs to somebody else."""
        ...

    def stop(self) -> None:
        """Take no more connections; harmless when not listening."""
        ...

    async def close(self) -> None:
        """Let everything go, after `stop` and once all connections are closed."""
        ...


class Caller(Protocol):
    """The command line's end: blocking. Raises OSError, TimeoutError among it."""

    def send(self, data: bytes) -> None:
        """Send all of it."""
        ...

    def read_line(self, limit: int) -> bytes:
        """One line of at most `limit` bytes; nothing at the end."""
        ...

    def close(self) -> None:
        """Let the connection go."""
        ...
