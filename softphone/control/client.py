"""Speaking to a running program: plain and blocking, nothing heavy to import."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from softphone.control.protocol import ControlError, read_object, write_object
from softphone.control.transport import Caller

if sys.platform == "win32":
    from softphone.control.windows_pipe import call
else:
    from softphone.control.unix_caller import call

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


def _exchange(connection: Caller, command: str, arguments: dict[str, object]) -> Iterator[dict[str, object]]:
    try:
        with contextlib.suppress(BrokenPipeError):  # why it hung up can still be read
            connection.send(write_object({"command": command, "arguments": arguments}))
        while line := connection.read_line(ANSWER_LIMIT):
            yield read_object(line)
    except TimeoutError as error:
        raise ControlError("the program does not answer", code="timeout") from error
    except OSError as error:
        raise ControlError(f"the connection broke: {error.strerror}", code="not-running") from error


def _connect(profile: Path, timeout_s: float | None) -> Caller:
    try:
        return call(profile, timeout_s)
    except OSError as error:
        raise ControlError("no program is running with this profile", code="not-running") from error
