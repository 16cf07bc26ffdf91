"""A headset's hook, and another program's call on it, as a script: this is shown, that is pressed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.hid.descriptor import parse
from devices.hid.layout import Layout
from devices.hid.telephony import ECHO_S, HeadsetLogic
from devices.hid.types import DARK, Lights, Press
from tests.doubles import hid_shapes as shapes
from tests.unit.devices.hid.worn import HELD, MUTED, RINGING, TALKING, WAITING, Worn, jabra, plain

__all__ = ["jabra", "plain"]


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
