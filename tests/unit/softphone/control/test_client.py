"""What the command line makes of a connection that breaks or stays silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from softphone.control import client
from softphone.control.protocol import ControlError

NOWHERE = Path("nowhere")


class Breaking:
    """A connection on which sending fails, with what was said before that still to be read."""

    def __init__(self, sending: type[OSError] | None, *answers: bytes | type[OSError]) -> None:
        self._sending = sending
        self._answers = list(answers)
        self.closed = False

    def send(self, data: bytes) -> None:
        if self._sending is not None:
            raise self._sending(32, "broken")

    def read_line(self, limit: int) -> bytes:
        answer = self._answers.pop(0) if self._answers else b""
        if isinstance(answer, bytes):
            return answer
        raise answer(104, "broken")

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (Breaking(BrokenPipeError, b'{"error":{"code":"too-large","message":""}}\n'), "too-large"),
        (Breaking(BrokenPipeError), "not-running"),
        (Breaking(None), "not-running"),
        (Breaking(None, ConnectionResetError), "not-running"),
        (Breaking(ConnectionResetError), "not-running"),
        (Breaking(None, TimeoutError), "timeout"),
        (Breaking(None, b"{}\n"), "bad-answer"),
    ],
)
def test_the_reason_is_told(monkeypatch: pytest.MonkeyPatch, line: Breaking, code: str) -> None:
    monkeypatch.setattr(client, "call", lambda profile, timeout_s: line)
    with pytest.raises(ControlError) as refused:
        client.request(NOWHERE, "status", {}, 1.0)
    assert refused.value.code == code
    assert line.closed
