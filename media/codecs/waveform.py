"""What G.711 and G.722 decoders share: concealment at their own rate, then 48 kHz."""

from __future__ import annotations

from collections.abc import Callable

from media.codecs.concealment import Concealer
from media.errors import CodecError
from media.resample import Upsampler
from media.types import RATE, Pcm


class WaveformDecoder:
    """Decodes with `expand` (payload to int16 at `rate` Hz, 64 kbit/s) and fills gaps by pitch repetition."""

    def __init__(
        self, rate: int, expand: Callable[[bytes], Pcm], forget: Callable[[], None] | None = None
    ) -> None:
        """`forget` clears what `expand` remembers; without it, `expand` looks at nothing but its payload."""
        self._rate = rate
        self._expand = expand
        self._stateless = forget is None
        self._forget = forget or (lambda: None)
        self.reset()

    def samples(self, payload: bytes) -> int:
        """8 bytes are a millisecond."""
        if not payload:
            raise CodecError("empty payload")
        return len(payload) * (RATE // 8_000)

    def decode(self, payload: bytes) -> Pcm:
        """Sound of the next payload."""
        return self._up.process(self._concealer.received(self._expand(payload)))

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
        """Only a codec without memory can look at a packet before its turn."""
        return self._stateless

    def bridge(self, samples: int, following: bytes) -> Pcm:
        """Repeats the last pitch period so that it meets the beginning of `following`."""
        if not self._stateless:
            return self.conceal(samples)
        native = self._concealer.bridge(samples * self._rate // RATE, self._expand(following))
        return self._up.process(native)

    def silent(self, payload: bytes) -> bool:
        """These codecs have no DTX of their own."""
        return False

    def reset(self) -> None:
        """Forget the past."""
        self._concealer = Concealer(self._rate)
        self._up = Upsampler(self._rate)
        self._forget()
