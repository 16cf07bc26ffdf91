from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from devices.callback import STALL_S, START_S, CallbackCapture, CallbackPlayout, Frames
from devices.types import DeviceFailure, Pcm
from tests.doubles.clock import FakeClock
from tests.doubles.sound_device import CalledDevice

FINE = SimpleNamespace(input_overflow=False, output_underflow=False)
LATE = SimpleNamespace(input_overflow=True, output_underflow=True)


def frames(channels: int, value: int = 0, count: int = 480) -> Frames:
    return np.full((count, channels), value, np.int16)


def block(value: int) -> Pcm:
    return np.full(480, value, np.int16)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def device() -> CalledDevice:
    return CalledDevice()


def test_what_the_device_hears_can_be_read(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackCapture(device.open, 48_000, clock.monotonic)
    device.call(frames(1, 3), FINE)
    assert stream.available() == 480
    assert stream.read(480).tolist() == [3] * 480
    assert stream.overflows == 0


def test_a_microphone_nobody_reads_loses_the_newest_and_counts(
    device: CalledDevice, clock: FakeClock
) -> None:
    stream = CallbackCapture(device.open, 48_000, clock.monotonic)
    for value in range(60):
        device.call(frames(1, value), FINE)
    assert stream.available() == 24_000
    assert stream.overflows == 10
    assert stream.read(1).tolist() == [0]


def test_what_is_written_is_played_on_every_channel(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic)
    assert stream.write(block(9)) == 480
    assert stream.queued() == 480
    out = frames(2, 99)
    device.call(out, FINE)
    assert out.tolist() == [[9, 9]] * 480
    assert stream.underflows == 0


def test_an_empty_ring_plays_silence_and_counts_once_sound_has_begun(
    device: CalledDevice, clock: FakeClock
) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic)
    out = frames(1, 99)
    device.call(out, FINE)
    assert not out.any()
    assert stream.underflows == 0
    stream.write(block(4)[:100])
    device.call(out, FINE)
    assert out[:, 0].tolist() == [4] * 100 + [0] * 380
    assert stream.underflows == 1
    stream.write(block(4))
    device.call(out, LATE)
    assert stream.underflows == 2


def test_a_device_that_stops_calling_is_dead(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackCapture(device.open, 48_000, clock.monotonic)
    clock.advance(START_S - 0.01)
    assert stream.alive
    device.call(frames(1), FINE)
    clock.advance(STALL_S - 0.01)
    assert stream.alive
    clock.advance(0.02)
    assert not stream.alive


def test_a_device_that_never_calls_is_dead(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackCapture(device.open, 48_000, clock.monotonic)
    clock.advance(START_S + 0.01)
    assert not stream.alive


def test_a_device_that_ends_its_stream_is_dead(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic)
    device.end()
    assert not stream.alive


def test_paused_it_lives_and_keeps_its_sound(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic)
    stream.write(block(1))
    stream.pause()
    device.end()
    clock.advance(10)
    assert (stream.alive, device.closed) == (True, 1)
    stream.resume()
    assert (stream.alive, stream.queued(), device.started) == (True, 480, 2)


def test_a_device_that_does_not_come_back_is_dead(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic)
    stream.pause()
    device.refuses_open = True
    with pytest.raises(DeviceFailure):
        stream.resume()
    assert not stream.alive


def test_a_device_that_does_not_start_is_let_go(device: CalledDevice, clock: FakeClock) -> None:
    device.refuses_start = True
    with pytest.raises(DeviceFailure):
        CallbackCapture(device.open, 48_000, clock.monotonic)
    assert device.closed == 1


def test_closing_twice_is_harmless_and_a_failing_close_too(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackCapture(device.open, 48_000, clock.monotonic)
    device.refuses_close = True
    stream.close()
    stream.close()
    assert (stream.alive, device.closed) == (False, 1)


def test_a_speaker_that_waits_begins_with_what_is_written_by_then(
    device: CalledDevice, clock: FakeClock
) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic, waits=True, ahead=960)
    assert (device.started, stream.alive) == (0, True)
    stream.write(block(9))
    stream.write(block(9))
    assert stream.queued() == 0  # the device takes this much at once
    stream.write(block(9))
    assert stream.queued() == 480
    stream.begin()
    assert (device.started, stream.queued()) == (1, 1440)
    stream.begin()
    assert device.started == 1
    out = frames(2, 99)
    device.call(out, FINE)
    assert out.tolist() == [[9, 9]] * 480


def test_a_speaker_that_waits_and_does_not_begin_is_dead(device: CalledDevice, clock: FakeClock) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic, waits=True)
    device.refuses_start = True
    with pytest.raises(DeviceFailure):
        stream.begin()
    assert (stream.alive, device.closed) == (False, 1)


def test_a_speaker_that_waits_is_given_no_longer_than_a_first_callback(
    device: CalledDevice, clock: FakeClock
) -> None:
    stream = CallbackPlayout(device.open, 48_000, clock.monotonic, waits=True)
    clock.advance(START_S - 0.1)
    stream.begin()
    clock.advance(START_S - 0.1)
    assert stream.alive
    clock.advance(0.2)
    assert not stream.alive
