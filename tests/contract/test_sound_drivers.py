"""What every sound driver does alike: the fake, WAV files, cables, a sound server, and PortAudio on it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from devices.fake import FakeDriver
from devices.hotplug import Hotplug
from devices.loopback import LoopbackDriver
from devices.portaudio import PortAudio
from devices.pulse import PulseDriver
from devices.system import PortAudioDriver
from devices.types import DeviceFailure, Pcm, SoundDriver
from devices.wavfile import WavDriver, read_wav
from tests.doubles.clock import FakeClock
from tests.lab.pulse import CONFIGURATION, Recording, pulse_rig
from tests.lab.sound import write_wav

TONE: Pcm = np.rint(8000 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)).astype(np.int16)


@dataclass
class Bench:
    """A driver, a microphone that says TONE once it is open, a speaker, and a way to let time pass."""

    driver: SoundDriver
    microphone: str
    speaker: str
    pass_time: Callable[[float], None]
    heard: Callable[[], Pcm]
    pull: Callable[[], None] | None = None
    put_back: Callable[[], None] | None = None
    lose: Callable[[], None] | None = None
    """Pulls the speaker so that its streams end."""
    plug_twin: Callable[[], None] | None = None
    """Plugs a second speaker in whose name is the first one's."""


REAL = [pytest.param(name, marks=pytest.mark.peer) for name in ("pulse", "portaudio")]


@pytest.fixture(params=["fake", "file", "loop", *REAL])
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    with ExitStack() as stack:
        makers = {"fake": _fake, "file": _file, "loop": _loop, "pulse": _pulse, "portaudio": _portaudio}
        made = makers[request.param](tmp_path, stack)
        stack.callback(made.driver.close)
        yield made


def _fake(tmp_path: Path, stack: ExitStack) -> Bench:
    clock = FakeClock()
    driver = FakeDriver(clock.monotonic)
    microphone = driver.plug("Microphone", inputs=1, default=True)
    speaker = driver.plug("Speaker", outputs=2, default=True)
    driver.heard[microphone].put(TONE)

    def put_back() -> None:
        driver.plug("Speaker", outputs=2)

    return Bench(
        driver,
        microphone,
        speaker,
        clock.advance,
        lambda: driver.played[speaker].pcm(),
        lambda: driver.unplug(speaker),
        put_back,
        lambda: driver.unplug(speaker),
    )


def _file(tmp_path: Path, stack: ExitStack) -> Bench:
    clock = FakeClock()
    write_wav(tmp_path / "in.wav", TONE)
    return Bench(
        WavDriver(clock.monotonic),
        f"file:{tmp_path / 'in.wav'}",
        f"file:{tmp_path / 'out.wav'}",
        clock.advance,
        lambda: read_wav(tmp_path / "out.wav"),
    )


def _loop(tmp_path: Path, stack: ExitStack) -> Bench:
    clock = FakeClock()
    driver = LoopbackDriver(clock.monotonic)
    driver.cable("loop:in").take(TONE)
    return Bench(driver, "loop:in", "loop:out", clock.advance, lambda: driver.cable("loop:out").next(48_000))


def _pulse(tmp_path: Path, stack: ExitStack) -> Bench:
    rig = stack.enter_context(pulse_rig(tmp_path))
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    rig.inhabit(patch)
    stack.enter_context(rig.saying("headset_mic", np.tile(TONE, 20)))
    recording: Recording = stack.enter_context(rig.recording("speakers"))
    driver = PulseDriver()
    return Bench(
        driver,
        "pulse:headset_mic",
        "pulse:speakers",
        time.sleep,
        recording.pcm,
        lambda: rig.unplug("speakers"),
        lambda: rig.plug_speaker("speakers", "Laptop Speakers"),
        lambda: rig.lose("speakers"),
        lambda: rig.plug_speaker("twin", "Laptop Speakers"),
    )


class Plugging(Hotplug):
    """Notices as the system gives them, when the bench plugs."""

    def __init__(self) -> None:
        super().__init__(lambda: b"", follow=lambda changed, stop: None)

    def tell(self) -> None:
        self._notices.tell()


def _portaudio(tmp_path: Path, stack: ExitStack) -> Bench:
    """PortAudio's own list: ALSA has one PCM for each device of the server."""
    rig = stack.enter_context(pulse_rig(tmp_path))
    patch = stack.enter_context(pytest.MonkeyPatch.context())
    rig.inhabit(patch)
    file, plugging = tmp_path / "alsa.conf", Plugging()
    patch.setenv(CONFIGURATION, str(file))
    stack.enter_context(rig.saying("headset_mic", np.tile(TONE, 20)))
    recording = stack.enter_context(rig.recording("speakers"))

    def plugged(*names: str) -> None:
        pcm = 'pcm.{0} {{ type pulse device "{0}" hint {{ show on description "x" }} }}\n'
        file.write_text("".join(pcm.format(name) for name in names) + "pcm.default { type pulse }\n")
        plugging.tell()

    def pull(how: Callable[[str], None]) -> None:
        how("speakers")
        plugged("headset_mic")

    def put_back() -> None:
        rig.plug_speaker("speakers")
        plugged("headset_mic", "speakers")

    plugged("headset_mic", "speakers")
    driver = PortAudioDriver(PortAudio(), plugging)
    return Bench(
        driver,
        "portaudio:ALSA:headset_mic",
        "portaudio:ALSA:speakers",
        time.sleep,
        recording.pcm,
        lambda: pull(rig.unplug),
        put_back,
        lambda: pull(rig.lose),
    )


def level(pcm: Pcm) -> float:
    """dBFS."""
    rms = np.sqrt(np.mean(pcm.astype(float) ** 2)) if len(pcm) else 0.0
    return float(20 * np.log10(max(rms, 1e-3) / 32_768))


def until(bench: Bench, condition: Callable[[], bool], seconds: float = 3.0) -> bool:
    """Let time pass in steps of 10 ms until `condition` holds."""
    for _ in range(int(seconds * 100)):
        if condition():
            return True
        bench.pass_time(0.01)
    return condition()


def test_a_device_can_be_found_by_its_id(bench: Bench) -> None:
    microphone, speaker = bench.driver.find(bench.microphone), bench.driver.find(bench.speaker)
    assert microphone is not None
    assert speaker is not None
    assert (microphone.id, speaker.id) == (bench.microphone, bench.speaker)
    assert microphone.name
    assert microphone.inputs > 0
    assert speaker.outputs > 0
    assert bench.microphone.startswith(f"{bench.driver.name}:")


def test_listed_ids_are_found_and_unique(bench: Bench) -> None:
    listed = bench.driver.devices()
    assert len({device.id for device in listed}) == len(listed)
    assert [bench.driver.find(device.id) for device in listed] == list(listed)


def test_an_unknown_device_is_a_typed_failure(bench: Bench) -> None:
    unknown = f"{bench.driver.name}:/nowhere/at-all"
    with pytest.raises(DeviceFailure):
        bench.driver.open_capture(unknown)
    assert bench.driver.find("other:name") is None


def test_a_microphone_is_heard_at_48_khz(bench: Bench) -> None:
    stream = bench.driver.open_capture(bench.microphone)
    assert until(bench, lambda: stream.available() >= 9600)
    pcm = stream.read(9600)
    assert (pcm.dtype, pcm.shape) == (np.dtype(np.int16), (9600,))
    spectrum = np.abs(np.fft.rfft(pcm[4800:].astype(float)))
    assert np.argmax(spectrum) * 10 == pytest.approx(440, abs=10)
    assert level(pcm[4800:]) == pytest.approx(level(TONE), abs=0.5)
    stream.close()


def test_reading_more_than_there_is_gives_silence_for_the_rest(bench: Bench) -> None:
    stream = bench.driver.open_capture(bench.microphone)
    assert until(bench, lambda: stream.available() > 0)
    pcm = stream.read(48_000)
    assert len(pcm) == 48_000
    assert not pcm[-480:].any()
    stream.close()


def test_a_microphone_keeps_the_pace_of_time(bench: Bench) -> None:
    stream = bench.driver.open_capture(bench.microphone)
    assert until(bench, lambda: stream.available() > 0)
    stream.read(stream.available())
    started = time.monotonic()
    bench.pass_time(0.3)
    passed = max(0.3, min(time.monotonic() - started, 0.45))
    assert stream.available() == pytest.approx(passed * 48_000, abs=2400)
    stream.close()


def test_what_is_written_is_played(bench: Bench) -> None:
    stream = bench.driver.open_playout(bench.speaker)
    for start in range(0, 24_000, 480):
        assert until(bench, lambda: stream.queued() < 4800)
        assert stream.write(TONE[start : start + 480]) == 480
    assert until(bench, lambda: stream.queued() == 0)
    bench.pass_time(0.15)
    stream.close()
    pcm = bench.heard()
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 100)
    assert len(loud) > 0
    sound = pcm[loud[0] : loud[-1] + 1]
    assert len(sound) == pytest.approx(24_000, abs=480)
    assert level(sound) == pytest.approx(level(TONE), abs=0.5)


def test_a_full_queue_takes_no_more(bench: Bench) -> None:
    stream = bench.driver.open_playout(bench.speaker)
    fitted = stream.write(np.zeros(96_000, np.int16))
    assert 480 <= fitted < 96_000
    assert stream.queued() == pytest.approx(fitted, abs=2400)
    stream.close()


def test_an_empty_queue_counts_underflows_only_once_sound_has_begun(bench: Bench) -> None:
    stream = bench.driver.open_playout(bench.speaker)
    bench.pass_time(0.1)
    assert stream.underflows == 0
    stream.write(TONE[:960])
    assert until(bench, lambda: stream.underflows > 0)
    stream.close()


def test_closing_is_final_and_harmless_twice(bench: Bench) -> None:
    capture = bench.driver.open_capture(bench.microphone)
    playout = bench.driver.open_playout(bench.speaker)
    assert (capture.alive, playout.alive) == (True, True)
    for stream in (capture, playout, capture, playout):
        stream.close()
    assert (capture.alive, playout.alive) == (False, False)
    assert len(capture.read(480)) == 480


def test_several_streams_on_one_speaker(bench: Bench) -> None:
    first = bench.driver.open_playout(bench.speaker)
    second = bench.driver.open_playout(bench.speaker)
    second.close()
    assert first.alive
    first.close()


def test_pulling_a_device_is_noticed(bench: Bench) -> None:
    if bench.pull is None:
        assert bench.driver.devices() == ()
        return
    told: list[float] = []
    stop = bench.driver.watch(lambda: told.append(time.monotonic()))
    bench.pass_time(0.3)
    told.clear()
    bench.pull()
    assert until(bench, lambda: bool(told))
    assert bench.driver.find(bench.speaker) is None
    with pytest.raises(DeviceFailure):
        bench.driver.open_playout(bench.speaker)
    stop()
    count = len(told)
    bench.pass_time(0.1)
    assert len(told) == count


def test_a_device_that_comes_back_is_noticed_and_can_be_used(bench: Bench) -> None:
    if bench.pull is None or bench.put_back is None:
        assert bench.driver.find(bench.speaker) is not None
        return
    told: list[float] = []
    bench.driver.watch(lambda: told.append(time.monotonic()))
    bench.pass_time(0.3)
    assert bench.driver.find(bench.speaker) is not None
    bench.pull()
    assert until(bench, lambda: bench.driver.find(bench.speaker) is None)
    told.clear()
    bench.put_back()
    assert until(bench, lambda: bool(told))
    assert until(bench, lambda: bench.driver.find(bench.speaker) is not None)
    stream = bench.driver.open_playout(bench.speaker)
    assert stream.alive
    stream.close()


def test_the_streams_of_a_lost_device_die_and_others_live(bench: Bench) -> None:
    if bench.lose is None:
        return
    bench.driver.watch(lambda: None)
    speaker, microphone = (
        bench.driver.open_playout(bench.speaker),
        bench.driver.open_capture(bench.microphone),
    )
    assert until(bench, lambda: microphone.available() > 0)
    bench.lose()
    bench.driver.devices()
    assert until(bench, lambda: not speaker.alive)
    assert microphone.alive
    microphone.read(microphone.available())
    assert until(bench, lambda: microphone.available() > 0)
    speaker.close()
    microphone.close()


def test_a_speaker_that_waits_plays_all_that_was_written_before_it_began(bench: Bench) -> None:
    stream = bench.driver.open_playout(bench.speaker, waits=True)
    for start in range(0, 9600, 480):
        assert stream.write(TONE[start : start + 480]) == 480
    stream.begin()
    assert until(bench, lambda: stream.queued() == 0)
    bench.pass_time(0.15)
    stream.close()
    loud = np.flatnonzero(np.abs(bench.heard().astype(np.int32)) > 100)
    assert loud[-1] - loud[0] == pytest.approx(9600, abs=480)


def test_a_twin_is_another_device(bench: Bench) -> None:
    if bench.plug_twin is None:
        return
    bench.plug_twin()
    first = bench.driver.find(bench.speaker)
    assert first is not None
    names = {device.id: device.name for device in bench.driver.devices() if first.name in device.name}
    assert len(names) == 2
    assert names[bench.speaker] == first.name
    assert set(names.values()) == {first.name, f"{first.name} (2)"}
