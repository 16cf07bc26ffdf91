"""A headset's mute and its other keys, as a script of lights and reports."""

from __future__ import annotations

import pytest

from devices.hid.telephony import DEBOUNCE_S, MOMENTARY_S
from devices.hid.types import DARK, Lights, Press
from tests.doubles import hid_shapes as shapes
from tests.unit.devices.hid.worn import HELD, MUTED, RINGING, TALKING, WAITING, Worn, epos, latched, plain

__all__ = ["epos", "latched", "plain"]


# --- mute ------------------------------------------------------------------------------------------


def test_a_mute_key_toggles_and_the_program_lights_it(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.hear("03", after=1) == [Press.MUTE_TOGGLE]
    assert plain.show(MUTED) == ["0003"]
    assert plain.hear("01") == []
    assert plain.hear("03") == [Press.MUTE_TOGGLE]
    assert plain.show(TALKING) == ["0001"]


def test_muted_in_the_program_the_headset_is_told_and_its_repetition_is_no_press(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.show(MUTED) == ["0003"]
    assert plain.soon("03", "01") == []
    assert plain.hear("03") == [Press.MUTE_TOGGLE]


def test_a_contact_that_bounces_is_one_press(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.hear("03", after=1) + plain.soon("01", "03", "01") == [Press.MUTE_TOGGLE]


def test_relative_presses_need_no_release_between(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.hear("03", "03", after=1) == [Press.MUTE_TOGGLE, Press.MUTE_TOGGLE]
    assert plain.soon("03") == []


def test_a_mute_switch_that_stays_says_which_way(latched: Worn) -> None:
    latched.show(TALKING)
    latched.soon("0101")
    assert latched.hear("0103") == [Press.MUTE_ON]
    assert latched.show(MUTED) == ["0301"]
    assert latched.soon("0103") == []
    assert latched.hear("0101") == [Press.MUTE_OFF]
    assert latched.show(TALKING) == ["0300"]


def test_it_may_be_moved_back_at_once(latched: Worn) -> None:
    latched.show(TALKING)
    latched.soon("0101")
    assert latched.hear("0103") == [Press.MUTE_ON]
    latched.logic.show(MUTED)
    assert latched.soon("0101") == [Press.MUTE_OFF]


def test_a_switch_told_by_the_program_repeats_it(latched: Worn) -> None:
    latched.show(TALKING)
    latched.soon("0101")
    assert latched.show(MUTED) == ["0301"]
    assert latched.soon("0103") == []
    assert latched.show(TALKING) == ["0300"]
    assert latched.soon("0101") == []


def test_a_switch_that_was_refused_is_told_again(latched: Worn) -> None:
    latched.show(TALKING)
    latched.soon("0101")
    assert latched.hear("0103") == [Press.MUTE_ON]
    assert latched.show(TALKING) == ["0300"]


def test_between_calls_a_mute_switch_is_not_argued_with(latched: Worn) -> None:
    assert latched.hear("0102") == []
    assert latched.show(DARK) == []
    assert latched.show(RINGING) == ["0401"]


def test_a_state_that_falls_back_at_once_was_a_key(epos: Worn) -> None:
    epos.show(TALKING)
    epos.soon("0301")
    assert epos.hear("0303") == [Press.MUTE_ON]
    epos.logic.show(MUTED)
    assert epos.due() == ["0305"]
    assert epos.soon("0301") == []
    assert epos.hear("0303") == [Press.MUTE_TOGGLE]
    assert epos.soon("0301") == []


def test_the_same_for_a_hook_button(epos: Worn) -> None:
    epos.show(RINGING)
    assert epos.hear("0301") == [Press.PICK_UP]
    epos.logic.show(TALKING)
    epos.due()
    assert epos.soon("0300") == []
    assert epos.hear("0301") == [Press.HANG_UP]
    epos.show(DARK)
    assert epos.hear("0300") == []
    assert epos.hear("0301") == []
    assert not epos.logic.elsewhere


def test_a_hook_switch_known_to_stay_may_be_laid_down_at_once(plain: Worn) -> None:
    plain.show(RINGING)
    assert plain.hear("01") == [Press.PICK_UP]
    plain.logic.show(TALKING)
    assert plain.hear("00", after=MOMENTARY_S / 2) == [Press.HANG_UP]


# --- the other keys --------------------------------------------------------------------------------

KEYS = [
    ("021000", DARK, []),
    ("021000", RINGING, [Press.FLASH]),
    ("021000", TALKING, [Press.FLASH]),
    ("021000", HELD, [Press.FLASH]),
    ("022000", DARK, [Press.REDIAL]),
    ("022000", RINGING, []),
    ("022000", TALKING, []),
    ("028000", DARK, []),
    ("028000", RINGING, [Press.DECLINE]),
    ("028000", WAITING, [Press.DECLINE]),
    ("028000", TALKING, []),
    ("020800", DARK, []),
    ("020800", RINGING, []),
    ("020800", TALKING, [Press.MUTE_TOGGLE]),
    ("024000", TALKING, []),
    ("0103", TALKING, []),
]


@pytest.mark.parametrize(("report", "lights", "presses"), KEYS)
def test_keys(report: str, lights: Lights, presses: list[Press]) -> None:
    jabra = Worn(shapes.JABRA_LIKE)
    jabra.show(lights)
    assert jabra.hear(report) == presses
    assert jabra.soon("020000", report) == []
    assert jabra.hear("020000", report, after=DEBOUNCE_S) == presses


@pytest.mark.parametrize(
    ("lights", "presses"), [(DARK, []), (RINGING, [Press.DROP]), (TALKING, [Press.DROP])]
)
def test_a_drop_key(lights: Lights, presses: list[Press]) -> None:
    poly = Worn(shapes.POLY_LIKE)
    poly.show(lights)
    assert poly.hear("0810") == presses


def test_buttons_that_come_as_numbers() -> None:
    array = Worn(shapes.ARRAY)
    array.show(RINGING)
    assert array.hear("010100", "010000") == [Press.PICK_UP]
    array.show(TALKING)
    assert array.hear("011000", "010000") == [Press.MUTE_TOGGLE]
    assert array.hear("010400", "010000") == [Press.FLASH]
    assert array.hear("010001", "010000") == [Press.HANG_UP]


def test_a_hook_button_told_to_go_off_hook_repeats_it() -> None:
    array = Worn(shapes.ARRAY)
    array.show(TALKING)
    assert array.soon("010100", "010000") == []
