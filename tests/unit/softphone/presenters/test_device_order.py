"""The order of preference: moving, leaving, and what is said of each device."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.words import Words
from softphone.domain.device import IN_EAR, SYSTEM_DEFAULT, Device, DeviceState, Reason, Role, Standing
from softphone.presenters.device_order import known, moved, order_view, removed
from softphone.presenters.device_words import DeviceWords, RoleState, roles_of
from softphone.presenters.parts import Tone

JABRA = Device("a", "Jabra", True, True)
DOCK = Device("b", "Dock", True, True)
DESK = Device("c", "Desk microphone", True, False, is_default_input=True)
AWAY = "fake:Poly at home"
WORDS = DeviceWords(Words("en"), lambda identity: identity.rpartition(":")[2])


def microphones(*wishes: str, used: Device = JABRA, reason: Reason = Reason.AS_WISHED) -> RoleState:
    """The microphone's role with these wishes."""
    standing = Standing(wishes[0], used.id, reason, used.id in wishes)
    state = DeviceState((JABRA, DOCK, DESK), wishes, microphone_used=used.name, microphone_why=standing)
    return roles_of(state)[Role.MICROPHONE]


def test_behind_the_list_stands_whatever_else_there_is() -> None:
    assert known(microphones(AWAY, "b")) == (AWAY, "b", SYSTEM_DEFAULT, "a", "c")
    state = DeviceState((JABRA, DESK), alert=("a",))
    assert known(roles_of(state)[Role.ALERT]) == ("a", IN_EAR)


@pytest.mark.parametrize(
    ("identity", "by", "wishes"),
    [
        ("b", -1, ("b", AWAY)),
        (AWAY, -1, (AWAY, "b")),
        (AWAY, 1, ("b", AWAY)),
        ("b", 1, (AWAY, SYSTEM_DEFAULT, "b")),
        ("a", -1, (AWAY, "b", "a")),
        ("a", -2, (AWAY, "a", "b")),
        ("c", 1, (AWAY, "b", SYSTEM_DEFAULT, "a", "c")),
        ("nobody's", -1, (AWAY, "b")),
    ],
)
def test_what_is_moved_is_on_the_list_with_all_above_it(
    identity: str, by: int, wishes: tuple[str, ...]
) -> None:
    assert moved(microphones(AWAY, "b"), identity, by) == wishes


def test_what_is_removed_is_used_only_when_nothing_else_is_there() -> None:
    state = microphones("a", AWAY, "b")
    assert removed(state, "a") == (AWAY, "b")
    rows = order_view(microphones(AWAY, "b"), WORDS, locked=False).rows
    assert [row.id for row in rows if not row.place] == [SYSTEM_DEFAULT, "a", "c"]


def test_each_row_says_how_its_device_stands() -> None:
    state = microphones(AWAY, "a", "b", reason=Reason.NOT_PLUGGED_IN)
    rows = order_view(state, WORDS, locked=False).rows
    assert [(row.text, row.note, row.place) for row in rows] == [
        ("Poly at home", "Not plugged in", 1),
        ("Jabra", "In use", 2),
        ("Dock", "", 3),
        ("System default: Desk microphone", "Only when nothing above is there", 0),
        ("Desk microphone", "Only when nothing above is there", 0),
    ]
    assert [row.id for row in rows if row.in_use] == ["a"]
    assert [row.id for row in rows if row.away] == [AWAY]
    assert [(row.can_rise, row.can_sink, row.can_leave) for row in (rows[0], rows[1], rows[-1])] == [
        (False, True, True),
        (True, True, True),
        (True, False, False),
    ]


def test_the_system_s_choice_is_in_use_where_it_came_first() -> None:
    rows = order_view(microphones(SYSTEM_DEFAULT, "c", used=DESK), WORDS, locked=False).rows
    assert [row.id for row in rows if row.in_use] == [SYSTEM_DEFAULT]
    assert not rows[0].away


def test_the_last_wish_can_not_leave() -> None:
    assert [row.can_leave for row in order_view(microphones("a"), WORDS, locked=True).rows][:1] == [False]


NOTES = (
    (microphones("a"), "Jabra is in use.", Tone.QUIET),
    (
        microphones(AWAY, "a", reason=Reason.NOT_PLUGGED_IN),
        "Poly at home is not plugged in. Jabra is used until it is back.",
        Tone.QUIET,
    ),
    (
        microphones(AWAY, reason=Reason.NOT_PLUGGED_IN),
        "Poly at home is not plugged in. Jabra is used until it is back.",
        Tone.WARN,
    ),
    (
        microphones("b", "a", reason=Reason.FAILED),
        "Dock does not work now. Jabra is used instead.",
        Tone.WARN,
    ),
    (
        replace(microphones("b", reason=Reason.FAILED), used=""),
        "Dock does not work. Unplug it and plug it in again.",
        Tone.BAD,
    ),
    (
        microphones("a", reason=Reason.PERMISSION),
        "Softphone may not hear you. Allow it in the computer's privacy settings.",
        Tone.BAD,
    ),
    (microphones("a", reason=Reason.NONE), "Nothing is plugged in. Plug in a headset.", Tone.BAD),
)


@pytest.mark.parametrize(("state", "text", "tone"), NOTES)
def test_the_note_says_what_is_used_and_why(state: RoleState, text: str, tone: Tone) -> None:
    note = WORDS.note(state)
    assert (note.text, note.tone) == (text, tone)
