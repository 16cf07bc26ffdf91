"""Where microphone, calls, tones and ear meet.

`step` is called about every 10 ms by whoever owns the loop. The microphone's clock paces what is sent and the
speaker's clock paces what is pulled from the calls, so that no clock has to agree with another: each call's
jitter buffer takes up the difference. Where a device is missing, the caller's clock paces instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from media.levels import LevelMeter
from media.mixer import mix
from media.stream import VoiceStream
from media.types import BLOCK, RATE, AudioFrame, BlockSink, BlockSource, Pcm

Send = Callable[[AudioFrame], None]

FILL = 2 * BLOCK
FILL_MAX = 6 * BLOCK
CALM_S = 10.0
BACKLOG = 20 * BLOCK
BACKLOG_KEPT = 4 * BLOCK
STALL_S = 0.1
CATCH_UP = 10
"""Blocks at most in one step: after a stall, what is older is not made up for."""


class Pacer:
    """How many blocks a clock has made due."""

    def __init__(self) -> None:
        self._due: float | None = None

    def reset(self) -> None:
        """Start anew at the next call."""
        self._due = None

    def blocks(self, now: float) -> int:
        """Blocks due since the last call, CATCH_UP at most."""
        if self._due is None:
            self._due = now
        count = int((now - self._due) * RATE / BLOCK + 1e-6) + 1 if now >= self._due else 0
        self._due += count * BLOCK / RATE
        return min(count, CATCH_UP)


class VoicePath:
    """Mixes streams and tones into `sink` and feeds streams from `source`; either may be None or change."""

    def __init__(self, source: BlockSource | None = None, sink: BlockSink | None = None) -> None:
        self._source = source
        self._sink = sink
        self._streams: dict[VoiceStream, Send] = {}
        self._tone: Iterator[Pcm] | None = None
        self._capture_pacer = Pacer()
        self._playout_pacer = Pacer()
        self._heard_at: float | None = None
        self._fill = FILL
        self._calm_since: float | None = None
        self._started = False
        self._microphone = LevelMeter()
        self._speaker = LevelMeter()
        self.underflows = 0
        """How often the speaker was found with nothing left to play."""
        self.discarded = 0
        """Microphone samples thrown away after a stall of the loop."""

    @property
    def source(self) -> BlockSource | None:
        """The microphone."""
        return self._source

    @source.setter
    def source(self, source: BlockSource | None) -> None:
        self._source = source
        self._heard_at = None
        self._capture_pacer.reset()
        self._microphone.reset()

    @property
    def sink(self) -> BlockSink | None:
        """The ear."""
        return self._sink

    @sink.setter
    def sink(self, sink: BlockSink | None) -> None:
        self._sink = sink
        self._fill = FILL
        self._calm_since = None
        self._started = False
        self._playout_pacer.reset()
        self._speaker.reset()

    def add(self, stream: VoiceStream, send: Send) -> None:
        """Join a call's voice; `send` gets its frames."""
        self._streams[stream] = send

    def remove(self, stream: VoiceStream) -> None:
        """Part with a call's voice; harmless when done already."""
        self._streams.pop(stream, None)

    @property
    def streams(self) -> tuple[VoiceStream, ...]:
        """The voices joined now."""
        return tuple(self._streams)

    def play(self, tone: Iterator[Pcm]) -> None:
        """Play a tone's blocks in the ear, instead of the one that plays, until it ends or `stop_tone`."""
        self._tone = tone

    def stop_tone(self) -> None:
        """Stop the ear's tone; harmless when none plays."""
        self._tone = None

    @property
    def playing(self) -> bool:
        """Whether a tone plays in the ear."""
        return self._tone is not None

    def levels(self) -> tuple[float, float]:
        """Microphone and speaker in dBFS over the last 50 ms."""
        return self._microphone.dbfs, self._speaker.dbfs

    def step(self, now: float) -> None:
        """Move everything that is due at `now` (seconds, the clock of the packets' arrival)."""
        for _ in range(self._capture_due(now)):
            self._capture()
        self._play_out(now)

    # --- from the microphone ---------------------------------------------------------------------------

    def _capture_due(self, now: float) -> int:
        """Blocks to take now: what the microphone has, or what the clock says where it gives nothing."""
        source = self._source
        if source is None:
            return self._capture_pacer.blocks(now)
        available = source.available()
        if available >= BLOCK or self._heard_at is None:
            self._heard_at = now
            self._capture_pacer.reset()
            return self._without_backlog(source, available) // BLOCK
        return self._capture_pacer.blocks(now) if now - self._heard_at > STALL_S else 0

    def _without_backlog(self, source: BlockSource, available: int) -> int:
        """After a stall of the loop old sound is thrown away: delay would stay for the rest of the call."""
        if available <= BACKLOG:
            return available
        surplus = available - BACKLOG_KEPT
        source.read(surplus)
        self.discarded += surplus
        return BACKLOG_KEPT

    def _capture(self) -> None:
        source = self._source
        if source is not None and source.available() >= BLOCK:
            block = source.read(BLOCK)
        else:
            block = np.zeros(BLOCK, np.int16)
        self._microphone.add(block)
        for stream, send in tuple(self._streams.items()):
            frame = stream.capture(block)
            if frame is not None:
                send(frame)

    # --- to the ear ------------------------------------------------------------------------------------

    def _play_out(self, now: float) -> None:
        sink = self._sink
        if sink is None:
            for _ in range(self._playout_pacer.blocks(now)):
                self._mixed(now)
            return
        queued = sink.queued()
        self._adapt_fill(queued, now)
        while queued < self._fill:
            sink.write(self._mixed(now))
            queued += BLOCK

    def _mixed(self, now: float) -> Pcm:
        blocks = [stream.pull(now) for stream in self._streams]
        if self._tone is not None:
            block = next(self._tone, None)
            if block is None:
                self._tone = None
            else:
                blocks.append(block)
        mixed = mix(blocks)
        self._speaker.add(mixed)
        return mixed

    def _adapt_fill(self, queued: int, now: float) -> None:
        """An empty queue means that steps come too late for this fill; a calm time lets it shrink again."""
        if queued == 0 and self._started:
            self.underflows += 1
            self._fill = min(self._fill + BLOCK, FILL_MAX)
            self._calm_since = now
        elif self._calm_since is None or not self._started:
            self._calm_since = now
        elif now - self._calm_since > CALM_S and self._fill > FILL:
            self._fill -= BLOCK
            self._calm_since = now
        self._started = True
