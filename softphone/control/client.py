"""Speaking to a running program: plain blocking socket, nothing heavy to import."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

from softphone.control.place import socket_path, supported
from softphone.control.protocol import ControlError, read_object, write_object

ANSWER_LIMIT = 8_000_000
"""Longest answer read, in bytes."""


def request(profile: Path, command: str, arguments: dict[str, object], timeout_s: float) -> dict[str, object]:
    """Send one command and return its result. Raises ControlError with the program's own code."""
    with contextlib.closing(_connect(profile, timeout_s)) as connection:
        answer = next(_exchange(connection, command, arguments), None)
    if answer is None:
        raise ControlError("the program ended before it answered", code="not-running")
    result = answer.get("result")
    if isinstance(result, dict):
        return result
    raise as_error(answer)


def events(profile: Path) -> Iterator[dict[str, object]]:
    """Every event from now on, until the program ends."""
    with contextlib.closing(_connect(profile, None)) as connection:
        yield from _exchange(connection, "events", {})


def as_error(answer: dict[str, object]) -> ControlError:
    """The error an answer holds."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return ControlError("the answer is not understood", code="bad-answer")
    return ControlError(str(error.get("message", "")), code=str(error.get("code", "error")))


def _exchange(
    connection: socket.socket, command: str, arguments: dict[str, object]
) -> Iterator[dict[str, object]]:
    try:
        connection.sendall(write_object({"command": command, "arguments": arguments}))
        with connection.makefile("rb") as lines:
            while line := lines.readline(ANSWER_LIMIT):
                yield read_object(line)
    except TimeoutError as error:
        raise ControlError("the program does not answer", code="timeout") from error
    except OSError as error:
        raise ControlError(f"the connection broke: {error.strerror}", code="not-running") from error


def _connect(profile: Path, timeout_s: float | None) -> socket.socket:
    if not supported():
        raise ControlError("there is no control interface on this platform yet", code="unsupported")
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(timeout_s)
    try:
        connection.connect(str(socket_path(profile)))
    except OSError as error:
        connection.close()
        raise ControlError("no program is running with this profile", code="not-running") from error
    return connection
