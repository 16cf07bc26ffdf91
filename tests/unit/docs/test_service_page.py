"""What the page on the company service says can be done as it says it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from service.__main__ import parser
from service.config import read_config

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "it-admin" / "service.md").read_text("utf-8")


def options(command: argparse.ArgumentParser) -> set[str]:
    found: set[str] = set()
    for action in command._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in action.choices.values():
                found |= options(below)
        elif "--help" not in action.option_strings:
            found |= set(action.option_strings)
    return found


def test_every_option_is_explained() -> None:
    rows = re.findall(r"^\| (`--.*?) \|", PAGE, re.MULTILINE)
    listed = {quoted for row in rows for quoted in re.findall(r"`([^`]+)`", row)}
    assert listed == options(parser())


def test_the_example_is_understood(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "service.toml").write_text(example, "utf-8")
    config = read_config(tmp_path, {})
    assert config.public_url == "https://meet.example.com"
    assert config.sip_table == tmp_path / "registrar" / "subscriber"


def test_every_member_is_in_the_example() -> None:
    source = (Path(__file__).resolve().parents[3] / "service" / "config.py").read_text("utf-8")
    known = set(re.findall(r'_(?:take|path)\((?:data, )?"([a-z_]+)"', source))
    (example,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert known == set(re.findall(r"^([a-z_]+) = ", example, re.MULTILINE))
