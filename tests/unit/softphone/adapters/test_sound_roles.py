from __future__ import annotations

import pytest

from devices.types import SoundDevice
from softphone.adapters.sound_roles import Reachable, as_domain, hears, plays
from softphone.domain.device import ANY_OUTPUT, IN_EAR, SYSTEM_DEFAULT, Device, Reason

BUILT_IN = SoundDevice("pulse:in", "Built-in microphone", 1, 0, default_input=True)
SPEAKERS = SoundDevice("pulse:out", "Speakers", 0, 2, default_output=True)
HEADSET = SoundDevice("pulse:usb", "Headset", 1, 2)
FILE = SoundDevice("file:said.wav", "said.wav", 1, 1)
OTHER_FILE = SoundDevice("file:heard.wav", "heard.wav", 1, 1)
DESK = Reachable((HEADSET, BUILT_IN, SPEAKERS), (FILE, OTHER_FILE))


def test_the_chosen_device_comes_first_then_the_default() -> None:
    assert DESK.candidates((HEADSET.id,), hears) == (HEADSET, BUILT_IN)
    assert DESK.candidates((SYSTEM_DEFAULT,), hears) == (BUILT_IN, HEADSET)
    assert DESK.candidates(("pulse:gone",), plays) == (SPEAKERS, HEADSET)
    assert DESK.candidates((), plays) == (SPEAKERS, HEADSET)


def test_the_list_decides_the_order_and_the_default_has_its_place_in_it() -> None:
    usb = SoundDevice("pulse:dock", "USB dock", 1, 2)
    desk = Reachable((HEADSET, SPEAKERS, usb), (FILE,))
    wishes = ("pulse:gone", usb.id, SYSTEM_DEFAULT, HEADSET.id)
    assert desk.candidates(wishes, plays) == (usb, SPEAKERS, HEADSET)
    assert desk.candidates((HEADSET.id, usb.id), plays) == (HEADSET, usb, SPEAKERS)
    assert desk.candidates((FILE.id, usb.id), plays) == (FILE, usb, SPEAKERS, HEADSET)


STANDINGS: tuple[tuple[tuple[str, ...], SoundDevice | None, Reason, bool], ...] = (
    ((HEADSET.id,), HEADSET, Reason.AS_WISHED, False),
    ((SYSTEM_DEFAULT,), SPEAKERS, Reason.AS_WISHED, False),
    ((SYSTEM_DEFAULT,), HEADSET, Reason.FAILED, True),
    ((HEADSET.id, SYSTEM_DEFAULT), SPEAKERS, Reason.FAILED, True),
    (("pulse:gone", SYSTEM_DEFAULT), SPEAKERS, Reason.NOT_PLUGGED_IN, True),
    (("pulse:gone", HEADSET.id), HEADSET, Reason.NOT_PLUGGED_IN, False),
    ((HEADSET.id,), None, Reason.FAILED, False),
)


@pytest.mark.parametrize(("wishes", "used", "reason", "instead"), STANDINGS)
def test_why_a_device_is_used(
    wishes: tuple[str, ...], used: SoundDevice | None, reason: Reason, instead: bool
) -> None:
    standing = DESK.standing(wishes, used, plays)
    assert (standing.wanted, standing.used) == (wishes[0], used.id if used else "")
    assert (standing.reason, standing.instead) == (reason, instead)


def test_nothing_to_use_and_nothing_allowed() -> None:
    assert Reachable((SPEAKERS,)).standing((HEADSET.id,), None, hears).reason is Reason.NONE
    assert DESK.standing((HEADSET.id,), HEADSET, hears, denied=True).reason is Reason.PERMISSION
    unnamed = Reachable((HEADSET,))
    assert unnamed.standing((SYSTEM_DEFAULT,), HEADSET, plays).reason is Reason.AS_WISHED


@pytest.mark.parametrize(
    ("wishes", "ear", "places"),
    [
        ((IN_EAR,), HEADSET, ()),
        ((SPEAKERS.id, IN_EAR), HEADSET, (SPEAKERS,)),
        (("pulse:gone", SYSTEM_DEFAULT, IN_EAR), HEADSET, (SPEAKERS,)),
        ((SPEAKERS.id, HEADSET.id), SPEAKERS, ()),
        ((IN_EAR, SPEAKERS.id), None, ()),
        ((SPEAKERS.id, HEADSET.id), None, (SPEAKERS, HEADSET)),
    ],
)
def test_an_alert_is_tried_down_to_the_ear(
    wishes: tuple[str, ...], ear: SoundDevice | None, places: tuple[SoundDevice, ...]
) -> None:
    assert DESK.alerts(wishes, ear) == places


def test_a_device_that_cannot_do_it_is_no_candidate() -> None:
    assert DESK.candidates((SPEAKERS.id,), hears) == (BUILT_IN, HEADSET)


def test_a_file_serves_only_the_role_that_names_it() -> None:
    assert DESK.candidates((FILE.id,), hears) == (FILE, BUILT_IN, HEADSET)
    assert Reachable((), (FILE,)).candidates((SYSTEM_DEFAULT,), plays) == ()
    assert Reachable((), (FILE, OTHER_FILE)).candidates((OTHER_FILE.id,), plays) == (OTHER_FILE,)
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
        ((ANY_OUTPUT,), (HEADSET, SPEAKERS)),
        ((ANY_OUTPUT, FILE.id, SPEAKERS.id), (HEADSET, SPEAKERS, FILE)),
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
        Device("pulse:usb", "Headset", True, True, kind="headset"),
        Device("pulse:out", "Speakers", False, True, is_default_output=True, kind="speakers"),
    )
