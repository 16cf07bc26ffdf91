"""The part of libopus this program calls, bound by ctypes to the copy inside PyAV's wheel.

PyAV decodes and encodes Opus but offers no concealment, no FEC decoding and no encoder controls, so its own
library is called directly. A wheel keeps it beside the package: `av.libs/` on Linux and Windows,
`av/.dylibs/` on macOS; a frozen program keeps that layout.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
from ctypes import POINTER, byref, c_char_p, c_int, c_int32, c_void_p
from pathlib import Path

import numpy as np

from media.errors import CodecError, CodecUnavailable
from media.types import RATE, Pcm

PATTERNS = ("av.libs/libopus*.so*", "av.libs/*opus*.dll", "av/.dylibs/libopus*.dylib")
APPLICATION_VOIP = 2048
SIGNAL_VOICE = 3001

SET_BITRATE = 4002
SET_VBR = 4006
SET_COMPLEXITY = 4010
SET_MAX_BANDWIDTH = 4004
SET_INBAND_FEC = 4012
SET_PACKET_LOSS_PERC = 4014
SET_DTX = 4016
SET_SIGNAL = 4024
GET_LOOKAHEAD = 4027
RESET_STATE = 4028

MAX_PACKET = 1275 * 3
MAX_SAMPLES = RATE * 120 // 1000


def candidates(package: Path) -> list[Path]:
    """Files that may be libopus, given the folder of the `av` package."""
    return [path for pattern in PATTERNS for path in sorted(package.parent.glob(pattern))]


def find() -> Path:
    """The library inside PyAV's wheel. Raises CodecUnavailable."""
    spec = importlib.util.find_spec("av")
    if spec is None or spec.origin is None:
        raise CodecUnavailable("Opus: PyAV is not installed")
    found = candidates(Path(spec.origin).parent)
    if not found:
        raise CodecUnavailable(f"Opus: no libopus beside {spec.origin}")
    return found[0]


@functools.cache
def load() -> ctypes.CDLL:
    """libopus with its prototypes declared, loaded once. Raises CodecUnavailable."""
    return bind(find())


def bind(path: Path) -> ctypes.CDLL:
    """Load one file and declare what is used of it. Raises CodecUnavailable.

    The interpreter's lock is kept during calls: none takes half a millisecond, and beside busy threads it is
    the getting back of the lock that takes long.
    """
    try:
        library = ctypes.PyDLL(str(path))
        _declare(library)
    except (OSError, AttributeError) as error:
        raise CodecUnavailable(f"Opus: {path.name} can't be used: {error}") from error
    return library


def _declare(library: ctypes.CDLL) -> None:
    library.opus_strerror.restype = c_char_p
    library.opus_strerror.argtypes = [c_int]
    library.opus_get_version_string.restype = c_char_p
    library.opus_get_version_string.argtypes = []
    library.opus_encoder_create.restype = c_void_p
    library.opus_encoder_create.argtypes = [c_int32, c_int, c_int, POINTER(c_int)]
    library.opus_encoder_destroy.restype = None
    library.opus_encoder_destroy.argtypes = [c_void_p]
    library.opus_encode.restype = c_int32
    library.opus_encode.argtypes = [c_void_p, c_void_p, c_int, c_void_p, c_int32]
    library.opus_decoder_create.restype = c_void_p
    library.opus_decoder_create.argtypes = [c_int32, c_int, POINTER(c_int)]
    library.opus_decoder_destroy.restype = None
    library.opus_decoder_destroy.argtypes = [c_void_p]
    library.opus_decode.restype = c_int
    library.opus_decode.argtypes = [c_void_p, c_char_p, c_int32, c_void_p, c_int, c_int]
    library.opus_packet_get_nb_samples.restype = c_int
    library.opus_packet_get_nb_samples.argtypes = [c_char_p, c_int32, c_int32]
    library.opus_packet_has_lbrr.restype = c_int
    library.opus_packet_has_lbrr.argtypes = [c_char_p, c_int32]
    # Only the fixed arguments are declared: ctypes then passes the rest as variadic, which arm64 macOS needs.
    for control in (library.opus_encoder_ctl, library.opus_decoder_ctl):
        control.restype = c_int
        control.argtypes = [c_void_p, c_int]


def version() -> str:
    """e.g. "libopus 1.6.1". Raises CodecUnavailable."""
    text: bytes = load().opus_get_version_string()
    return text.decode()


def _check(code: int, what: str) -> int:
    if code < 0:
        raise CodecError(f"Opus {what}: {load().opus_strerror(code).decode()}")
    return code


class EncoderHandle:
    """One mono 48 kHz OpusEncoder, VOIP application. Raises CodecUnavailable, CodecError."""

    def __init__(self) -> None:
        self._library = load()
        status = c_int()
        self._state = self._library.opus_encoder_create(RATE, 1, APPLICATION_VOIP, byref(status))
        _check(status.value, "encoder")
        self._frame: Pcm = np.zeros(MAX_SAMPLES, np.int16)
        self._frame_at = self._frame.ctypes.data
        self._packet = ctypes.create_string_buffer(MAX_PACKET)
        self._payload = memoryview(self._packet)

    def __del__(self) -> None:
        if state := self.__dict__.pop("_state", None):
            self._library.opus_encoder_destroy(state)

    def control(self, request: int, value: int) -> None:
        """OPUS_SET_*. Raises CodecError."""
        status = self._library.opus_encoder_ctl(self._state, request, c_int32(value))
        _check(status, f"encoder control {request}")

    def lookahead(self) -> int:
        """Samples by which the encoded sound is delayed."""
        value = c_int32()
        _check(self._library.opus_encoder_ctl(self._state, GET_LOOKAHEAD, byref(value)), "lookahead")
        return value.value

    def encode(self, pcm: Pcm) -> bytes:
        """One packet of one frame (2.5, 5, 10, 20, 40 or 60 ms). Raises CodecError."""
        count = len(pcm)
        self._frame[:count] = pcm
        size = self._library.opus_encode(self._state, self._frame_at, count, self._packet, MAX_PACKET)
        return self._payload[: _check(size, "encode")].tobytes()


class DecoderHandle:
    """One mono 48 kHz OpusDecoder. Raises CodecUnavailable, CodecError."""

    def __init__(self) -> None:
        self._library = load()
        status = c_int()
        self._state = self._library.opus_decoder_create(RATE, 1, byref(status))
        _check(status.value, "decoder")
        self._pcm: Pcm = np.zeros(MAX_SAMPLES, np.int16)
        self._pcm_at = self._pcm.ctypes.data

    def __del__(self) -> None:
        if state := self.__dict__.pop("_state", None):
            self._library.opus_decoder_destroy(state)

    def decode(self, payload: bytes | None, samples: int = MAX_SAMPLES, *, fec: bool = False) -> Pcm:
        """Decode a packet; `None` conceals `samples`; `fec` takes the frame before it out of the packet.

        `samples` must be exactly what is missing for concealment and FEC (a multiple of 120).
        Raises CodecError.
        """
        size = len(payload) if payload else 0
        count = self._library.opus_decode(self._state, payload, size, self._pcm_at, samples, int(fec))
        decoded: Pcm = self._pcm[: _check(count, "decode")].copy()
        return decoded

    def reset(self) -> None:
        """Forget the past, as after a new SSRC."""
        _check(self._library.opus_decoder_ctl(self._state, RESET_STATE), "reset")


def packet_samples(payload: bytes) -> int:
    """How many samples at 48 kHz a packet holds. Raises CodecError for a payload that is not Opus."""
    return _head_samples(payload[:2] if payload[:1] and payload[0] & 3 == 3 else payload[:1])


@functools.lru_cache(maxsize=1024)
def _head_samples(head: bytes) -> int:
    """The first byte tells, with a count of frames in the second where there are several (RFC 6716 3.1)."""
    return _check(load().opus_packet_get_nb_samples(head, len(head), RATE), "packet")


def packet_has_fec(payload: bytes) -> bool:
    """Whether the packet carries a copy of the frame before it (LBRR, RFC 6716 2.1.7)."""
    return bool(_check(load().opus_packet_has_lbrr(payload, len(payload)), "packet"))
