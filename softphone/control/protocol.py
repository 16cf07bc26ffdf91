"""The control interface's messages: one JSON object a line, both ways.

A request is `{"command": name, "arguments": {...}}`; its answer `{"result": {...}}` or
`{"error": {"code": ..., "message": ...}}`. After `events` every line is `{"event": name, ...}`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from softphone.domain.errors import SoftphoneError

MESSAGE_LIMIT = 64 * 1024
"""Longest line in bytes; a longer one is refused and the connection closed."""

HEARING_OUT_S = 1.0
"""How long a refused connection is still read."""


class ControlError(SoftphoneError):
    """The control interface says no, or can't be reached; `code` tells why."""

    code = "control"


@dataclass(frozen=True, slots=True)
class Request:
    """A command with its arguments; they may hold a password, so they never show in a repr."""

    command: str
    arguments: dict[str, object] = field(default_factory=dict, repr=False)

    def text(self, name: str, default: str | None = None) -> str:
        """A text argument. Raises ControlError (bad-request) when it is missing or no text."""
        value = self.arguments.get(name, default)
        if not isinstance(value, str):
            raise ControlError(f"{self.command} needs {name}", code="bad-request")
        return value

    def optional(self, name: str) -> str | None:
        """A text argument, or None."""
        return self.text(name) if self.arguments.get(name) is not None else None

    def flag(self, name: str) -> bool:
        """A yes-or-no argument, no where absent."""
        return self.arguments.get(name) is True


def read_request(line: bytes) -> Request:
    """Read one line. Raises ControlError (bad-request)."""
    values = read_object(line)
    command, arguments = values.get("command"), values.get("arguments", {})
    if not isinstance(command, str) or not isinstance(arguments, dict):
        raise ControlError("not a request", code="bad-request")
    return Request(command, arguments)


def read_object(line: bytes) -> dict[str, object]:
    """One JSON object. Raises ControlError (bad-request)."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise ControlError("not a JSON object", code="bad-request")
    return values


def write_object(values: dict[str, object]) -> bytes:
    """One line; what was received with broken encoding stays printable."""
    return json.dumps(values, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def too_large() -> ControlError:
    """The refusal of a line over the limit."""
    return ControlError(f"longer than {MESSAGE_LIMIT} bytes", code="too-large")


def error_object(error: SoftphoneError) -> dict[str, object]:
    """The answer that says no."""
    return {"error": {"code": str(error.code), "message": str(error) or str(error.code)}}
