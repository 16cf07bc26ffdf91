"""The slot between whoever makes pictures and whoever paints them."""

from __future__ import annotations

import numpy as np

from softphone.domain.picture import Frame
from softphone.runtime.frames import FrameSlot

BLACK = Frame(np.zeros((2, 2, 4), np.uint8))


def test_everybody_who_listens_is_told_once_until_the_frame_is_taken() -> None:
    slot = FrameSlot()
    told: list[str] = []
    slot.listen(lambda: told.append("settings"))
    slot.listen(lambda: told.append("room"))
    slot.put(BLACK)
    slot.put(BLACK)
    assert told == ["settings", "room"]
    assert slot.dropped == 1
    assert slot.take() is BLACK
    slot.put(None)
    assert told == ["settings", "room"] * 2


def test_who_listens_no_more_leaves_the_others_listening() -> None:
    slot = FrameSlot()
    told: list[str] = []

    def gone() -> None:
        told.append("gone")

    slot.listen(gone)
    slot.listen(lambda: told.append("stays"))
    slot.unlisten(gone)
    slot.unlisten(gone)
    slot.put(BLACK)
    assert told == ["stays"]
