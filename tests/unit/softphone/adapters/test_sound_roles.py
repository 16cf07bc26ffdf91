from __future__ import annotations

import pytest

from devices.types import SoundDevice
from softphone.adapters.sound_roles import Reachable, as_domain, hears, plays
from softphone.domain.device import SYSTEM_DEFAULT, Device

BUILT_IN = SoundDevice("pulse:in", "Built-in microphone", 1, 0, default_input=True)
SPEAKERS = SoundDevice("pulse:out", "Speakers", 0, 2, default_output=True)
HEADSET = SoundDevice("pulse:usb", "Headset", 1, 2)
FILE = SoundDevice("file:said.wav", "said.wav", 1, 1)
OTHER_FILE = SoundDevice("file:heard.wav", "heard.wav", 1, 1)
DESK = Reachable((HEADSET, BUILT_IN, SPEAKERS), (FILE, OTHER_FILE))


def test_the_chosen_device_comes_first_then_the_default() -> None:
    assert DESK.candidates(HEADSET.id, hears) == (HEADSET, BUILT_IN)
    assert DESK.candidates(SYSTEM_DEFAULT, hears) == (BUILT_IN, HEADSET)
    assert DESK.candidates("pulse:gone", plays) == (SPEAKERS, HEADSET)


def test_a_device_that_cannot_do_it_is_no_candidate() -> None:
    assert DESK.candidates(SPEAKERS.id, hears) == (BUILT_IN, HEADSET)


def test_a_file_serves_only_the_role_that_names_it() -> None:
    assert DESK.candidates(FILE.id, hears) == (FILE, BUILT_IN, HEADSET)
    assert Reachable((), (FILE,)).candidates(SYSTEM_DEFAULT, plays) == ()
    assert Reachable((), (FILE, OTHER_FILE)).candidates(OTHER_FILE.id, plays) == (OTHER_FILE,)
    assert Reachable((), (FILE,)).ring((SYSTEM_DEFAULT,)) == ()


@pytest.mark.parametrize(
    ("chosen", "rings"),
    [
        ((SYSTEM_DEFAULT,), (SPEAKERS,)),
        ((HEADSET.id, SYSTEM_DEFAULT), (HEADSET, SPEAKERS)),
        ((SPEAKERS.id, SYSTEM_DEFAULT), (SPEAKERS,)),
        (("pulse:gone", HEADSET.id), (HEADSET,)),
        (("pulse:gone",), (SPEAKERS,)),
        ((BUILT_IN.id,), (SPEAKERS,)),
        ((FILE.id,), (FILE,)),
        ((), ()),
    ],
)
def test_the_ring_plays_on_every_chosen_device_that_is_there(
    chosen: tuple[str, ...], rings: tuple[SoundDevice, ...]
) -> None:
    assert DESK.ring(chosen) == rings


def test_failed_devices_are_left_out() -> None:
    left = DESK.without({SPEAKERS.id, FILE.id})
    assert left.ring((SPEAKERS.id,)) == (HEADSET,)
    assert left.ids == {HEADSET.id, BUILT_IN.id, OTHER_FILE.id}


def test_the_core_sees_what_a_device_can_do() -> None:
    assert as_domain([HEADSET, SPEAKERS]) == (
        Device("pulse:usb", "Headset", True, True),
        Device("pulse:out", "Speakers", False, True, is_default_output=True),
    )
