"""What the reference pages list is what the program has, no more and no less."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from softphone.control.cli import parser
from softphone.services.setting_keys import DEFINITIONS

DOCS = Path(__file__).resolve().parents[3] / "docs" / "it-admin"


def test_every_setting_is_explained() -> None:
    listed = set(re.findall(r"^\| `([a-z_.]+)` \|", (DOCS / "settings.md").read_text("utf-8"), re.MULTILINE))
    assert listed == {key for key, definition in DEFINITIONS.items() if not definition.internal}


def test_every_command_is_explained() -> None:
    rows = re.findall(r"^\| (`.*?) \| ", (DOCS / "control.md").read_text("utf-8"), re.MULTILINE)
    listed = {quoted.split()[0] for row in rows for quoted in re.findall(r"`([^`]+)`", row)}
    (commands,) = (action for action in parser()._actions if isinstance(action, argparse._SubParsersAction))
    assert listed == set(commands.choices)
