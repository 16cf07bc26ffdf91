"""One call's voice: microphone blocks to frames, packets to blocks for the ear."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np

from media.codecs import registry
from media.codecs.types import Encoder
from media.errors import CodecError, CodecUnavailable
from media.jitter import Format, JitterBuffer
from media.jitter_figures import JitterStatistics
from media.levels import FLOOR_DBFS, LevelMeter
from media.mixer import amplify
from media.types import BLOCK, FRAME, RATE, AudioFrame, AudioPacket, CodecSpec, Pcm

BLOCK_MS = 1000 * BLOCK // RATE
SILENCE = np.zeros(BLOCK, np.int16)
SILENT_FRAME = np.zeros(FRAME, np.int16)


@dataclass(frozen=True, slots=True)
class StreamStatistics:
    """A stream's figures. Levels in dBFS over the last 50 ms: `sent_level` after muting, `received_level`
    before gain. `remote_loss_percent` is what the far end last reported, -1 before any report."""

    codec: str
    frames_sent: int = 0
    bytes_sent: int = 0
    frames_failed: int = 0
    fec: bool = False
    remote_loss_percent: float = -1.0
    sent_level_dbfs: float = FLOOR_DBFS
    received_level_dbfs: float = FLOOR_DBFS
    receive: JitterStatistics = field(default_factory=JitterStatistics)


class VoiceStream:
    """Sends with `spec`; receives `spec` and, where given, the other payload types of the negotiation.

    Raises CodecUnavailable when `spec` can't work here. Not for several threads at once.
    """

    def __init__(self, spec: CodecSpec, *, receive: Sequence[CodecSpec] = ()) -> None:
        self.muted = False
        self.gain_db = 0.0
        """Loudness of the far end, -40…+12 dB."""
        self.collect: Callable[[], object] = bool
        """Called before sound is pulled: packets that still wait may be given to `receive` then."""
        self._sent = LevelMeter()
        self._heard = LevelMeter()
        self._frames = self._bytes = self._failed = 0
        self._remote_loss = -1.0
        self._jitter = JitterBuffer({})
        self.receive: Callable[[AudioPacket], None] = self._jitter.push
        """Takes a packet from the network."""
        self._decoding: dict[int, tuple[str, int]] = {}
        self.change_codec(spec, receive=receive)

    @property
    def spec(self) -> CodecSpec:
        """What is being sent."""
        return self._spec

    def change_codec(self, spec: CodecSpec, *, receive: Sequence[CodecSpec] = ()) -> None:
        """Send with another codec from the next frame on; what is still buffered plays out with the
        old decoder. Raises CodecUnavailable and leaves everything as it was."""
        encoder = registry.encoder(spec)
        self._accept(spec)
        for other in receive:
            with suppress(CodecUnavailable):
                self._accept(other)
        self._encoder: Encoder = encoder
        self._spec = spec
        self._blocks: list[Pcm] = []
        self._per_frame = registry.frame_ms(spec) // BLOCK_MS
        self._unsent = 0
        self._start = True
        if self._remote_loss >= 0:
            self._encoder.set_loss(self._remote_loss)

    def _accept(self, spec: CodecSpec) -> None:
        kind = registry.canonical(spec.name), spec.clock_rate
        if self._decoding.get(spec.payload_type) != kind:
            self._jitter.formats[spec.payload_type] = Format(registry.decoder(spec), spec.clock_rate)
            self._decoding[spec.payload_type] = kind

    # --- sending -------------------------------------------------------------------------------------

    def capture(self, block: Pcm) -> AudioFrame | None:
        """Take 10 ms from the microphone; a frame whenever enough has come (20 ms: every second block).
        Muted, silence is sent so that the far end's address bindings and timers live on."""
        if self.muted:
            block = SILENCE
        self._sent.add(block)
        self._blocks.append(block)
        if len(self._blocks) < self._per_frame:
            return None
        pcm = np.concatenate(self._blocks)
        self._blocks.clear()
        return self._encode(pcm)

    def capture_frame(self, pcm: Pcm, send: Callable[[AudioFrame], object]) -> None:
        """Take 20 ms as `capture` takes 10; what is complete goes to `send`."""
        if self._blocks or len(pcm) != self._per_frame * BLOCK:
            for half in (pcm[:BLOCK], pcm[BLOCK:]):
                if (frame := self.capture(half)) is not None:
                    send(frame)
            return
        if self.muted:
            pcm = SILENT_FRAME
        self._sent.add(pcm)
        if (frame := self._encode(pcm)) is not None:
            send(frame)

    def _encode(self, pcm: Pcm) -> AudioFrame | None:
        self._unsent += len(pcm) * self._spec.clock_rate // RATE
        try:
            payload = self._encoder.encode(pcm)
        except CodecError:
            self._failed += 1
            payload = b""
        if not payload:
            self._start = True
            return None
        frame = AudioFrame(payload, self._unsent, marker=self._start)
        self._unsent, self._start = 0, False
        self._frames += 1
        self._bytes += len(payload)
        return frame

    def feedback(self, loss_percent: float) -> None:
        """The far end's latest report (RTCP) of what it lost of our packets, in percent."""
        self._remote_loss = loss_percent
        self._encoder.set_loss(loss_percent)

    # --- receiving -----------------------------------------------------------------------------------

    def pull(self, now: float, samples: int = BLOCK) -> Pcm:
        """The next 10 ms for the ear, or as many whole blocks as are wanted at once, gain applied; `now` is
        the clock of `AudioPacket.arrival`."""
        pcm = self._jitter.pull(now, samples)
        self._heard.add(pcm)
        return amplify(pcm, self.gain_db) if self.gain_db else pcm

    def statistics(self) -> StreamStatistics:
        """Figures so far."""
        return StreamStatistics(
            codec=registry.canonical(self._spec.name),
            frames_sent=self._frames,
            bytes_sent=self._bytes,
            frames_failed=self._failed,
            fec=getattr(self._encoder, "fec", False),
            remote_loss_percent=self._remote_loss,
            sent_level_dbfs=self._sent.dbfs,
            received_level_dbfs=self._heard.dbfs,
            receive=self._jitter.statistics(),
        )
