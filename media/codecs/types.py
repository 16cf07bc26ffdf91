"""What an encoder and a decoder are. PCM is int16 mono at 48 kHz on this side, whatever the codec runs at."""

from __future__ import annotations

from typing import Protocol

from media.types import Pcm


class Encoder(Protocol):
    """From sound to payloads."""

    def encode(self, pcm: Pcm) -> bytes:
        """One payload of `pcm`, whose length is the codec's frame (10 ms blocks times ptime). b"" means: send
        nothing now (DTX). Raises CodecError."""
        ...

    def set_loss(self, percent: float) -> None:
        """The far end loses this share of what is sent; codecs that can protect themselves do so."""
        ...


class Decoder(Protocol):
    """From payloads to sound, with repair of what is missing."""

    def samples(self, payload: bytes) -> int:
        """How much sound a payload holds, in 48 kHz samples. Raises CodecError for what is no payload."""
        ...

    def decode(self, payload: bytes) -> Pcm:
        """Sound of the next payload, `samples(payload)` long. Raises CodecError."""
        ...

    def has_fec(self, payload: bytes) -> bool:
        """Whether `payload` carries a copy of the frame before it."""
        ...

    def decode_fec(self, payload: bytes, samples: int) -> Pcm | None:
        """The `samples` before `payload`, from the copy it carries; None where it carries none.
        Call before `decode` of the same payload."""
        ...

    def conceal(self, samples: int) -> Pcm:
        """Plausible sound in place of what is missing (a multiple of 120 samples), fading when it lasts."""
        ...

    @property
    def bridges(self) -> bool:
        """Whether `bridge` can make use of the packet behind a gap."""
        ...

    def bridge(self, samples: int, following: bytes) -> Pcm:
        """Like `conceal`, for a gap's end: what leads over to `following`, which is decoded next."""
        ...

    def silent(self, payload: bytes) -> bool:
        """Whether the sender stops after this payload until somebody speaks (DTX)."""
        ...

    def reset(self) -> None:
        """Forget the past: another source begins."""
        ...
