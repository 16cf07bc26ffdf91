"""One headset's behaviour as a script: this is shown, that is pressed, these reports go out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.hid.descriptor import parse
from devices.hid.layout import Layout
from devices.hid.telephony import DEBOUNCE_S, ECHO_S, MOMENTARY_S, HeadsetLogic
from devices.hid.types import DARK, Lights, Press
from tests.doubles import hid_shapes as shapes

RINGING = Lights(ringing=True)
TALKING = Lights(off_hook=True)
MUTED = Lights(off_hook=True, muted=True)
HELD = Lights(off_hook=True, held=True)
WAITING = Lights(off_hook=True, ringing=True)


class Worn:
    """A headset on somebody's head. A long while passes before all that is not said to be soon."""

    def __init__(self, descriptor: bytes) -> None:
        self.logic = HeadsetLogic(Layout(parse(descriptor)))
        self.time = 100.0

    def show(self, lights: Lights) -> list[str]:
        """The reports that are written for these lights."""
        self.time += 10
        self.logic.show(lights)
        return self.due()

    def due(self) -> list[str]:
        """The reports that are written now."""
        return [report.hex() for report in self.logic.due(self.time)]

    def hear(self, *reports: str, after: float = 10.0) -> list[Press]:
        """What these reports mean, sent one after another."""
        heard: list[Press] = []
        for report in reports:
            self.time += after
            heard += self.logic.hear(bytes.fromhex(report), self.time)
        return heard

    def soon(self, *reports: str) -> list[Press]:
        """The same within 20 ms each."""
        return self.hear(*reports, after=0.02)


@pytest.fixture
def plain() -> Worn:
    """Hook bit 0 (state), mute bit 1 (pulse)."""
    return Worn(shapes.PLAIN)


@pytest.fixture
def latched() -> Worn:
    """Hook bit 0 and mute bit 1 of report 1, both states."""
    return Worn(shapes.LATCHED)


@pytest.fixture
def jabra() -> Worn:
    """Hook 01, mute 08, flash 10, redial 20, reject 80."""
    return Worn(shapes.JABRA_LIKE)


@pytest.fixture
def epos() -> Worn:
    """Hook 1, mute 2 (both states of unknown kind), reject 4, redial 8."""
    return Worn(shapes.EPOS_LIKE)


# --- the hook switch -------------------------------------------------------------------------------


def test_a_call_answered_and_ended_at_the_headset(plain: Worn) -> None:
    assert plain.show(RINGING) == ["0004"]
    assert plain.hear("01") == [Press.PICK_UP]
    assert plain.due() == []
    assert plain.show(TALKING) == ["0001"]
    assert plain.hear("00") == [Press.HANG_UP]
    assert plain.show(DARK) == ["0000"]


def test_a_call_answered_and_ended_in_the_program_is_only_repeated(plain: Worn) -> None:
    plain.show(RINGING)
    assert plain.show(TALKING) == ["0001"]
    assert plain.soon("01") == []
    assert plain.show(DARK) == ["0000"]
    assert plain.soon("00") == []
    assert not plain.logic.elsewhere


def test_a_headset_that_repeats_nothing_still_ends_the_call(plain: Worn) -> None:
    plain.show(TALKING)
    assert plain.hear("01") == []
    assert plain.hear("00") == [Press.HANG_UP]


def test_a_late_repetition_after_a_short_call_is_nobody_elses_call(plain: Worn) -> None:
    plain.show(TALKING)
    plain.logic.show(DARK)
    assert plain.due() == ["0000"]
    assert plain.soon("01", "00") == []
    assert not plain.logic.elsewhere


def test_a_repetition_never_answers_the_next_call(plain: Worn) -> None:
    plain.show(TALKING)
    plain.logic.show(RINGING)
    assert plain.soon("01") == []


def test_a_repetition_never_ends_the_next_call(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.show(DARK) == ["0000"]
    plain.logic.show(TALKING)
    assert plain.due() == ["0001"]
    assert plain.soon("00", "01") == []
    assert plain.hear("00") == [Press.HANG_UP]


def test_a_call_begins_with_a_word_on_mute() -> None:
    poly = Worn(shapes.POLY_LIKE)
    assert poly.show(TALKING) == ["0901", "0b00"]
    assert poly.show(TALKING) == []
    poly.show(DARK)
    assert poly.show(MUTED) == ["0901", "0b01"]


def test_lifted_during_a_call_of_a_headset_that_repeats_nothing_takes_the_waiting_one(plain: Worn) -> None:
    plain.show(WAITING)
    assert plain.soon("01") == []
    other = Worn(shapes.PLAIN)
    other.show(WAITING)
    assert other.hear("01", after=ECHO_S) == [Press.PICK_UP]


def test_a_call_that_was_gone_when_it_was_answered_puts_the_headset_down(plain: Worn) -> None:
    plain.show(RINGING)
    assert plain.hear("01") == [Press.PICK_UP]
    assert plain.show(DARK) == ["0000"]


def test_a_held_call_taken_back_by_the_button_lifts_the_headset_again(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.show(HELD) == ["0009"]
    assert plain.hear("00") == [Press.HANG_UP]
    assert plain.show(TALKING) == ["0001"]
    assert plain.soon("01") == []


def test_off_hook_goes_out_before_ringing_ends_and_each_light_in_its_own_report() -> None:
    poly = Worn(shapes.POLY_LIKE)
    assert poly.show(RINGING) == ["0a01"]
    assert poly.show(TALKING) == ["0901", "0a00", "0b00"]
    assert poly.show(MUTED) == ["0b01"]
    assert poly.show(HELD) == ["0b00", "0c01"]
    assert poly.show(DARK) == ["0900", "0c00"]


def test_nothing_goes_out_when_nothing_has_changed(plain: Worn) -> None:
    plain.show(TALKING)
    plain.soon("01")
    assert plain.show(TALKING) == []
    assert Worn(shapes.PLAIN).show(DARK) == []


def test_a_ring_silenced_in_the_program_is_silent_on_the_head_and_can_be_answered_there(plain: Worn) -> None:
    plain.show(RINGING)
    assert plain.show(Lights(ringing=True, silenced=True)) == ["0000"]
    assert plain.hear("01") == [Press.PICK_UP]


# --- another program's call ------------------------------------------------------------------------


def test_in_another_programs_call_nothing_is_written_and_no_button_is_ours(jabra: Worn) -> None:
    assert jabra.hear("020100") == []
    assert jabra.logic.elsewhere
    assert jabra.show(RINGING) == []
    assert jabra.hear("020900", "020100", "021100", "020100", "028100", "020100") == []
    assert jabra.show(TALKING) == []
    assert jabra.hear("020900", "020100") == []
    assert jabra.show(DARK) == []


def test_when_it_has_ended_what_is_ours_is_shown_at_once(plain: Worn) -> None:
    plain.hear("01")
    plain.show(RINGING)
    assert plain.hear("00") == []
    assert plain.due() == ["0004"]
    assert plain.hear("01") == [Press.PICK_UP]


def test_a_headset_found_in_another_programs_call_is_left_alone(plain: Worn) -> None:
    plain.logic.begin(b"\x01")
    assert plain.show(RINGING) == []
    assert plain.hear("00") == []
    assert plain.due() == ["0004"]


def test_what_a_headset_said_of_itself_is_corrected_by_its_next_report(plain: Worn) -> None:
    plain.logic.begin(b"\x01")
    plain.show(RINGING)
    assert plain.hear("01") == [Press.PICK_UP]
    assert plain.show(TALKING) == ["0001"]


def test_found_on_hook_it_is_ours(plain: Worn) -> None:
    plain.logic.begin(b"\x00")
    assert plain.show(RINGING) == ["0004"]


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


LIGHTS = st.builds(Lights, *(st.booleans() for _ in range(5)))
STEPS = st.lists(st.one_of(LIGHTS, st.binary(min_size=1, max_size=3)), max_size=40)


@given(st.sampled_from(list(shapes.HEADSETS.values())), STEPS, st.floats(0.01, 5))
@settings(max_examples=200, deadline=None)
def test_whatever_happens_another_programs_call_is_left_alone(
    descriptor: bytes, steps: list[Lights | bytes], pace: float
) -> None:
    logic = HeadsetLogic(Layout(parse(descriptor)))
    now = 0.0
    for step in steps:
        now += pace
        if isinstance(step, Lights):
            logic.show(step)
        else:
            elsewhere = logic.elsewhere
            presses = logic.hear(step, now)
            assert not (elsewhere and logic.elsewhere and presses)
        reports = logic.due(now)
        assert not (logic.elsewhere and reports)
        assert not logic.due(now), "told twice"
