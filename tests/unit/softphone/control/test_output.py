"""What is printed where a terminal knows few letters, and where there is none."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from softphone.control import cli, client, handover
from softphone.control.protocol import ControlError

ANSWER: dict[str, object] = {"name": "Åke 山田 \udce4"}


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("cp1252", "Åke \\u5c71\\u7530 \\udce4"), ("utf-8", "Åke 山田 \\udce4"), ("ascii", "\\xc5ke")],
)
def test_every_name_can_be_printed(monkeypatch: pytest.MonkeyPatch, encoding: str, shown: str) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding))
    monkeypatch.setattr(client, "request", lambda *arguments: ANSWER)
    assert cli.main(["status"]) == 0
    assert shown in out.getvalue().decode(encoding)


def test_handing_over_needs_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(*arguments: object) -> dict[str, object]:
        raise ControlError("no", code="bad-target")

    monkeypatch.setattr(client, "request", refuses)
    monkeypatch.setattr(sys, "stderr", None)
    assert handover.hand_over(Path("p"), "tel:nobody") == 1
