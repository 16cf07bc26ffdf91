"""The cable gives back what was played, in order, at a device's pace."""

from __future__ import annotations

import numpy as np

from devices.loopback import LoopbackDriver


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_played_is_heard() -> None:
    clock = Clock()
    driver = LoopbackDriver(clock)
    speaker, microphone = driver.open_playout("loop:echo"), driver.open_capture("loop:echo")
    speaker.write(np.arange(1, 961, dtype=np.int16))
    clock.now = 0.02
    assert speaker.queued() == 0
    assert microphone.read(960).tolist() == list(range(1, 961))


def test_another_cable_hears_nothing() -> None:
    clock = Clock()
    driver = LoopbackDriver(clock)
    speaker, microphone = driver.open_playout("loop:one"), driver.open_capture("loop:two")
    speaker.write(np.full(960, 1000, np.int16))
    clock.now = 0.02
    assert speaker.queued() == 0
    assert not microphone.read(960).any()


def test_only_its_own_names_are_found() -> None:
    driver = LoopbackDriver()
    device = driver.find("loop:echo")
    assert device is not None
    assert (device.name, device.inputs, device.outputs) == ("echo", 1, 1)
    assert driver.find("file:echo") is None
    assert driver.devices() == ()


def test_a_forgotten_end_holds_at_most_a_second() -> None:
    clock = Clock()
    driver = LoopbackDriver(clock)
    speaker = driver.open_playout("loop:echo")
    for _ in range(300):
        speaker.write(np.full(480, 7, np.int16))
        clock.now += 0.01
        assert speaker.queued() <= 480
    microphone = driver.open_capture("loop:echo")
    clock.now += 3.0
    heard = microphone.read(48_000)
    assert np.count_nonzero(heard) == 48_000
    assert microphone.available() == 0
