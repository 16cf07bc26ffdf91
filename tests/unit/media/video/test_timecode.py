"""The time in a picture, drawn by one room and read by another."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.cameras.timecode import draw
from media.video.timecode import read_luma


@given(st.integers(0, 2**34))
def test_what_was_drawn_is_read(milliseconds: int) -> None:
    luma = np.full((180, 320), 120, np.uint8)
    draw(luma, milliseconds)
    assert read_luma(luma) == milliseconds & 0xFFFF_FFFF


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (642, 358), (176, 144), (1918, 1080)])
def test_at_every_size(width: int, height: int) -> None:
    luma = np.full((height, width), 120, np.uint8)
    draw(luma, 0xA5C3_1E07)
    assert read_luma(luma) == 0xA5C3_1E07


@pytest.mark.parametrize("level", [0, 120, 255])
def test_a_picture_without_a_time_tells_none(level: int) -> None:
    assert read_luma(np.full((180, 320), level, np.uint8)) is None


def test_a_damaged_time_and_a_picture_too_small_tell_none() -> None:
    luma = np.full((180, 320), 120, np.uint8)
    draw(luma, 77)
    luma[:, :8] = 255 - luma[:, :8]
    assert read_luma(luma) is None
    assert read_luma(luma[:20, :40]) is None
