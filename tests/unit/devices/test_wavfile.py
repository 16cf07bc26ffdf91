from __future__ import annotations

import os
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from devices.types import DeviceFailure, Pcm
from devices.wavfile import FLUSH_SAMPLES, WavDriver, WavSink, read_wav
from tests.doubles.clock import FakeClock
from tests.lab.pulse import write_wav


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


def test_a_looping_microphone_starts_again(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", ramp(200))
    clock = FakeClock()
    stream = WavDriver(clock.monotonic).open_capture(f"file:{tmp_path / 'a.wav'}?loop")
    clock.advance(0.01)
    assert stream.read(480).tolist() == (ramp(200).tolist() * 3)[:480]


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


def test_a_second_opening_goes_on_and_a_new_driver_begins_anew(tmp_path: Path) -> None:
    clock, device = FakeClock(), f"file:{tmp_path / 'out.wav'}"
    driver = WavDriver(clock.monotonic)
    for _ in range(2):
        stream = driver.open_playout(device)
        stream.write(ramp(48))
        clock.advance(0.001)
        stream.close()
    assert stored(tmp_path / "out.wav").tolist() == ramp(48).tolist() * 2
    WavDriver(clock.monotonic).open_playout(device).close()
    assert len(stored(tmp_path / "out.wav")) == 0


def test_a_killed_process_leaves_a_readable_recording(tmp_path: Path) -> None:
    script = (
        "import os, pathlib, sys, numpy as np\n"
        "from devices.wavfile import WavSink\n"
        "sink = WavSink(pathlib.Path(sys.argv[1]), fresh=True)\n"
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
        WavSink(Path("/dev/full"), fresh=True)


def test_a_disk_that_fills_up_loses_sound_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sink = WavSink(tmp_path / "out.wav", fresh=True)
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
