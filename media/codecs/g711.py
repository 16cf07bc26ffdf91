"""G.711 A-law and µ-law (RFC 3551 4.5.14) by table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from media.codecs.concealment import Concealer
from media.codecs.waveform import WaveformDecoder
from media.resample import Downsampler
from media.types import Pcm

CODEC_RATE = 8_000
Codes = npt.NDArray[np.uint8]


def _expand_mulaw() -> Pcm:
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _expand_alaw() -> Pcm:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment = ((code >> 4) & 7).astype(np.int32)
    mantissa = ((code & 0x0F).astype(np.int32) << 4) + 8
    magnitude = np.where(segment > 0, (mantissa + 0x100) << np.maximum(segment - 1, 0), mantissa)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _compress(expand: Pcm) -> Codes:
    """For every int16 (index + 32768) the code whose value is nearest; of two equals the lower."""
    order = np.argsort(expand, kind="stable")
    values = expand[order].astype(np.int32)
    middles = (values[1:] + values[:-1]) / 2
    index = np.searchsorted(middles, np.arange(-32768, 32768), side="left")
    return order[index].astype(np.uint8)


EXPAND = {"PCMU": _expand_mulaw(), "PCMA": _expand_alaw()}
COMPRESS = {name: _compress(table) for name, table in EXPAND.items()}
AS_FLOAT = {name: table.astype(np.float32) for name, table in EXPAND.items()}
"""What concealment and filter work with."""


MIDDLE = np.array(32768.5, np.float32)
"""Where 0 stands in COMPRESS, and the half that makes cutting off rounding."""


class G711Encoder:
    """`name` is PCMA or PCMU."""

    def __init__(self, name: str) -> None:
        self._table = COMPRESS[name]
        self._down = Downsampler(CODEC_RATE)

    def encode(self, pcm: Pcm) -> bytes:
        """A byte per sample at 8 kHz."""
        narrow = self._down.filtered(pcm)
        narrow += MIDDLE
        return self._table.take(narrow.astype(np.intp), mode="clip").tobytes()

    def set_loss(self, percent: float) -> None:
        """G.711 can't protect itself."""


class _Expander:
    """A table has no memory."""

    def __init__(self, name: str) -> None:
        self._table = AS_FLOAT[name]

    def expand(self, payload: bytes) -> npt.NDArray[np.generic]:
        return self._table.take(np.frombuffer(payload, np.uint8))

    def miss(self, concealer: Concealer, samples: int) -> None: ...

    def forget(self) -> None: ...


def g711_decoder(name: str) -> WaveformDecoder:
    """`name` is PCMA or PCMU."""
    return WaveformDecoder(CODEC_RATE, _Expander(name))
