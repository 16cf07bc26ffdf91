"""The jitter buffer asked for a frame at once."""

from __future__ import annotations

import numpy as np
import pytest

from media.regulator import ABOVE_S, BELOW_S
from media.types import BLOCK, FRAME
from tests.doubles.network import Network, stream
from tests.doubles.voice import fake_buffer, numbered

NETWORKS = (
    Network(jitter_ms=1),
    Network(jitter_ms=12),
    Network(loss=0.1, jitter_ms=4),
    Network(jitter_ms=4, spike_every_s=5),
)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_frame_at_once_is_what_two_blocks_at_the_same_moment_are(network: Network) -> None:
    arrived = network.carry(stream(numbered(1500)))
    heard = []
    for pieces in ((BLOCK, BLOCK), (FRAME,)):
        (buffer, decoder), waiting, delays = fake_buffer(), 0, []
        for step in range(1450):
            now = step * 0.02
            while waiting < len(arrived) and arrived[waiting].arrival <= now:
                buffer.push(arrived[waiting])
                waiting += 1
            assert sum(len(buffer.pull(now, piece)) for piece in pieces) == FRAME
            delays.append(buffer.statistics().delay_ms)
        told = buffer.statistics()
        heard.append((decoder.decoded, told, np.array(delays)))
    (one, two_blocks, before), (other, a_frame, after) = heard
    assert len(set(one) ^ set(other)) <= len(one) // 100
    assert a_frame.played == two_blocks.played
    assert a_frame.lost + a_frame.late == pytest.approx(two_blocks.lost + two_blocks.late, abs=3)
    assert a_frame.concealed == pytest.approx(two_blocks.concealed, rel=0.1, abs=4 * FRAME)
    assert abs(np.mean(after - before)) < 1000 * (ABOVE_S - BELOW_S)
