"""Tracks cut into blocks and blocks made into tracks."""

from __future__ import annotations

import asyncio
from fractions import Fraction

import numpy as np
import pytest
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from media.types import BLOCK, FRAME, Pcm
from sip_bridge.rtp.bridge import LONGEST_GAP, CallTrack, TrackBlocks
from tests.doubles.virtual_time import run_virtually


def frame(samples: int, rate: int = 48_000, layout: str = "mono", pts: int | None = None) -> AudioFrame:
    channels = 2 if layout == "stereo" else 1
    made = AudioFrame.from_ndarray(
        np.full((1, samples * channels), 1000, np.int16), format="s16", layout=layout
    )
    made.sample_rate = rate
    if pts is not None:
        made.pts, made.time_base = pts, Fraction(1, rate)
    return made


def test_whole_blocks_come_out_and_the_rest_waits() -> None:
    blocks = TrackBlocks()
    assert [len(blocks.take(frame(700))) for _ in range(4)] == [1, 1, 2, 1]


def test_stereo_at_another_rate_becomes_mono_at_48000() -> None:
    blocks = TrackBlocks()
    out = [block for _ in range(50) for block in blocks.take(frame(160, 8_000, "stereo"))]
    assert 96 <= len(out) <= 100 and all(len(block) == BLOCK for block in out)
    assert abs(int(np.median(out[50])) - 1000) < 20


def test_a_small_gap_becomes_silence_and_a_large_one_is_skipped() -> None:
    blocks = TrackBlocks()
    assert len(blocks.take(frame(FRAME, pts=0))) == 2
    after_loss = blocks.take(frame(FRAME, pts=2 * FRAME))
    assert [int(block.max()) for block in after_loss] == [0, 0, 1000, 1000]
    assert len(blocks.take(frame(FRAME, pts=(LONGEST_GAP + 4) * FRAME))) == 2
    assert len(blocks.take(frame(FRAME, pts=0))) == 2


def test_the_track_keeps_time_and_numbers_its_frames() -> None:
    run_virtually(track_keeps_time())


async def track_keeps_time() -> None:
    asked: list[float] = []

    def pull(now: float) -> Pcm:
        asked.append(now)
        return np.full(BLOCK, len(asked), np.int16)

    track = CallTrack(pull)
    loop = asyncio.get_running_loop()
    began = loop.time()
    frames = [await track.recv() for _ in range(4)]
    assert loop.time() - began == pytest.approx(0.06)
    assert [one.pts for one in frames] == [0, FRAME, 2 * FRAME, 3 * FRAME]
    assert frames[1].to_ndarray().reshape(-1)[[0, -1]].tolist() == [3, 4]
    track.stop()
    with pytest.raises(MediaStreamError):
        await track.recv()


def test_a_consumer_that_slept_gets_no_burst() -> None:
    run_virtually(no_burst())


async def no_burst() -> None:
    track = CallTrack(lambda now: np.zeros(BLOCK, np.int16))
    await track.recv()
    await asyncio.sleep(0.3)
    loop = asyncio.get_running_loop()
    began = loop.time()
    for _ in range(3):
        await track.recv()
    assert loop.time() - began == pytest.approx(0.04)
