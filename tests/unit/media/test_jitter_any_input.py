"""Whatever comes, in whatever order: 10 ms of sound each time, bounded memory, counts that add up."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from media.codecs import registry
from media.jitter import CAPACITY, Format, JitterBuffer
from media.types import BLOCK, AudioPacket, CodecSpec

SPECS = (CodecSpec("opus", 96, 48_000), CodecSpec("PCMA", 8, 8_000), CodecSpec("G722", 9, 8_000))

packets = st.builds(
    AudioPacket,
    sequence=st.one_of(st.integers(0, 40), st.integers(0, 2**40)),
    timestamp=st.one_of(st.integers(0, 40).map(lambda n: n * 960), st.integers(0, 2**40)),
    payload_type=st.sampled_from([96, 96, 96, 8, 8, 9, 13]),
    payload=st.one_of(st.binary(max_size=60), st.just(b"\xd5" * 160), st.just(b"\xf8\xff\xfe")),
    arrival=st.just(0.0),
    marker=st.booleans(),
    restart=st.sampled_from([False] * 9 + [True]),
)
steps = st.lists(st.one_of(packets, st.floats(0, 0.5), st.just(0.01), st.just(0.01)), max_size=120)


@settings(max_examples=150, deadline=None)
@given(steps)
def test_any_input(script: list[AudioPacket | float]) -> None:
    buffer = JitterBuffer({one.payload_type: Format(registry.decoder(one), one.clock_rate) for one in SPECS})
    now = 100.0
    for step in script:
        if isinstance(step, AudioPacket):
            buffer.push(
                AudioPacket(
                    step.sequence,
                    step.timestamp,
                    step.payload_type,
                    step.payload,
                    now,
                    step.marker,
                    step.restart,
                )
            )
        else:
            now += step
            assert len(buffer.pull(now)) == BLOCK
    figures = buffer.statistics()
    assert figures.buffered_ms <= CAPACITY * 120 + 240
    assert figures.concealed <= figures.played + 4 * BLOCK
    assert min(figures.lost, figures.late, figures.duplicate, figures.invalid, figures.discarded) >= 0
    assert 0 < figures.target_ms <= 300
    assert figures.received == sum(isinstance(step, AudioPacket) for step in script)
