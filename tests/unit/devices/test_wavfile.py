from __future__ import annotations

import os
import struct
import subprocess
import sys
import wave
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

from devices.types import DeviceFailure, Pcm
from devices.wavfile import FLUSH_SAMPLES, WavDriver, WavSink, began, read_wav
from tests.doubles.clock import FakeClock
from tests.lab.sound import write_wav


def ramp(count: int) -> Pcm:
    return np.arange(1, count + 1).astype(np.int16)


def stored(path: Path) -> Pcm:
    with wave.open(str(path), "rb") as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (48_000, 1, 2)
        return np.frombuffer(file.readframes(file.getnframes()), np.int16)


def test_microphone_says_the_file_once_at_the_pace_of_a_device(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", ramp(600))
    clock = FakeClock()
    stream = WavDriver(clock.monotonic).open_capture(f"file:{tmp_path / 'a.wav'}")
    assert stream.available() == 0
    clock.advance(0.01)
    assert stream.available() == 480
    assert stream.read(480).tolist() == ramp(480).tolist()
    clock.advance(0.01)
    assert stream.read(480).tolist() == [*range(481, 601), *[0] * 360]


def test_microphone_begins_at_the_start_each_time_it_is_opened(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", ramp(600))
    clock = FakeClock()
    driver = WavDriver(clock.monotonic)
    for _ in range(2):
        stream = driver.open_capture(f"file:{tmp_path / 'a.wav'}")
        clock.advance(0.01)
        assert stream.read(3).tolist() == [1, 2, 3]
        stream.close()


def test_a_looping_microphone_says_what_the_clock_says(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", ramp(200))
    clock = FakeClock(unix=200.0 * 1_700_000_000 / 48_000)
    first = WavDriver(clock.monotonic, clock.time).open_capture(f"file:{tmp_path / 'a.wav'}?loop")
    clock.advance(150 / 48_000)
    second = WavDriver(clock.monotonic, clock.time).open_capture(f"file:{tmp_path / 'a.wav'}?loop")
    clock.advance(0.01)
    assert first.read(630).tolist() == (ramp(200).tolist() * 4)[:630]
    assert second.read(480).tolist() == (ramp(200).tolist() * 4)[150:630]


def test_an_empty_file_loops_in_silence(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", ramp(0))
    clock = FakeClock()
    stream = WavDriver(clock.monotonic, clock.time).open_capture(f"file:{tmp_path / 'a.wav'}?loop")
    clock.advance(0.01)
    assert not stream.read(480).any()


def test_files_of_other_rates_and_channels_are_converted(tmp_path: Path) -> None:
    path = tmp_path / "stereo.wav"
    tone = (8000 * np.sin(2 * np.pi * 200 * np.arange(8000) / 8000)).astype(np.int16)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(np.stack([tone, tone], axis=1).tobytes())
    pcm = read_wav(path)
    assert len(pcm) == 48_000
    assert np.sqrt(np.mean(pcm.astype(float) ** 2)) == pytest.approx(8000 / np.sqrt(2), rel=0.02)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not a wave file at all, but long enough for a header"])
def test_a_file_that_is_no_wav_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(DeviceFailure):
        WavDriver().open_capture(f"file:{tmp_path / 'a.wav'}")


def test_speaker_records_what_was_played_with_silence_between(tmp_path: Path) -> None:
    clock = FakeClock()
    stream = WavDriver(clock.monotonic).open_playout(f"file:{tmp_path / 'out.wav'}")
    stream.write(ramp(480))
    clock.advance(0.02)
    stream.write(ramp(480))
    clock.advance(0.01)
    stream.close()
    assert stored(tmp_path / "out.wav").tolist() == [*range(1, 481), *[0] * 480, *range(1, 481)]
    assert stream.underflows == 1


def test_a_second_opening_leaves_silence_between_and_a_new_driver_begins_anew(tmp_path: Path) -> None:
    clock, device = FakeClock(), f"file:{tmp_path / 'out.wav'}"
    driver, start = WavDriver(clock.monotonic, clock.time), clock.time()
    for _ in range(2):
        stream = driver.open_playout(device)
        stream.write(ramp(48))
        clock.advance(0.001)
        stream.close()
        clock.advance(0.002)
    assert stored(tmp_path / "out.wav").tolist() == [*ramp(48), *[0] * 96, *ramp(48)]
    assert began(tmp_path / "out.wav") == pytest.approx(start, abs=1e-4)
    WavDriver(clock.monotonic, clock.time).open_playout(device).close()
    assert len(stored(tmp_path / "out.wav")) == 0
    assert began(tmp_path / "out.wav") == pytest.approx(clock.time(), abs=1e-4)


def test_a_recording_taken_away_begins_anew(tmp_path: Path) -> None:
    clock, path = FakeClock(), tmp_path / "out.wav"
    driver = WavDriver(clock.monotonic, clock.time)
    driver.open_playout(f"file:{path}").close()
    path.unlink()
    clock.advance(5.0)
    driver.open_playout(f"file:{path}").close()
    assert len(stored(path)) == 0
    assert began(path) == pytest.approx(clock.time(), abs=1e-4)


def test_a_clock_set_back_loses_nothing_recorded(tmp_path: Path) -> None:
    clock, moments = FakeClock(), iter([1000.0, 400.0])
    driver = WavDriver(clock.monotonic, lambda: next(moments))
    for _ in range(2):
        stream = driver.open_playout(f"file:{tmp_path / 'out.wav'}")
        stream.write(ramp(48))
        clock.advance(0.001)
        stream.close()
    assert stored(tmp_path / "out.wav").tolist() == ramp(48).tolist() * 2


@pytest.mark.parametrize("moment", [0.0, 1_700_006_399.9999, 1_700_006_400.0, 1_763_776_773.25])
def test_a_recording_tells_when_it_began(tmp_path: Path, moment: float) -> None:
    """EBU Tech 3285: date, time, and samples since midnight."""
    WavSink(tmp_path / "out.wav", moment, moment).close()
    assert began(tmp_path / "out.wav") == pytest.approx(moment, abs=1e-4)
    extension = (tmp_path / "out.wav").read_bytes()[44:646]
    day, clock = extension[320:330].decode(), extension[330:338].decode()
    assert datetime.strptime(f"{day} {clock} +0000", "%Y-%m-%d %H-%M-%S %z").timestamp() == int(moment)
    (samples,) = struct.unpack_from("<Q", extension, 338)
    assert samples == pytest.approx(moment % 86_400 * 48_000, abs=4)


def test_a_recording_of_days_keeps_a_header_that_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("devices.wavfile.LARGEST", 96)
    sink = WavSink(tmp_path / "out.wav", 0.0, 0.0)
    sink.take(ramp(600))
    sink.close()
    assert stored(tmp_path / "out.wav").tolist() == ramp(48).tolist()


def test_another_file_does_not_tell_when_it_began(tmp_path: Path) -> None:
    for content in (b"RIFF", write_wav(tmp_path / "a.wav", ramp(600)).read_bytes()):
        (tmp_path / "b.wav").write_bytes(content)
        with pytest.raises(ValueError, match="does not tell when"):
            began(tmp_path / "b.wav")


def test_a_killed_process_leaves_a_readable_recording(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys, numpy as np\n"
        "from devices.wavfile import WavSink\n"
        "sink = WavSink(pathlib.Path(sys.argv[1]), 0.0, 0.0)\n"
        "for _ in range(130): sink.take(np.full(480, 7, np.int16))\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3])}
    command = [sys.executable, "-c", script, str(tmp_path / "out.wav")]
    assert subprocess.run(command, env=environment, timeout=30, check=False).returncode == -9
    pcm = stored(tmp_path / "out.wav")
    assert len(pcm) >= 130 * 480 - FLUSH_SAMPLES
    assert set(pcm.tolist()) == {7}


def test_a_speaker_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeviceFailure):
        WavDriver().open_playout(f"file:{tmp_path}")


def test_a_full_disk_from_the_start_is_refused() -> None:
    with pytest.raises(DeviceFailure, match="can't be written"):
        WavSink(Path("/dev/full"), 0.0, 0.0)


def test_a_disk_that_fills_up_loses_sound_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sink = WavSink(tmp_path / "out.wav", 0.0, 0.0)
    sink.take(np.full(FLUSH_SAMPLES, 5, np.int16))
    with monkeypatch.context() as patch:
        patch.setattr(sink, "_flush", _no_space)
        sink.take(np.full(FLUSH_SAMPLES, 6, np.int16))
    sink.take(np.full(FLUSH_SAMPLES, 7, np.int16))
    sink.close()
    assert sorted(set(stored(tmp_path / "out.wav").tolist())) == [5, 7]
    assert "lost half a second" in caplog.text


def _no_space() -> None:
    raise OSError(28, "No space left on device")
