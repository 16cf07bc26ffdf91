"""A call's sound joined to aiortc tracks, both ways: phone dial-in, and a call that becomes a meeting.

Both sides meet as PCM at 48 kHz, so each keeps the codec it negotiated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction

import numpy as np
from aiortc import MediaStreamTrack
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame, AudioResampler

from media.stream import VoiceStream
from media.types import BLOCK, FRAME, RATE, Pcm
from sip_bridge.rtp.negotiation import NotNegotiated
from sip_bridge.rtp.rtcp import Feedback
from sip_bridge.rtp.session import AudioSession
from sip_bridge.tasks import Tasks

FRAME_S = FRAME / RATE
LATE_S = 0.2
"""A consumer this far behind starts over instead of catching up in a burst."""

LONGEST_GAP = 10
"""Blocks of silence, 10 ms each, that stand in for frames the other side lost."""

SILENCE: Pcm = np.zeros(BLOCK, np.int16)


class CallTrack(MediaStreamTrack):
    """What the call's far end says, as a track: 20 ms of mono PCM whenever it is asked, in step with time.

    `pull` gives the next 10 ms for a monotonic time in seconds.
    """

    kind = "audio"

    def __init__(self, pull: Callable[[float], Pcm]) -> None:
        super().__init__()
        self._pull = pull
        self._due: float | None = None
        self._pts = 0

    async def recv(self) -> AudioFrame:
        """The next frame. Raises MediaStreamError after `stop`."""
        if self.readyState != "live":
            raise MediaStreamError
        loop = asyncio.get_running_loop()
        now = loop.time()
        if self._due is None or now - self._due > LATE_S:
            self._due = now
        await asyncio.sleep(max(0.0, self._due - now))
        self._due += FRAME_S
        now = loop.time()
        pcm = np.concatenate((self._pull(now), self._pull(now)))
        frame = AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = RATE
        frame.time_base = Fraction(1, RATE)
        frame.pts = self._pts
        self._pts += FRAME
        return frame


class TrackBlocks:
    """Cuts a track's frames, of any rate and layout, into 10 ms blocks; small gaps become silence."""

    def __init__(self) -> None:
        self._resampler = AudioResampler(format="s16", layout="mono", rate=RATE)
        self._rest: Pcm = np.zeros(0, np.int16)
        self._next: float | None = None

    def take(self, frame: AudioFrame) -> list[Pcm]:
        """The whole blocks that this frame completes."""
        pcm = np.concatenate([self._rest, *self._missing(frame), *self._resampled(frame)])
        whole = len(pcm) // BLOCK * BLOCK
        self._rest = pcm[whole:]
        return [pcm[start : start + BLOCK] for start in range(0, whole, BLOCK)]

    def _resampled(self, frame: AudioFrame) -> list[Pcm]:
        return [piece.to_ndarray().reshape(-1).astype(np.int16) for piece in self._resampler.resample(frame)]

    def _missing(self, frame: AudioFrame) -> list[Pcm]:
        if frame.pts is None or frame.time_base is None:
            return []
        start = float(frame.pts * frame.time_base)
        gap = 0 if self._next is None else round((start - self._next) * RATE / BLOCK)
        self._next = start + frame.samples / frame.sample_rate
        return [SILENCE] * gap if 0 < gap <= LONGEST_GAP else []


class AudioBridge:
    """Joins one negotiated call to tracks: `track` is what the call says, `hear` feeds the call.

    Takes the session's callbacks for packets and reports. Raises NotNegotiated where nothing is agreed yet.
    """

    def __init__(self, session: AudioSession) -> None:
        if session.codec is None:
            raise NotNegotiated("the call has no codec yet")
        self._session = session
        self._stream = VoiceStream(session.codec, receive=session.other_codecs)
        self._tasks = Tasks()
        self._heard: asyncio.Task[None] | None = None
        self.track = CallTrack(self._stream.pull)
        session.on_packet = self._stream.receive
        session.on_feedback = self._feedback

    def hear(self, track: MediaStreamTrack) -> None:
        """Send this track's sound into the call, instead of the one before."""
        if self._heard is not None:
            self._heard.cancel()
        self._heard = self._tasks.spawn(self._carry(track), "bridge")

    def renegotiated(self) -> None:
        """The call's description changed: follow its codec."""
        codec = self._session.codec
        if codec is not None and codec != self._stream.spec:
            self._stream.change_codec(codec, receive=self._session.other_codecs)

    async def close(self) -> None:
        """Let go of both sides; the session itself stays open."""
        self._session.on_packet = self._session.on_feedback = None
        self.track.stop()
        await self._tasks.close()

    async def _carry(self, track: MediaStreamTrack) -> None:
        blocks = TrackBlocks()
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if isinstance(frame, AudioFrame):
                for block in blocks.take(frame):
                    if (encoded := self._stream.capture(block)) is not None:
                        self._session.send(encoded)

    def _feedback(self, feedback: Feedback) -> None:
        self._stream.feedback(100 * feedback.loss)
