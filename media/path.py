"""Where microphone, calls, tones and ear meet.

`step` is called about every 10 ms by whoever owns the loop. The microphone's clock paces what is sent and the
speaker's clock paces what is pulled from the calls, so that no clock has to agree with another: each call's
jitter buffer takes up the difference. Where a device is missing, the caller's clock paces instead.

What the microphone heard is watched (media.microphone), treated (media.processing, with what is being played
then from media.farend), given to listeners, and sent. Muting comes last, in each call's stream.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from media.farend import FarEnd
from media.levels import FLOOR_DBFS, LevelMeter, dbfs, mean_square
from media.microphone import MicrophoneState, MicrophoneWatch
from media.mixer import mix
from media.pacing import Fill, Pacer
from media.processing import NearEnd
from media.stream import VoiceStream
from media.taps import Tap, Taps
from media.types import BLOCK, FRAME, AudioFrame, BlockSink, BlockSource, Pcm

Send = Callable[[AudioFrame], None]

BACKLOG = 20 * BLOCK
BACKLOG_KEPT = 4 * BLOCK
STALL_S = 0.1
PER_FRAME = FRAME // BLOCK
"""The microphone's blocks are taken a frame at a time: no sooner could it be sent, and one piece of work for
two blocks costs the processor less than two."""


class VoicePath:
    """Mixes streams and tones into `sink` and feeds streams from `source`; either may be None or change."""

    def __init__(
        self,
        source: BlockSource | None = None,
        sink: BlockSink | None = None,
        *,
        near_end: NearEnd | None = None,
    ) -> None:
        self._source = source
        self._sink = sink
        self._sends: dict[VoiceStream, Send] = {}
        self.streams: tuple[VoiceStream, ...] = ()
        """The voices joined now."""
        self._tone: Iterator[Pcm] | None = None
        self._capture_pacer = Pacer()
        self._playout_pacer = Pacer()
        self._heard_at: float | None = None
        self._owed = 0
        self._to_take = self._waiting = self._unplayed = 0
        self._far_dbfs = FLOOR_DBFS
        self._played: Pcm = np.zeros(BLOCK, np.int16)
        self._fill = Fill()
        self._microphone = MicrophoneWatch()
        self._near_end = near_end or NearEnd()
        self._far_end = FarEnd()
        self._treated, self._heard = Taps(), Taps()
        self._speaker = LevelMeter()
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
        self._owed = self._waiting = 0
        self._capture_pacer.reset()
        self._microphone.reset()
        self._near_end.new_microphone()
        self._far_end.reset()

    @property
    def sink(self) -> BlockSink | None:
        """The ear."""
        return self._sink

    @sink.setter
    def sink(self, sink: BlockSink | None) -> None:
        self._sink = sink
        self._fill.reset()
        self._playout_pacer.reset()
        self._speaker.reset()
        self._near_end.new_speaker()
        self._far_end.reset()

    @property
    def underflows(self) -> int:
        """How often the speaker was found with nothing left to play."""
        return self._fill.underflows

    def add(self, stream: VoiceStream, send: Send) -> None:
        """Join a call's voice; `send` gets its frames."""
        self._sends[stream] = send
        self.streams = tuple(self._sends)

    def remove(self, stream: VoiceStream) -> None:
        """Part with a call's voice; harmless when done already."""
        self._sends.pop(stream, None)
        self.streams = tuple(self._sends)

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
        return self._microphone.level_dbfs, self._speaker.dbfs

    def treat(self, *, echo: bool, noise: str) -> None:
        """Take echo and noise ("off", "low", "high") out of what is sent, from now on; any of both makes a
        quiet talker a little louder too. With both off the sound is sent as it is. Raises ValueError."""
        if echo and not self._near_end.echo:
            self._far_end.reset()
        self._near_end.treat(echo=echo, noise=noise)

    @property
    def treating(self) -> bool:
        """Whether something is being done; False also where the library for it does not work."""
        return self._near_end.treating

    def microphone(self) -> MicrophoneState:
        """What the microphone delivers, and what is being done about it."""
        near_end = self._near_end
        return self._microphone.state(gain_db=near_end.gain_db, echo=near_end.echo, noise=near_end.noise)

    def tap(self, callback: Tap) -> Callable[[], None]:
        """Give `callback` every block of the microphone as it would be sent if nothing were muted. It is
        called on the loop and must not keep it. The returned function ends it."""
        return self._treated.add(callback)

    def far_tap(self, callback: Tap) -> Callable[[], None]:
        """As `tap`, with what is played in the ear: calls and tones."""
        return self._heard.add(callback)

    def step(self, now: float) -> None:
        """Move everything that is due at `now` (seconds, the clock of the packets' arrival)."""
        self.play_out(now)
        self.capture(now)

    def capture(self, now: float) -> None:
        """The half of a step from the microphone to the network."""
        while self.capture_block(now):
            pass

    def capture_block(self, now: float) -> bool:
        """A piece of `capture`, for who has other work to do in between: one block, or a whole frame where
        nothing is done to it and nobody listens to blocks. False when nothing was left."""
        if not self._to_take:
            self._to_take = self._capture_due(now)
            treating = self._near_end.treating
            self._far_dbfs = dbfs(mean_square(self._played[-BLOCK:])) if treating else FLOOR_DBFS
        if not self._to_take:
            return False
        source = self._source if self._near_end.idle and not self._treated.taps else None
        if source is not None and self._to_take >= PER_FRAME and self._waiting >= FRAME:
            self._to_take -= PER_FRAME
            self._capture_frame(source)
        else:
            self._to_take -= 1
            self._capture()
        return True

    @property
    def blocks_due(self) -> int:
        """How many more `capture_block` will take as part of what the last one began."""
        return self._to_take

    @property
    def blocks_missing(self) -> int:
        """How many the microphone still has to hear for the next frame."""
        return PER_FRAME - self._waiting // BLOCK % PER_FRAME

    # --- from the microphone ---------------------------------------------------------------------------

    def _capture_due(self, now: float) -> int:
        """Blocks to take now: what the microphone has, or what the clock says where it gives nothing."""
        source = self._source
        if source is None:
            return self._paced(now)
        self._waiting = source.available()
        if self._waiting >= FRAME or self._heard_at is None:
            self._heard_at = now
            self._capture_pacer.reset()
            self._owed = 0
            if self._waiting > BACKLOG:
                self._drop_backlog(source)
            return self._waiting // FRAME * PER_FRAME
        return self._paced(now) if now - self._heard_at > STALL_S else 0

    def _paced(self, now: float) -> int:
        """Blocks of whole frames that the clock has made due."""
        self._owed += self._capture_pacer.blocks(now)
        due = self._owed // PER_FRAME * PER_FRAME
        self._owed -= due
        return due

    def _drop_backlog(self, source: BlockSource) -> None:
        """After a stall of the loop old sound is thrown away: delay would stay for the rest of the call."""
        surplus, self._waiting = self._waiting - BACKLOG_KEPT, BACKLOG_KEPT
        source.read(surplus)
        self._far_end.skip(surplus)
        self.discarded += surplus

    def _capture(self) -> None:
        block = self._treated_block(self._source)
        if self._treated.taps:
            self._treated.give(block)
        for stream, send in tuple(self._sends.items()):
            frame = stream.capture(block)
            if frame is not None:
                send(frame)

    def _capture_frame(self, source: BlockSource) -> None:
        """Two blocks as they are, in one piece."""
        frame = source.read(FRAME)
        self._waiting -= FRAME
        self._microphone.add(frame)
        for stream, send in tuple(self._sends.items()):
            stream.capture_frame(frame, send)

    def _treated_block(self, source: BlockSource | None) -> Pcm:
        if source is None or self._waiting < BLOCK:
            self._microphone.missed()
            return np.zeros(BLOCK, np.int16)
        block = source.read(BLOCK)
        self._waiting -= BLOCK
        self._microphone.add(block)
        return self._near_end.process(block, self._far_block(), far_dbfs=self._far_dbfs)

    def _far_block(self) -> Pcm | None:
        """What was being played while the block just read was recorded."""
        if self._sink is None or not self._near_end.echo:
            return None
        return self._far_end.beside(self._unplayed, self._waiting)

    # --- to the ear ------------------------------------------------------------------------------------

    def play_out(self, now: float) -> None:
        """The half of a step from the network to the ear."""
        for stream in self.streams:
            stream.collect()
        sink = self._sink
        if sink is None:
            for _ in range(self._playout_pacer.blocks(now)):
                self._mixed(now, BLOCK)
            return
        queued = sink.queued()
        end = queued + BLOCK * self._fill.blocks(queued, now)
        while queued < end:
            mixed = self._mixed(now, min(end - queued, self._at_once))
            written = sink.write(mixed)
            if self._near_end.echo:
                self._far_end.queued(mixed[:written])
            queued += len(mixed)
        self._unplayed = queued

    @property
    def _at_once(self) -> int:
        """Samples mixed in one piece: a frame, but where somebody makes or takes single blocks."""
        return BLOCK if self._tone is not None or self._heard.taps else FRAME

    def _mixed(self, now: float, samples: int) -> Pcm:
        if len(self.streams) == 1 and self._tone is None:
            mixed = self.streams[0].pull(now, samples)
        else:
            pulled = (stream.pull(now, samples) for stream in self.streams)
            mixed = mix([*pulled, *self._next_of_tone()], samples)
        self._played = mixed
        self._speaker.add(mixed)
        if self._heard.taps:
            self._heard.give(mixed)
        return mixed

    def _next_of_tone(self) -> list[Pcm]:
        """The tone's next block, if one plays."""
        block = next(self._tone, None) if self._tone is not None else None
        if block is None:
            self._tone = None
            return []
        return [block]
