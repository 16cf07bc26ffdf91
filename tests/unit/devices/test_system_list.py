from __future__ import annotations

from types import SimpleNamespace

import pytest

from devices.described import Described
from devices.portaudio import WASAPI, PortAudio
from devices.system_list import SystemList
from tests.doubles.sound_device import FakeSoundDevice

HEADSET = Described("Headset", False, "headset", "a", is_default=True)
SPEAKERS = Described("Speakers", False, "speakers", "b")
USB = Described("USB", False, "", "c")


class System:
    """PortAudio and the system's own list of the same devices."""

    def __init__(self, *there: Described) -> None:
        self.library = FakeSoundDevice(WASAPI)
        self.described: tuple[Described, ...] | None = ()
        self.list = SystemList(PortAudio(lambda: self.library), lambda: self.described)
        self.has(*there)
        self.look(changed=False)

    def has(self, *there: Described) -> None:
        """What is plugged in now; PortAudio sees it when it starts."""
        self.library.rows.clear()
        for one in there:
            self.library.add(one.name, int(one.is_input), 2 * int(not one.is_input))
        self.described = there

    def look(self, *, changed: bool = True, anew: bool = False) -> list[str]:
        return [row.name for row, _ in self.list.look(changed=changed, anew=anew)]

    def default(self) -> list[str]:
        return [row.name for row, _ in self.list.look(changed=False) if row.default_output]


@pytest.fixture(autouse=True)
def _windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.portaudio.sys", SimpleNamespace(platform="win32"))


def test_a_device_that_went_is_struck_out_and_streams_play_on() -> None:
    system = System(HEADSET, SPEAKERS)
    system.has(SPEAKERS)
    assert system.look() == ["Speakers"]
    assert system.library.starts == 1


def test_a_device_that_came_needs_the_library_anew() -> None:
    system = System(HEADSET)
    system.has(HEADSET, USB)
    assert system.look() == ["Headset", "USB"]
    assert system.library.starts == 2


def test_a_device_that_came_back_needs_the_library_anew() -> None:
    system = System(HEADSET, SPEAKERS)
    system.has(SPEAKERS)
    system.look()
    system.has(HEADSET, SPEAKERS)
    assert system.look() == ["Headset", "Speakers"]
    assert system.library.starts == 2


def test_a_device_with_another_number_came_back_unseen() -> None:
    system = System(HEADSET)
    system.has(Described("Headset", False, "headset", "a", is_default=True, number=7))
    system.look()
    assert system.library.starts == 2


def test_of_twins_nobody_can_say_which_went_without_a_start() -> None:
    system = System(USB, Described("USB", False, "", "d"))
    system.has(USB)
    assert system.look() == ["USB"]
    assert system.library.starts == 2


def test_another_default_needs_no_start() -> None:
    system = System(HEADSET, SPEAKERS)
    assert system.default() == ["Headset"]
    system.described = (
        Described("Headset", False, "headset", "a"),
        Described("Speakers", False, "speakers", "b", is_default=True),
    )
    system.look()
    assert (system.default(), system.library.starts) == (["Speakers"], 1)


def test_each_row_has_what_the_system_says_of_it() -> None:
    microphone = Described("Headset", True, "headset", "m")
    system = System(SPEAKERS, HEADSET, microphone)
    assert [told for _, told in system.list.look(changed=False)] == [SPEAKERS, HEADSET, microphone]


def test_a_row_the_system_never_knew_stays() -> None:
    system = System(HEADSET)
    system.library.add("Virtual", 0, 2)
    system.look(anew=True)
    system.described = ()
    assert system.look() == ["Virtual"]


def test_a_system_that_tells_nothing_is_looked_at_by_starting_anew() -> None:
    system = System(HEADSET)
    system.described = None
    assert system.look() == system.look() == ["Headset"]
    assert system.library.starts == 3


def test_after_sleep_the_library_starts_anew() -> None:
    system = System(HEADSET)
    assert system.look(anew=True) == ["Headset"]
    assert system.library.starts == 2
