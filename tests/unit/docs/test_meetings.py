"""The administrator's page about meetings says what the service does."""

from __future__ import annotations

import re
from pathlib import Path

from service.adapters.http.outbox import MOST_MESSAGES
from service.adapters.http.socket import COMMANDS_BURST, COMMANDS_RATE, MOST_REFUSED
from service.domain.chat import LINES_BURST, MOST_LINES, MOST_LINES_WAITING
from service.domain.confirmation import TRIES, VALID_S
from service.domain.invitation import MOST_PLACES
from service.domain.session import GRACE_S, MOST_AT_ONCE
from service.usecases.meeting_room import TICKET_S
from service_api.meeting import SIZE_LIMIT, SUBPROTOCOL, Close

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "it-admin" / "meetings.md").read_text("utf-8")


def test_the_limits_are_those_of_the_code() -> None:
    limits = dict(re.findall(r"^\| ([a-z][^|]+) \| ([^|]+) \|$", PAGE, re.MULTILINE))
    expected = {
        "a lost connection keeps its place": f"{GRACE_S:.0f} seconds",
        "ticket to sound and picture": f"{TICKET_S} seconds",
        "confirmation code": f"{VALID_S // 60} minutes, {TRIES} tries",
        "chat of one person": f"{LINES_BURST:.0f} lines at once",
        "chat of a meeting": f"{MOST_LINES:,} lines; the newest are shown to who comes. "
        f"Once there are {MOST_LINES_WAITING:,}, those who wait",
        "devices of one person in a meeting at once": f"{MOST_AT_ONCE}",
        "one link is opened": f"on {MOST_PLACES} devices",
        "commands of one connection": f"{COMMANDS_BURST:.0f} at once, {COMMANDS_RATE:.0f} more each second; "
        f"{MOST_REFUSED} above",
        "one message": f"{SIZE_LIMIT // 1024} KB",
        "what waits for a client that is slow": f"{MOST_MESSAGES} messages",
    }
    for what, how_much in expected.items():
        assert how_much in limits[what]


def test_every_close_code_is_listed() -> None:
    rows = re.findall(r"^\| ([0-9]{4}(?:, [0-9]{4})*) \|", PAGE, re.MULTILINE)
    listed = [int(code) for row in rows for code in row.split(", ")]
    assert sorted(listed) == sorted(Close)
    assert SUBPROTOCOL in PAGE
