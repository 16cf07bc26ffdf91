"""Echo cancelling, noise suppression and gain on what the microphone heard, before it is sent.

The work is libwebrtc's (AEC3, noise suppression, high-pass filter), the gain our own: libwebrtc's harms
speech. The library may be missing or fail; then speech goes on untreated.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

import numpy as np

from media.gain import SlowGain
from media.levels import FLOOR_DBFS
from media.mixer import amplify
from media.types import BLOCK, RATE, Pcm

log = logging.getLogger(__name__)

OFF = "off"
NOISE_LEVELS = {"low": 1, "high": 2}
"""libwebrtc's, for at most 12 and 18 dB; its highest harms speech."""
FAR_LOUD_DBFS = -55.0
FAR_HOLD = 30
"""Blocks after the far end fell silent in which it may still be heard here, over air or through a headset."""
WARM_UP = 2
FAILED = "echo and noise are not taken out: the library for it failed"

_FADE_IN = np.linspace(0, 1, BLOCK, dtype=np.float32)
_SILENCE = np.zeros(BLOCK, np.int16)


class Processor(Protocol):
    """What treats blocks of 10 ms, 48 kHz mono."""

    speech_probability: float
    """That the last block held speech, 0…1."""

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """A block treated; `far` is what was being heard, used for echo cancelling alone."""
        ...


Build = Callable[[bool, str], Processor]


class Webrtc:
    """libwebrtc's high-pass filter, echo canceller (which filters by itself) and noise suppressor.

    They stand apart: within the library's combined pipeline the suppressor takes away 7 dB at 48 kHz where
    this one takes its nominal 12 or 18, and the canceller costs more. Raises ImportError or OSError without
    the library.
    """

    def __init__(self, echo: bool, noise: str) -> None:
        import pywebrtc_audio as webrtc  # loaded only where somebody wants treatment

        self._filter = None if echo else webrtc.AudioProcessor(sample_rate=RATE, high_pass_filter=True)
        self._canceller = webrtc.EchoCanceller(sample_rate=RATE) if echo else None
        self._suppressor = (
            None if noise == OFF else webrtc.NoiseSuppressor(sample_rate=RATE, level=NOISE_LEVELS[noise])
        )
        self._detector = None if self._suppressor else webrtc.VoiceDetector(sample_rate=RATE)
        self.speech_probability = 0.0

    def process(self, near: Pcm, far: Pcm) -> Pcm:
        """See Processor."""
        if self._canceller:
            near = self._canceller.process(near, far)
        elif self._filter:
            near = self._filter.process(near)
        if self._suppressor:
            near = self._suppressor.process(near)
            self.speech_probability = self._suppressor.speech_probability
        elif self._detector:
            self.speech_probability = self._detector.process(near)
        return near


class NearEnd:
    """The microphone's treatment. Changes are faded over within a block. Not for several threads at once."""

    def __init__(self, build: Build = Webrtc) -> None:
        self._build = build
        self._wanted = (False, OFF)
        self._processor: Processor | None = None
        self._leaving: Processor | None = None
        self._changing = False
        self._complained = False
        self._gain = SlowGain()
        self._past: deque[tuple[Pcm, Pcm]] = deque(maxlen=WARM_UP)
        self._far_heard = 0

    @property
    def treating(self) -> bool:
        """Whether anything is being done; False also where the library does not work."""
        return self._processor is not None

    @property
    def idle(self) -> bool:
        """Whether `process` would give back what it gets."""
        return self._processor is None and not self._changing

    @property
    def echo(self) -> bool:
        """Whether echo is being cancelled: what is played must be given to `process`."""
        return self.treating and self._wanted[0]

    @property
    def noise(self) -> str:
        """How noise is being suppressed: "off", "low" or "high"."""
        return self._wanted[1] if self.treating else OFF

    @property
    def gain_db(self) -> float:
        """The gain being applied."""
        return self._gain.db if self.treating else 0.0

    def treat(self, *, echo: bool, noise: str) -> None:
        """What to do from the next block on. Raises ValueError for a noise level that isn't one."""
        if noise != OFF and noise not in NOISE_LEVELS:
            raise ValueError(noise)
        if (echo, noise) != self._wanted:
            self._wanted = echo, noise
            self._renew()

    def new_microphone(self) -> None:
        """Nothing learnt so far holds any more."""
        self._gain = SlowGain()
        self._past.clear()
        self._renew()

    def new_speaker(self) -> None:
        """The echo comes another way from now on."""
        if self._wanted[0]:
            self._renew()

    def process(self, near: Pcm, far: Pcm | None = None, *, far_dbfs: float = FLOOR_DBFS) -> Pcm:
        """10 ms as they shall be sent; the very same block while nothing is to be done. `far` is what was
        being played (needed while `echo`), `far_dbfs` how loud the far end is about now."""
        if self.idle:
            return near
        heard = _SILENCE if far is None else far
        self._past.append((near, heard))
        self._far_heard = FAR_HOLD if far_dbfs > FAR_LOUD_DBFS else max(0, self._far_heard - 1)
        try:
            treated = self._run(self._processor, near, heard)
            if self._changing:
                treated = self._faded(self._run(self._leaving, near, heard), treated)
        except Exception:  # whatever a foreign library throws, speech goes on
            log.log(self._severity(), FAILED, exc_info=True)
            self._processor = None
            treated = near
        self._changing, self._leaving = False, None
        return treated

    def _run(self, processor: Processor | None, near: Pcm, far: Pcm) -> Pcm:
        if processor is None:
            return near
        treated = processor.process(near, far)
        if processor is not self._processor:
            return amplify(treated, self._gain.db)
        return self._gain.process(treated, processor.speech_probability, listen=not self._far_heard)

    def _faded(self, before: Pcm, after: Pcm) -> Pcm:
        mixed: Pcm = np.rint(before * (1 - _FADE_IN) + after * _FADE_IN).astype(np.int16)
        return mixed

    def _renew(self) -> None:
        """A new pipeline that has heard the last blocks already, so that it doesn't start with a hole."""
        echo, noise = self._wanted
        if not self._changing:
            self._leaving = self._processor
        self._changing, self._processor = True, None
        if not echo and noise == OFF:
            return
        try:
            fresh = self._build(echo, noise)
            for near, far in self._past:
                fresh.process(near, far)
            self._processor = fresh
        except Exception:  # as in `process`
            log.log(self._severity(), FAILED, exc_info=True)

    def _severity(self) -> int:
        """One line is enough, however often it is tried again."""
        level = logging.DEBUG if self._complained else logging.WARNING
        self._complained = True
        return level
