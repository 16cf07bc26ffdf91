"""Lines of chat on the screen: what stands stays, and what is new of others is read out."""

from __future__ import annotations

import pytest

from softphone.presenters.meeting_people import ChatRow
from tests.ui.conftest import MakeDesk
from ui.meetings import chat
from ui.meetings.chat import ChatLines


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What a screen reader is given to say."""
    said: list[str] = []
    monkeypatch.setattr(chat, "announce", lambda _widget, text: said.append(text))
    return said


def row(which: str, text: str, *, mine: bool = False, time: str = "12.00") -> ChatRow:
    return ChatRow(which, "You" if mine else "Casper", time, text, mine)


def test_ones_own_line_changes_nothing_that_stands_above_it(make_desk: MakeDesk, told: list[str]) -> None:
    lines = ChatLines(make_desk().look)
    before = (row("c1", "Hello"), row("c2", "Good morning", mine=True))
    waits = row("own1", "How are you?", mine=True, time="waits for the connection")
    lines.show_rows(())
    lines.show_rows(before)
    standing = lines.bubbles[:2]
    told.clear()
    lines.show_rows((*before, waits))
    lines.show_rows((*before, row("c4", "Well"), row("c3", "How are you?", mine=True)))
    assert lines.bubbles[:2] == standing
    assert [bubble.accessibleName() for bubble in lines.bubbles[2:]] == [
        "Casper, 12.00: Well",
        "You, 12.00: How are you?",
    ]
    assert told == ["Casper: Well"]


def test_the_first_line_is_read_out_and_what_was_written_before_one_came_is_not(
    make_desk: MakeDesk, told: list[str]
) -> None:
    lines = ChatLines(make_desk().look)
    lines.show_rows((row("c1", "Hello"),))
    assert told == []
    lines.clear()
    lines.show_rows(())
    lines.show_rows((row("c2", "Good morning"),))
    lines.clear()
    lines.show_rows(())
    lines.show_rows((row("c1", "Hello"), row("c2", "Good morning")))
    assert told == ["Casper: Good morning"]
    assert [bubble.accessibleName() for bubble in lines.bubbles] == [
        "Casper, 12.00: Hello",
        "Casper, 12.00: Good morning",
    ]


def test_another_language_is_drawn_and_reads_nothing_out_again(make_desk: MakeDesk, told: list[str]) -> None:
    lines = ChatLines(make_desk().look)
    lines.show_rows((row("c1", "Hello"), row("c2", "Well")))
    lines.show_rows((row("c1", "Hello", time="kl. 12.00"), row("c2", "Well", time="kl. 12.00")))
    assert [bubble.accessibleName() for bubble in lines.bubbles] == [
        "Casper, kl. 12.00: Hello",
        "Casper, kl. 12.00: Well",
    ]
    assert told == []
