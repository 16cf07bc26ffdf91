"""What G.711 and G.722 decoders share: concealment at their own rate, then 48 kHz."""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from media.codecs.concealment import Concealer
from media.errors import CodecError
from media.resample import Upsampler
from media.types import RATE, Pcm

Narrow = npt.NDArray[np.generic]
"""Samples at a codec's own rate, in the range of int16."""

NOTHING: tuple[bytes, Narrow] = b"", np.zeros(0, np.int16)


class Expander(Protocol):
    """Payloads to sound at the codec's own rate."""

    def expand(self, payload: bytes) -> Narrow:
        """The sound of the next payload. Raises CodecError."""
        ...

    def miss(self, concealer: Concealer, samples: int) -> None:
        """A gap ends after `samples` more; what has a memory brings it there before the next `expand`."""
        ...

    def forget(self) -> None:
        """Another source begins."""
        ...


class WaveformDecoder:
    """Decodes with an `Expander` (64 kbit/s) and fills gaps by pitch repetition."""

    def __init__(self, rate: int, expander: Expander) -> None:
        self._rate = rate
        self._expander = expander
        self._ahead = NOTHING
        self.reset()

    def samples(self, payload: bytes) -> int:
        """8 bytes are a millisecond."""
        if not payload:
            raise CodecError("empty payload")
        return len(payload) * (RATE // 8_000)

    def decode(self, payload: bytes) -> Pcm:
        """Sound of the next payload."""
        (known, pcm), self._ahead = self._ahead, NOTHING
        if payload != known:  # else decoded when a gap was bridged: what has a memory must not see it twice
            pcm = self._expander.expand(payload)
        return self._up.process(self._concealer.received(pcm))

    def has_fec(self, payload: bytes) -> bool:
        """These codecs carry no copies."""
        return False

    def decode_fec(self, payload: bytes, samples: int) -> Pcm | None:
        """These codecs carry no copies."""
        return None

    def conceal(self, samples: int) -> Pcm:
        """Repeats the last pitch period, fading to silence within 60 ms."""
        return self._up.process(self._concealer.conceal(samples * self._rate // RATE))

    @property
    def bridges(self) -> bool:
        """Always."""
        return True

    def bridge(self, samples: int, following: bytes) -> Pcm:
        """Fills the gap's end from both sides: what was before it and the beginning of `following`."""
        native = samples * self._rate // RATE
        try:
            self._expander.miss(self._concealer, native)
            self._ahead = following, self._expander.expand(following)
        except CodecError:
            return self.conceal(samples)
        return self._up.process(self._concealer.bridge(native, self._ahead[1]))

    def silent(self, payload: bytes) -> bool:
        """These codecs have no DTX of their own."""
        return False

    def reset(self) -> None:
        """Forget the past."""
        self._concealer = Concealer(self._rate)
        self._up = Upsampler(self._rate)
        self._ahead = NOTHING
        self._expander.forget()
