"""What two programs say and hear is measured on one clock, whenever each of them opened its files."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from demo.measure import Ear, Mouth, journey
from demo.sounds import RATE, babble, write_wav
from devices.wavfile import WavDriver
from tests.doubles.clock import FakeClock

BLOCK = 480


@pytest.fixture
def mouth(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "says.wav", babble(3.0))


def carry(
    mouth: Path, ear: Path, clock: FakeClock, *, delay_ms: int, seconds: float, ear_first_s: float
) -> None:
    """A call: what a microphone hears is played so much later, into an ear another program opened."""
    speaker = WavDriver(clock.monotonic, clock.time).open_playout(f"file:{ear}")
    clock.advance(ear_first_s)
    microphone = WavDriver(clock.monotonic, clock.time).open_capture(f"file:{mouth}?loop")
    speaker.write(np.zeros(delay_ms * RATE // 1000, np.int16))
    for _ in range(int(seconds * 100)):
        clock.advance(0.01)
        speaker.write(microphone.read(BLOCK))
    speaker.close()
    microphone.close()


@pytest.mark.parametrize("ear_first_s", [0.0, 0.066, 1.7])
@pytest.mark.parametrize("delay_ms", [40, 143, 400])
def test_the_delay_is_true_whenever_the_files_were_opened(
    mouth: Path, tmp_path: Path, delay_ms: int, ear_first_s: float
) -> None:
    clock = FakeClock(unix=1_700_000_000.123)
    carry(mouth, tmp_path / "ear.wav", clock, delay_ms=delay_ms, seconds=6.0, ear_first_s=ear_first_s)
    start = clock.time() - 4.0
    found = journey(Mouth(mouth), Ear(tmp_path / "ear.wav"), start, start + 2.0)
    assert found.delay_ms == pytest.approx(delay_ms, abs=0.1)
    assert found.likeness > 0.99


def test_the_delay_holds_across_the_loops_end_and_across_midnight(mouth: Path, tmp_path: Path) -> None:
    midnight = 1_700_006_400.0
    clock = FakeClock(unix=midnight - 3.3)
    carry(mouth, tmp_path / "ear.wav", clock, delay_ms=120, seconds=8.0, ear_first_s=0.2)
    loop_ends = midnight + 3.0 - (midnight % 3.0)
    found = journey(Mouth(mouth), Ear(tmp_path / "ear.wav"), loop_ends - 1.0, loop_ends + 1.0)
    assert found.delay_ms == pytest.approx(120, abs=0.1)
    assert found.likeness > 0.99


def test_the_delay_holds_after_the_ear_was_closed_for_a_while(mouth: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    ears = WavDriver(clock.monotonic, clock.time)
    ear = ears.open_playout(f"file:{tmp_path / 'ear.wav'}")
    clock.advance(0.5)
    ear.close()
    clock.advance(12.345)
    ear = ears.open_playout(f"file:{tmp_path / 'ear.wav'}")
    microphone = WavDriver(clock.monotonic, clock.time).open_capture(f"file:{mouth}?loop")
    start = clock.time()
    for _ in range(400):
        clock.advance(0.01)
        ear.write(microphone.read(BLOCK))
    ear.close()
    found = journey(Mouth(mouth), Ear(tmp_path / "ear.wav"), start + 0.5, start + 2.5)
    assert found.delay_ms == pytest.approx(10, abs=0.1)
    assert found.likeness > 0.99


def test_a_recording_that_lies_about_its_time_is_seen(mouth: Path, tmp_path: Path) -> None:
    """The figure comes from the time stamps, not from an assumption about when files open."""
    clock, ear = FakeClock(), tmp_path / "ear.wav"
    carry(mouth, ear, clock, delay_ms=140, seconds=6.0, ear_first_s=0.3)
    content = bytearray(ear.read_bytes())
    reference = content.index(b"bext") + 8 + 338
    (samples,) = struct.unpack_from("<Q", content, reference)
    struct.pack_into("<Q", content, reference, samples - 66 * RATE // 1000)
    ear.write_bytes(content)
    start = clock.time() - 4.0
    assert journey(Mouth(mouth), Ear(ear), start, start + 2.0).delay_ms == pytest.approx(74, abs=0.1)


def test_one_jump_of_the_jitter_buffer_leaves_the_figure_whole(mouth: Path, tmp_path: Path) -> None:
    clock, ear = FakeClock(), tmp_path / "ear.wav"
    speaker = WavDriver(clock.monotonic, clock.time).open_playout(f"file:{ear}")
    microphone = WavDriver(clock.monotonic, clock.time).open_capture(f"file:{mouth}?loop")
    start = clock.time()
    speaker.write(np.zeros(4800, np.int16))
    for block in range(500):
        if block == 120:
            speaker.write(np.zeros(2400, np.int16))
        clock.advance(0.01)
        speaker.write(microphone.read(BLOCK))
    speaker.close()
    found = journey(Mouth(mouth), Ear(ear), start + 1.0, start + 3.0)
    assert found.delay_ms == pytest.approx(150, abs=0.1)
    assert found.likeness > 0.9


def test_another_voice_is_not_taken_for_this_one(mouth: Path, tmp_path: Path) -> None:
    clock = FakeClock()
    carry(mouth, tmp_path / "ear.wav", clock, delay_ms=100, seconds=6.0, ear_first_s=0.0)
    other = Mouth(write_wav(tmp_path / "other.wav", babble(3.0, seed=8)))
    start = clock.time() - 4.0
    assert journey(other, Ear(tmp_path / "ear.wav"), start, start + 2.0).likeness < 0.5


def test_an_ear_tells_when_it_heard_sound(tmp_path: Path) -> None:
    clock = FakeClock()
    began = clock.time()
    speaker = WavDriver(clock.monotonic, clock.time).open_playout(f"file:{tmp_path / 'ear.wav'}")
    speaker.write(np.repeat(np.array([0, 3000, 0], np.int16), [9600, 4800, 9600]))
    clock.advance(0.5)
    speaker.close()
    ear = Ear(tmp_path / "ear.wav")
    assert (ear.began, ear.ended) == pytest.approx((began, began + 0.5), abs=1e-4)
    sound = ear.audible(began - 1.0, began + 2.0)
    assert sound is not None
    assert sound == pytest.approx((began + 0.2, began + 0.3), abs=0.011)
    assert ear.audible(began + 0.31, began + 9.0) is None
    assert len(ear.between(began - 1.0, began + 2.0)) == 3 * RATE
    assert not ear.between(began - 5.0, began - 4.0).any()
    assert not ear.between(began + 4.0, began + 5.0).any()


def test_a_file_of_another_kind_is_no_ear(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not tell when"):
        Ear(write_wav(tmp_path / "plain.wav", babble(1.0)))
    with pytest.raises(FileNotFoundError):
        Ear(tmp_path / "none.wav")
