"""Opus (RFC 6716) over RTP (RFC 7587): mono speech at 48 kHz."""

from __future__ import annotations

import os

from media.codecs import libopus
from media.errors import CodecError
from media.types import CodecSpec, Pcm

BITRATE = 32_000
FEC_ON_PERCENT = 1.0
FEC_OFF_PERCENT = 0.5
WIDEBAND_ABOVE_PERCENT = 2.0
WIDEBAND_UNTIL_PERCENT = 1.0
LOSS_HINTS = (5, 20)
DTX_PAYLOAD = 2
WIDEBAND = 1103
BANDWIDTHS = ((8_000, 1101), (12_000, 1102), (16_000, WIDEBAND), (24_000, 1104), (48_000, 1105))


def _number(parameters: dict[str, str], name: str, default: int) -> int:
    text = parameters.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _bandwidth(playback_rate: int) -> int:
    return next((code for rate, code in BANDWIDTHS if playback_rate <= rate), BANDWIDTHS[-1][1])


class OpusEncoder:
    """Encodes as the peer's fmtp asks (RFC 7587 6.1): bitrate, bandwidth, in-band FEC, DTX, constant rate.

    FEC costs quality where nothing is lost, so it is on only while the peer reports loss and wants it. It
    protects what lies below 8 kHz alone, so while much is lost nothing else is sent: the bits mend speech
    (ADR 0016).
    """

    def __init__(self, spec: CodecSpec) -> None:
        wanted = dict(spec.parameters)
        self._handle = libopus.EncoderHandle()
        self._accepts_fec = wanted.get("useinbandfec", "1") == "1"
        self.fec = False
        self._wideband = False
        self.bitrate = max(6_000, min(BITRATE, _number(wanted, "maxaveragebitrate", BITRATE)))
        self._widest = _bandwidth(_number(wanted, "maxplaybackrate", 48_000))
        for request, value in (
            (libopus.SET_BITRATE, self.bitrate),
            (libopus.SET_COMPLEXITY, 9 if (os.cpu_count() or 1) > 1 else 5),
            (libopus.SET_SIGNAL, libopus.SIGNAL_VOICE),
            (libopus.SET_MAX_BANDWIDTH, self._widest),
            (libopus.SET_DTX, _number(wanted, "usedtx", 0)),
            (libopus.SET_VBR, 1 - _number(wanted, "cbr", 0)),
        ):
            self._handle.control(request, value)

    def encode(self, pcm: Pcm) -> bytes:
        """One packet; with DTX, b"" while nothing has to be sent."""
        payload = self._handle.encode(pcm)
        return payload if len(payload) > DTX_PAYLOAD else b""

    def set_loss(self, percent: float) -> None:
        """Turn FEC on from 1 % and off again below 0.5 %; the encoder's loss hint follows. With it, above 2 %
        and until 1 %, send no more than wideband."""
        threshold = FEC_OFF_PERCENT if self.fec else FEC_ON_PERCENT
        self.fec = self._accepts_fec and percent >= threshold
        hint = max(LOSS_HINTS[0], min(LOSS_HINTS[1], round(percent))) if self.fec else 0
        self._handle.control(libopus.SET_INBAND_FEC, int(self.fec))
        self._handle.control(libopus.SET_PACKET_LOSS_PERC, hint)
        least = WIDEBAND_UNTIL_PERCENT if self._wideband else WIDEBAND_ABOVE_PERCENT
        self._wideband = self.fec and percent > least
        limit = min(WIDEBAND, self._widest) if self._wideband else self._widest
        self._handle.control(libopus.SET_MAX_BANDWIDTH, limit)


class OpusDecoder:
    """Decodes mono; a stereo stream is mixed down by the library."""

    def __init__(self) -> None:
        self._handle = libopus.DecoderHandle()

    def samples(self, payload: bytes) -> int:
        """Length of a packet in samples."""
        return libopus.packet_samples(payload)

    def decode(self, payload: bytes) -> Pcm:
        """Sound of the next packet."""
        return self._handle.decode(payload)

    def has_fec(self, payload: bytes) -> bool:
        """Whether the packet carries the frame before it."""
        try:
            return libopus.packet_has_fec(payload)
        except CodecError:
            return False

    def decode_fec(self, payload: bytes, samples: int) -> Pcm | None:
        """The frame before this packet, or None where the packet has no copy of it."""
        if not self.has_fec(payload):
            return None
        try:
            return self._handle.decode(payload, samples, fec=True)
        except CodecError:
            return None

    def conceal(self, samples: int) -> Pcm:
        """libopus' own concealment (comfort noise after a DTX frame)."""
        return self._handle.decode(None, samples)

    @property
    def bridges(self) -> bool:
        """The library looks back only."""
        return False

    def bridge(self, samples: int, following: bytes) -> Pcm:
        """As `conceal`."""
        return self.conceal(samples)

    def silent(self, payload: bytes) -> bool:
        """A packet of one or two bytes is a DTX frame (RFC 7587 3.1.3)."""
        return len(payload) <= DTX_PAYLOAD

    def reset(self) -> None:
        """Forget the past."""
        self._handle.reset()
