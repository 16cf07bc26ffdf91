"""G.711 and G.722, their concealment, and the registry."""

from __future__ import annotations

import numpy as np
import pytest
from av.error import FFmpegError

from media.codecs import g722, registry
from media.codecs.concealment import Concealer
from media.codecs.g711 import COMPRESS, EXPAND, G711Encoder
from media.errors import CodecError, CodecUnavailable
from media.types import FRAME, CodecSpec, Pcm
from tests.doubles.voice import sine

SPECS = {
    "PCMA": CodecSpec("PCMA", 8, 8_000),
    "PCMU": CodecSpec("PCMU", 0, 8_000),
    "G722": CodecSpec("G722", 9, 8_000),
}


@pytest.mark.parametrize(
    ("name", "code", "value"),
    [
        ("PCMU", 0x00, -32124),
        ("PCMU", 0x80, 32124),
        ("PCMU", 0xFF, 0),
        ("PCMU", 0x7F, 0),
        ("PCMU", 0xEF, 132),
        ("PCMA", 0xD5, 8),
        ("PCMA", 0x55, -8),
        ("PCMA", 0xAA, 32256),
        ("PCMA", 0x2A, -32256),
        ("PCMA", 0x85, 4224),
    ],
)
def test_g711_values_of_the_standard(name: str, code: int, value: int) -> None:
    assert EXPAND[name][code] == value


@pytest.mark.parametrize("name", ["PCMA", "PCMU"])
def test_every_g711_value_comes_back_as_itself(name: str) -> None:
    for code, value in enumerate(EXPAND[name]):
        assert EXPAND[name][COMPRESS[name][int(value) + 32768]] == value, code


@pytest.mark.parametrize("name", ["PCMA", "PCMU"])
def test_g711_is_monotonic_and_near(name: str) -> None:
    heard = EXPAND[name][COMPRESS[name]].astype(int)
    original = np.arange(-32768, 32768)
    assert (np.diff(heard) >= 0).all()
    assert (np.abs(heard - original) <= np.maximum(16, np.abs(original) // 16)).all()


@pytest.mark.parametrize("name", list(SPECS))
def test_sound_survives(name: str) -> None:
    pcm = sine(1000, 1.0)
    encoder, decoder = registry.encoder(SPECS[name]), registry.decoder(SPECS[name])
    payloads = [encoder.encode(pcm[start : start + FRAME]) for start in range(0, len(pcm), FRAME)]
    heard = np.concatenate([decoder.decode(payload) for payload in payloads])
    assert {len(payload) for payload in payloads} == {160}
    assert decoder.samples(payloads[0]) == FRAME
    assert len(heard) == len(pcm)
    spectrum = np.abs(np.fft.rfft(heard[9600:28800].astype(float)))
    tone = spectrum[395:406].max()
    spectrum[390:411] = 0
    assert tone > 30 * spectrum.max()
    assert np.std(heard[9600:].astype(float)) == pytest.approx(np.std(pcm.astype(float)), rel=0.05)


@pytest.mark.parametrize("name", list(SPECS))
def test_waveform_codecs_have_no_copies_and_no_dtx(name: str) -> None:
    decoder = registry.decoder(SPECS[name])
    registry.encoder(SPECS[name]).set_loss(10)
    assert not decoder.has_fec(b"\0" * 160)
    assert decoder.decode_fec(b"\0" * 160, FRAME) is None
    assert not decoder.silent(b"\0")
    with pytest.raises(CodecError):
        decoder.samples(b"")


def test_g722_refuses_what_the_library_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        def decode(self, _: object) -> list[object]:
            raise FFmpegError(1, "no")

    decoder = g722.g722_decoder()
    monkeypatch.setattr(decoder._expander, "_context", Stubborn())
    with pytest.raises(CodecError, match="G722"):
        decoder.decode(b"\0" * 160)


def test_without_its_library_g722_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise ValueError("unknown codec")

    monkeypatch.setattr("av.CodecContext.create", refuse)
    with pytest.raises(CodecUnavailable, match="G722"):
        g722.G722Encoder()
    monkeypatch.setattr("av.CodecContext.create", lambda *_: Other())
    with pytest.raises(CodecUnavailable, match="G722"):
        g722.g722_decoder()


class Other:
    """A codec that is not one of sound."""

    def open(self) -> None:
        """Fine."""


# --- concealment ---------------------------------------------------------------------------------------


def concealed(rate: int, hz: float, ms: int) -> tuple[Pcm, Pcm]:
    """A tone's true continuation and the made-up one."""
    time = np.arange(rate)
    tone = np.rint(8000 * np.sin(2 * np.pi * hz * time / rate)).astype(np.int16)
    concealer = Concealer(rate)
    start = rate // 2
    for first in range(0, start, rate // 50):
        concealer.received(tone[first : first + rate // 50])
    samples = rate * ms // 1000
    return tone[start : start + samples], np.rint(concealer.conceal(samples)).astype(np.int16)


@pytest.mark.parametrize("rate", [8_000, 16_000])
@pytest.mark.parametrize("hz", [100.0, 200.0, 250.0])
def test_a_voice_goes_on_at_its_pitch(rate: int, hz: float) -> None:
    truth, made = concealed(rate, hz, 20)
    assert np.corrcoef(truth.astype(float), made.astype(float))[0, 1] > 0.95
    assert np.abs(made[: rate // 100]).max() > 7000


def test_a_long_gap_fades_to_silence() -> None:
    _, made = concealed(8_000, 200.0, 100)
    assert np.abs(made[480:]).max() == 0
    assert np.abs(np.diff(made.astype(int))).max() < 3000


def test_sound_after_a_gap_is_faded_in() -> None:
    concealer = Concealer(8_000)
    tone = sine(200, 0.5)[::6]
    concealer.received(tone)
    concealer.conceal(160)
    jump = np.full(160, 20_000, np.int16)
    heard = concealer.received(jump)
    assert heard[0] < 10_000
    assert heard[100] == 20_000
    assert (concealer.received(jump) == 20_000).all()


@pytest.mark.parametrize("hz", [110.0, 205.0, 310.0])
def test_a_gap_is_bridged_in_step_with_what_follows(hz: float) -> None:
    time = np.arange(8_000)
    tone = np.rint(8000 * np.sin(2 * np.pi * (hz * time / 8_000 + 0.3 * (time / 8_000) ** 2))).astype(
        np.int16
    )
    blind, sighted = Concealer(8_000), Concealer(8_000)
    for start in range(0, 4000, 160):
        blind.received(tone[start : start + 160])
        sighted.received(tone[start : start + 160])
    truth = tone[4000:4160].astype(float)
    bridged = sighted.bridge(160, tone[4160:4320])
    assert np.corrcoef(truth, bridged)[0, 1] > max(0.97, np.corrcoef(truth, blind.conceal(160))[0, 1] - 0.01)
    after = sighted.received(tone[4160:4320])
    assert np.abs(after - tone[4160:4320]).max() < 1500
    assert np.std(bridged[80:]) > 4500


def test_before_silence_the_gap_fades_to_silence() -> None:
    concealer = Concealer(8_000)
    concealer.received(sine(200, 0.1)[::6])
    bridged = concealer.bridge(160, np.zeros(160, np.int16))
    assert np.abs(bridged[:40]).max() > 5000
    assert np.abs(bridged[-20:]).max() < 200
    assert np.abs(concealer.received(np.zeros(160, np.int16))).max() == 0


def test_after_silence_the_gap_grows_into_what_follows() -> None:
    concealer = Concealer(8_000)
    concealer.received(np.zeros(800, np.int16))
    tone = sine(200, 0.1)[::6]
    bridged = concealer.bridge(160, tone[160:320])
    wanted = tone[:160] * np.linspace(0, 1, 160)
    assert np.corrcoef(bridged, wanted)[0, 1] > 0.98
    assert bridged.std() == pytest.approx(wanted.std(), rel=0.1)
    assert np.abs(concealer.received(tone[160:320]) - tone[160:320]).max() < 300


def test_the_pitch_on_each_side_of_a_gap_is_its_own() -> None:
    concealer = Concealer(8_000)
    concealer.received(sine(120, 0.2)[::6])
    higher = sine(230, 0.1)[::6]
    bridged = concealer.bridge(160, higher[160:320])
    assert np.corrcoef(bridged[-60:], higher[100:160])[0, 1] > 0.9


def test_too_short_a_look_ahead_is_no_use() -> None:
    concealer, blind = Concealer(8_000), Concealer(8_000)
    for one in (concealer, blind):
        one.received(sine(200, 0.1)[::6])
    assert (concealer.bridge(160, np.ones(60, np.int16)) == blind.conceal(160)).all()


def test_an_outlook_changes_nothing() -> None:
    concealer, blind = Concealer(8_000), Concealer(8_000)
    for one in (concealer, blind):
        one.received(sine(200, 0.2)[::6])
    sound, made_up = concealer.outlook(80)
    assert made_up == 80
    expected = blind.conceal(160)
    assert (sound[-80:] == expected[:80]).all()
    assert (concealer.conceal(160) == expected).all()
    assert concealer.outlook(80)[1] == 240


@pytest.mark.parametrize("name", ["PCMA", "G722"])
def test_decoders_look_ahead_and_decode_once(name: str) -> None:
    pcm = sine(200, 0.6)
    encoder, decoder, whole = (
        registry.encoder(SPECS[name]), registry.decoder(SPECS[name]), registry.decoder(SPECS[name])
    )  # fmt: skip
    frames = [encoder.encode(pcm[start : start + FRAME]) for start in range(0, len(pcm), FRAME)]
    expected = np.concatenate([whole.decode(frame) for frame in frames])
    heard = [decoder.decode(frame) for frame in frames[:10]]
    assert decoder.bridges
    heard.append(decoder.bridge(FRAME, frames[11]))
    heard += [decoder.decode(frame) for frame in frames[11:]]
    sound = np.concatenate(heard)
    assert len(sound) == len(expected)
    assert np.corrcoef(sound[9 * FRAME :], expected[9 * FRAME :])[0, 1] > 0.99


def test_what_can_not_be_decoded_is_no_help_for_a_gap(monkeypatch: pytest.MonkeyPatch) -> None:
    class Stubborn:
        def decode(self, _: object) -> object:
            raise FFmpegError(1, "no")

    decoder = g722.g722_decoder()
    decoder.decode(bytes(160))
    monkeypatch.setattr(decoder._expander, "_context", Stubborn())
    assert len(decoder.bridge(FRAME, bytes(160))) == FRAME


def test_the_memory_of_g722_goes_through_a_gap() -> None:
    pcm = sine(213, 0.6)
    encoder = registry.encoder(SPECS["G722"])
    frames = [encoder.encode(pcm[start : start + FRAME]) for start in range(0, len(pcm), FRAME)]
    led, left, whole = g722.Expander(), g722.Expander(), g722.Expander()
    concealer = Concealer(g722.CODEC_RATE)
    for frame in frames[:10]:
        left.expand(frame)
        whole.expand(frame)
        concealer.received(led.expand(frame))
    whole.expand(frames[10])
    led.miss(concealer, 320)
    truth = whole.expand(frames[11]).astype(float)
    errors = [np.std(one.expand(frames[11])[:80] - truth[:80]) for one in (led, left)]
    assert errors[0] < 0.7 * errors[1]


def test_nothing_is_made_of_nothing() -> None:
    concealer = Concealer(8_000)
    assert np.abs(concealer.conceal(160)).max() == 0
    concealer.received(sine(200, 0.1)[::6])
    concealer.reset()
    assert np.abs(concealer.conceal(160)).max() == 0


@pytest.mark.parametrize("name", list(SPECS))
def test_decoders_conceal_in_48_khz_and_forget(name: str) -> None:
    encoder, decoder = registry.encoder(SPECS[name]), registry.decoder(SPECS[name])
    pcm = sine(200, 0.4)
    for start in range(0, len(pcm), FRAME):
        decoder.decode(encoder.encode(pcm[start : start + FRAME]))
    made = decoder.conceal(FRAME)
    assert len(made) == FRAME
    assert np.std(made.astype(float)) > 4000
    decoder.reset()
    assert np.abs(decoder.conceal(FRAME)).max() == 0


# --- registry ------------------------------------------------------------------------------------------


def test_names_are_found_in_any_case() -> None:
    assert [registry.canonical(name) for name in ("OPUS", "g722", "pcma", "PCMU")] == list(registry.NAMES)
    assert registry.available() == registry.NAMES
    with pytest.raises(CodecUnavailable, match="speex"):
        registry.canonical("speex")


@pytest.mark.parametrize(
    ("name", "ptime", "length"),
    [
        ("opus", 20, 20),
        ("opus", 30, 20),
        ("opus", 120, 60),
        ("opus", 5, 10),
        ("PCMA", 30, 30),
        ("G722", 10, 10),
    ],
)
def test_frames_are_as_long_as_negotiated_where_the_codec_can(name: str, ptime: int, length: int) -> None:
    assert registry.frame_ms(CodecSpec(name, 96, 8_000, ptime_ms=ptime)) == length


def test_g711_names_are_checked() -> None:
    with pytest.raises(KeyError):
        G711Encoder("PCMX")
