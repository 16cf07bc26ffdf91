"""Opus by ctypes: controls, loss, and what happens without the library."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from media.codecs import libopus, registry
from media.codecs.opus import OpusDecoder, OpusEncoder
from media.errors import CodecError, CodecUnavailable
from media.types import FRAME, CodecSpec, Pcm
from tests.doubles.voice import sine, voice


def spec(**parameters: str) -> CodecSpec:
    return CodecSpec("opus", 96, 48_000, 2, parameters=tuple(parameters.items()))


def encode(pcm: Pcm, encoder: OpusEncoder) -> list[bytes]:
    return [encoder.encode(pcm[start : start + FRAME]) for start in range(0, len(pcm) - FRAME + 1, FRAME)]


def test_the_library_of_the_installed_wheel_is_found() -> None:
    assert libopus.find().is_file()
    assert libopus.version().startswith("libopus 1.")


@pytest.mark.parametrize(
    "file", ["av.libs/libopus-1.so.0", "av.libs/libopus-0-1f.dll", "av/.dylibs/libopus.0.dylib"]
)
def test_it_is_found_where_each_platforms_wheel_keeps_it(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / "av").mkdir(exist_ok=True)
    (tmp_path / file).touch()
    assert [found.name for found in libopus.candidates(tmp_path / "av")] == [Path(file).name]


def test_a_library_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    broken = tmp_path / "libopus.so"
    broken.write_bytes(b"not a library")
    with pytest.raises(CodecUnavailable, match=r"libopus\.so"):
        libopus.bind(broken)


@pytest.mark.parametrize("missing", [None, "elsewhere"])
def test_without_the_library_the_other_codecs_work(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, missing: str | None
) -> None:
    class Spec:
        origin = str(tmp_path / "av" / "__init__.py")

    monkeypatch.setattr("importlib.util.find_spec", lambda _: Spec if missing else None)
    libopus.load.cache_clear()
    try:
        with pytest.raises(CodecUnavailable, match="Opus"):
            registry.encoder(spec())
        assert registry.available() == ("G722", "PCMA", "PCMU")
        assert len(registry.encoder(CodecSpec("PCMA", 8, 8_000)).encode(sine(440, 0.02))) == 160
    finally:
        libopus.load.cache_clear()


def test_sound_survives() -> None:
    pcm = sine(440, 1.0)
    encoder, decoder = OpusEncoder(spec()), OpusDecoder()
    heard = np.concatenate([decoder.decode(payload) for payload in encode(pcm, encoder)])
    assert len(heard) == len(pcm)
    assert np.std(heard[9600:].astype(float)) == pytest.approx(np.std(pcm.astype(float)), rel=0.1)


def bitrate(payloads: list[bytes]) -> float:
    return sum(map(len, payloads)) * 8 * 50 / len(payloads)


def test_bit_rate_is_32_kbit_and_never_above_what_the_peer_allows() -> None:
    pcm = voice(4.0)
    assert 20_000 < bitrate(encode(pcm, OpusEncoder(spec()))) < 33_000
    assert bitrate(encode(pcm, OpusEncoder(spec(maxaveragebitrate="16000")))) < 18_000
    assert OpusEncoder(spec(maxaveragebitrate="510000")).bitrate == 32_000
    assert OpusEncoder(spec(maxaveragebitrate="many")).bitrate == 32_000
    assert OpusEncoder(spec(maxaveragebitrate="1")).bitrate == 6_000


def test_constant_rate_and_bandwidth_follow_the_peer() -> None:
    pcm = voice(2.0)
    assert len({len(payload) for payload in encode(pcm, OpusEncoder(spec(cbr="1")))}) == 1
    narrow = encode(pcm, OpusEncoder(spec(maxplaybackrate="8000")))[-1][0] >> 3
    assert narrow in (0, 1, 2, 3, 16, 17, 18, 19)  # RFC 6716 table 2: SILK or CELT, narrowband


def test_dtx_only_when_the_peer_wants_it() -> None:
    silence = np.zeros(48_000 * 2, np.int16)
    assert all(encode(silence, OpusEncoder(spec())))
    assert encode(silence, OpusEncoder(spec(usedtx="1"))).count(b"") > 50


def test_copies_are_sent_above_one_percent_loss_and_stop_below_a_half() -> None:
    encoder, decoder, pcm = OpusEncoder(spec()), OpusDecoder(), voice(2.0)

    def protected() -> bool:
        return any(decoder.has_fec(payload) for payload in encode(pcm, encoder))

    assert not protected()
    encoder.set_loss(0.9)
    assert not protected()
    encoder.set_loss(3.0)
    assert encoder.fec
    assert protected()
    encoder.set_loss(0.7)
    assert protected()
    encoder.set_loss(0.2)
    encode(pcm, encoder)
    assert not protected()


BANDS = (
    *(8_000,) * 4, *(12_000,) * 4, *(16_000,) * 4, *(24_000,) * 2, *(48_000,) * 2,
    *(8_000,) * 4, *(16_000,) * 4, *(24_000,) * 4, *(48_000,) * 4,
)  # fmt: skip
"""RFC 6716 table 2: a packet's sampling rate in Hz by the first five bits of it."""


def widest(encoder: OpusEncoder) -> int:
    """Of the packets of a second second of speech, in Hz."""
    return max(BANDS[payload[0] >> 3] for payload in encode(voice(2.0), encoder)[50:])


def test_above_two_percent_loss_speech_is_sent_wideband_and_full_again_below_one() -> None:
    encoder = OpusEncoder(spec())
    wider = []
    for percent in (0.0, 1.9, 2.1, 1.1, 0.9, 30.0, 0.0):
        encoder.set_loss(percent)
        wider.append(widest(encoder) > 16_000)
    assert wider == [True, True, False, False, True, False, True]


def test_the_peers_own_limit_stays_whatever_is_lost() -> None:
    encoder = OpusEncoder(spec(maxplaybackrate="8000"))
    encoder.set_loss(10.0)
    assert widest(encoder) == 8_000
    encoder.set_loss(0.0)
    assert widest(encoder) == 8_000


def test_no_copies_for_a_peer_that_cannot_use_them() -> None:
    encoder = OpusEncoder(spec(useinbandfec="0"))
    encoder.set_loss(10)
    assert not encoder.fec
    assert widest(encoder) > 16_000


def test_a_copy_sounds_like_what_was_lost() -> None:
    encoder, decoder, truth = OpusEncoder(spec()), OpusDecoder(), OpusDecoder()
    encoder.set_loss(10)
    payloads = encode(voice(2.0), encoder)
    lost = next(
        index
        for index in range(20, len(payloads))
        if decoder.has_fec(payloads[index + 1]) and len(payloads[index]) > 60
    )
    for payload in payloads[:lost]:
        decoder.decode(payload)
        truth.decode(payload)
    wanted = truth.decode(payloads[lost]).astype(float)
    copy = decoder.decode_fec(payloads[lost + 1], FRAME)
    assert copy is not None
    assert np.corrcoef(copy.astype(float), wanted)[0, 1] > 0.8


def test_no_copy_is_none_and_concealment_goes_on() -> None:
    encoder, decoder = OpusEncoder(spec()), OpusDecoder()
    payloads = encode(sine(300, 0.5), encoder)
    for payload in payloads[:-1]:
        decoder.decode(payload)
    assert decoder.decode_fec(payloads[-1], FRAME) is None
    assert not decoder.bridges
    concealed = decoder.bridge(FRAME, payloads[-1])
    assert len(concealed) == FRAME
    assert np.std(concealed.astype(float)) > 1000
    decoder.reset()
    assert np.abs(decoder.conceal(FRAME)).max() == 0


@pytest.mark.parametrize("payload", [b"", b"\xff" * 3])
def test_what_is_not_opus_is_refused(payload: bytes) -> None:
    decoder = OpusDecoder()
    with pytest.raises(CodecError, match="Opus"):
        decoder.samples(payload)


def test_a_copy_in_a_broken_packet_is_none() -> None:
    decoder = OpusDecoder()
    assert not decoder.has_fec(b"\x02")
    assert decoder.decode_fec(b"\x02", FRAME) is None
    encoder = OpusEncoder(spec())
    encoder.set_loss(10)
    protected = next(one for one in encode(voice(2.0), encoder) if decoder.has_fec(one))
    assert decoder.decode_fec(protected, 7) is None


def test_a_frame_of_no_legal_length_is_refused() -> None:
    with pytest.raises(CodecError, match="encode"):
        OpusEncoder(spec()).encode(np.zeros(123, np.int16))


def test_short_packets_announce_silence() -> None:
    decoder = OpusDecoder()
    assert decoder.silent(b"\x48")
    assert not decoder.silent(b"\x48" * 30)


def test_the_encoder_tells_its_delay() -> None:
    assert libopus.EncoderHandle().lookahead() == 312


@pytest.mark.parametrize("absurd", ["9" * 5_000, "²", "-1", ""])
def test_absurd_wishes_of_a_peer_count_as_none(absurd: str) -> None:
    wish = (("maxaveragebitrate", absurd), ("maxplaybackrate", absurd))
    encoder = OpusEncoder(CodecSpec("opus", 96, 48_000, 2, 20, wish))
    assert encoder.bitrate == 32_000
