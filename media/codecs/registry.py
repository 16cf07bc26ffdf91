"""Codecs by their SDP name. G.722's library, PyAV, is loaded with its first call: 0.1 s and 12 MB."""

from __future__ import annotations

from media.codecs import libopus
from media.codecs.g711 import G711Encoder, g711_decoder
from media.codecs.opus import OpusDecoder, OpusEncoder
from media.codecs.types import Decoder, Encoder
from media.errors import CodecUnavailable
from media.types import CodecSpec

NAMES = ("opus", "G722", "PCMA", "PCMU")
FRAME_MS = {
    "opus": (10, 20, 40, 60),
    "G722": (10, 20, 30, 40, 60),
    "PCMA": (10, 20, 30, 40, 60),
    "PCMU": (10, 20, 30, 40, 60),
}
"""Frame lengths each codec can send, in ms."""


def canonical(name: str) -> str:
    """Our spelling of an SDP name, whose case does not count (RFC 4855 3). Raises CodecUnavailable."""
    for known in NAMES:
        if known.lower() == name.lower():
            return known
    raise CodecUnavailable(f"{name}: not a codec of this program")


def available() -> tuple[str, ...]:
    """What works on this machine, best first; Opus is missing where its library can't be loaded."""
    try:
        libopus.load()
    except CodecUnavailable:
        return NAMES[1:]
    return NAMES


def frame_ms(spec: CodecSpec) -> int:
    """The longest frame the codec can send that is no longer than what was negotiated, in ms."""
    lengths = FRAME_MS[canonical(spec.name)]
    return max((length for length in lengths if length <= spec.ptime_ms), default=lengths[0])


def encoder(spec: CodecSpec) -> Encoder:
    """A fresh encoder. Raises CodecUnavailable."""
    name = canonical(spec.name)
    if name == "opus":
        return OpusEncoder(spec)
    if name == "G722":
        from media.codecs.g722 import G722Encoder

        return G722Encoder()
    return G711Encoder(name)


def decoder(spec: CodecSpec) -> Decoder:
    """A fresh decoder. Raises CodecUnavailable."""
    name = canonical(spec.name)
    if name == "opus":
        return OpusDecoder()
    if name == "G722":
        from media.codecs.g722 import g722_decoder

        return g722_decoder()
    return g711_decoder(name)
