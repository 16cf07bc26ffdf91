from __future__ import annotations

import asyncio
from collections.abc import Callable

import numpy as np
import pytest

from media.path import VoicePath
from media.stream import VoiceStream
from media.types import BLOCK, AudioFrame, CodecSpec, Pcm
from softphone.adapters.voice_loop import BLOCK_S, LINGER_S, VoiceLoop
from tests.doubles.virtual_time import run_virtually


class CountedPath(VoicePath):
    """Counts its steps, and fails or takes long when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.stepped: list[float] = []
        self.fails = False

    def capture_block(self, now: float) -> bool:
        if self.fails:
            raise ValueError("a codec went mad")
        return super().capture_block(now)

    def play_out(self, now: float) -> None:
        self.stepped.append(now)
        super().play_out(now)


class Bench:
    """A loop on a counted path, with a call."""

    def __init__(self) -> None:
        self.now = asyncio.get_running_loop().time
        self.asleep = 0.0
        self.path = CountedPath()
        self.ended = 0
        self.stream = VoiceStream(CodecSpec("PCMU", 0, 8000))
        self.loop = VoiceLoop(self.path, lambda: self.now() + self.asleep, lambda: None, self._end)
        self.path.add(self.stream, lambda frame: None)

    def _end(self) -> None:
        self.ended += 1


def test_it_steps_every_10_ms_without_drift() -> None:
    async def run() -> None:
        bench = Bench()
        bench.loop.run()
        bench.loop.run()
        await asyncio.sleep(10.005)
        start = bench.path.stepped[0]
        assert len(bench.path.stepped) == pytest.approx(1001, abs=1)
        assert bench.path.stepped[-1] - start == pytest.approx(
            BLOCK_S * (len(bench.path.stepped) - 1), abs=1e-6
        )
        bench.loop.stop()

    run_virtually(run())


class Microphone:
    """Has heard `pieces` of 10 ms by now, from the clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now, self._began, self._taken = now, now(), 0

    def available(self) -> int:
        return int((self._now() - self._began) / BLOCK_S + 1e-6) * BLOCK - self._taken

    def read(self, samples: int) -> Pcm:
        self._taken += samples
        return np.zeros(samples, np.int16)


def test_a_speaker_that_takes_more_at_a_time_is_looked_after_less_often() -> None:
    async def run() -> None:
        bench = Bench()
        bench.loop.patience = 2
        bench.loop.run()
        await asyncio.sleep(10.005)
        assert len(bench.path.stepped) == pytest.approx(501, abs=1)
        bench.loop.stop()

    run_virtually(run())


@pytest.mark.parametrize("late", [0.001, 0.009, 0.011, 0.019])
def test_a_frame_is_taken_soon_after_it_is_complete_whenever_the_loop_began(late: float) -> None:
    async def run() -> None:
        bench, waited = Bench(), list[int]()
        bench.path.source = microphone = Microphone(bench.now)
        bench.loop.patience = 2
        await asyncio.sleep(late)
        bench.loop.run()
        await asyncio.sleep(1.0)
        steps = len(bench.path.stepped)
        bench.path.tap(lambda _: waited.append(microphone.available()))
        await asyncio.sleep(1.0)
        assert max(waited) <= BLOCK
        assert len(bench.path.stepped) - steps == pytest.approx(50, abs=1)
        bench.loop.stop()

    run_virtually(run())


def test_what_waits_gets_its_turn_between_encoding_and_decoding() -> None:
    async def run() -> None:
        bench = Bench()
        order: list[str] = []

        def send(frame: AudioFrame) -> None:
            order.append("sent")
            asyncio.get_running_loop().call_soon(order.append, "other")

        class Ear:
            def queued(self) -> int:
                order.append("heard")
                return 10 * BLOCK

            def write(self, pcm: Pcm) -> int:
                return len(pcm)

        bench.path.sink = Ear()
        bench.path.add(bench.stream, send)
        bench.loop.run()
        await asyncio.sleep(1)
        bench.loop.stop()
        at = order.index("sent")
        assert order[at : at + 3] == ["sent", "other", "heard"]

    run_virtually(run())


def test_after_the_machine_slept_it_keeps_a_new_schedule_instead_of_racing() -> None:
    async def run() -> None:
        bench = Bench()
        bench.loop.run()
        await asyncio.sleep(1)
        bench.asleep = 3600.0
        before = len(bench.path.stepped)
        await asyncio.sleep(1)
        assert len(bench.path.stepped) - before == pytest.approx(100, abs=2)
        bench.loop.stop()

    run_virtually(run())


def test_it_ends_a_little_after_the_last_need_and_runs_again() -> None:
    async def run() -> None:
        bench = Bench()
        bench.loop.run()
        await asyncio.sleep(1)
        bench.path.remove(bench.stream)
        assert bench.loop.needs_microphone
        await asyncio.sleep(LINGER_S + 0.1)
        assert (bench.ended, bench.loop.needs_microphone, bench.loop.needs_speaker) == (1, False, False)
        count = len(bench.path.stepped)
        await asyncio.sleep(1)
        assert len(bench.path.stepped) == count
        bench.loop.metering = True
        bench.loop.run()
        await asyncio.sleep(1)
        assert len(bench.path.stepped) > count + 90
        assert (bench.loop.needs_microphone, bench.loop.needs_speaker) == (True, False)
        bench.loop.stop()

    run_virtually(run())


def test_a_failing_path_is_logged_once_and_the_loop_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        bench = Bench()
        bench.path.fails = True
        bench.loop.run()
        await asyncio.sleep(1)
        assert len(bench.path.stepped) > 90
        bench.loop.stop()

    run_virtually(run())
    assert len(caplog.records) == 1
    caplog.clear()
