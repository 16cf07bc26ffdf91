"""The command line's end of the Unix socket."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

from softphone.control.place import socket_path

assert sys.platform != "win32"  # noqa: S101 — so that a type checker for Windows looks no further


def call(profile: Path, timeout_s: float | None) -> UnixCaller:
    """Reach the running program of this profile. Raises OSError when none runs."""
    return UnixCaller(socket_path(profile), timeout_s)


class UnixCaller:
    """The command line's end."""

    def __init__(self, path: Path, timeout_s: float | None) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout_s)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("rb")

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def read_line(self, limit: int) -> bytes:
        """One line of at most `limit` bytes; nothing at the end."""
        return self._lines.readline(limit)

    def close(self) -> None:
        """Let the connection go."""
        self._lines.close()
        self._socket.close()
