"""The jitter buffer, on networks on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from media.jitter import CAPACITY, Format, JitterBuffer
from media.jitter_figures import JitterStatistics
from media.types import BLOCK, FRAME, RATE, AudioPacket, Pcm
from tests.doubles.network import Network, stream
from tests.doubles.voice import SILENT_PAYLOAD, FakeDecoder, fake_buffer, numbered, play

LAN = Network(jitter_ms=1)


def test_silence_before_anything_came() -> None:
    buffer, _ = fake_buffer()
    assert not buffer.pull(0.0).any()
    assert buffer.statistics().played == 0


def test_everything_is_played_once_and_in_order_on_a_calm_network() -> None:
    buffer, decoder = fake_buffer()
    heard = play(buffer, LAN.carry(stream(numbered(500))), 10.0)
    assert decoder.decoded == sorted(decoder.decoded)
    assert len(decoder.decoded) >= 495
    assert decoder.concealed == 0
    assert heard.statistics.lost == heard.statistics.late == 0
    assert max(heard.delays(5, 10)) < 45


def test_jitter_makes_it_wait_longer_and_calm_shorter() -> None:
    buffer, _ = fake_buffer()
    packets = stream(numbered(2000))
    calm, rough = Network(jitter_ms=1), Network(jitter_ms=15)
    arrived = [
        *calm.carry(packets[:500]),
        *rough.carry(packets[500:1000]),
        *calm.carry(packets[1000:]),
    ]
    heard = play(buffer, sorted(arrived, key=lambda one: one.arrival), 38.0)
    assert max(heard.target_ms[900:1000]) < 40
    assert max(heard.target_ms[1100:1200]) > 50
    assert max(heard.target_ms[2600:]) < 40
    assert np.median(heard.delays(36, 38)) < 50


def test_few_packets_are_late_under_jitter() -> None:
    buffer, _ = fake_buffer()
    heard = play(buffer, Network(jitter_ms=10).carry(stream(numbered(3000))), 59.0)
    assert heard.statistics.late + heard.statistics.lost < 30
    assert np.median(heard.delays(5, 59)) < 100


@pytest.mark.parametrize("seed", range(1, 6))
def test_after_a_delay_spike_it_is_back_within_two_seconds(seed: int) -> None:
    buffer, _ = fake_buffer()
    network = Network(jitter_ms=4, spikes_at=(8.0,), spike_ms=180, seed=seed)
    heard = play(buffer, network.carry(stream(numbered(900))), 17.0)
    before = np.median(heard.delays(6, 8))
    assert max(heard.delays(8.1, 8.6)) > before + 80
    assert max(heard.delays(10.2, 12)) < before + 25
    assert max(heard.target_ms[850:1000]) < 60


def test_spikes_that_come_again_are_waited_for_and_then_forgotten() -> None:
    buffer, _ = fake_buffer()
    network = Network(jitter_ms=3, spikes_at=(5.0, 10.0, 15.0, 20.0), spike_ms=180)
    heard = play(buffer, network.carry(stream(numbered(3000))), 58.0)
    assert min(heard.delays(14, 24)) > 150
    made_up = heard.moments[2400].concealed - heard.moments[1400].concealed
    assert made_up <= 2 * (FRAME + BLOCK), "the last moment of two spikes"
    assert heard.delays(24, 24.5)[0] == pytest.approx(heard.delays(14, 14.5)[0], abs=5), "and nothing moved"
    assert max(heard.delays(50, 58)) < 60


@pytest.mark.parametrize("longer_s", [0.005, 0.012])
def test_the_last_moment_of_an_awaited_spike_is_passed_over(longer_s: float) -> None:
    """What was made up stands for the beginning of what comes then; the decoder hears all of it."""
    buffer, decoder = fake_buffer()
    network = Network(jitter_ms=0, spikes_at=(5.0, 8.0, 11.0, 14.0), spike_ms=180)
    arrived = [
        replace(one, arrival=one.arrival + longer_s) if 14.0 < one.timestamp / RATE < 14.18 else one
        for one in network.carry(stream(numbered(900)))
    ]
    heard = play(buffer, sorted(arrived, key=lambda one: (one.arrival, one.sequence)), 17.0)
    made_up = heard.moments[1500].concealed - heard.moments[1350].concealed
    assert 0 < made_up <= FRAME + BLOCK
    before, after = np.median(heard.delays(13, 13.9)), heard.delays(14.5, 15)[0]
    assert after == pytest.approx(before, abs=5)
    assert decoder.decoded == sorted(decoder.decoded)
    assert set(range(600, 840)) <= set(decoder.decoded)


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.1])
@pytest.mark.parametrize("fec", [False, True])
def test_no_more_than_a_frame_is_concealed_for_each_lost_packet(loss: float, fec: bool) -> None:
    buffer, _ = fake_buffer()
    network = Network(loss=loss, jitter_ms=2)
    heard = play(buffer, network.carry(stream(numbered(3000, fec=fec))), 59.0)
    figures = heard.statistics
    assert figures.lost == pytest.approx(3000 * loss, rel=0.4)
    assert figures.concealed <= figures.lost * FRAME
    assert figures.late == 0


def test_copies_are_used_where_the_next_packet_brings_them() -> None:
    buffer, decoder = fake_buffer()
    arrived = LAN.carry(stream(numbered(400, fec=True)))
    gone = {100, 200, 201}
    heard = play(buffer, [one for one in arrived if one.sequence not in gone], 8.0)
    assert heard.statistics.lost == 3
    assert heard.statistics.recovered == 2
    assert heard.statistics.concealed == FRAME
    assert decoder.concealed == FRAME
    assert 101 in heard.pcm  # packet 100 carries the value 101, heard from the copy


def test_while_copies_are_needed_it_waits_a_packet_longer() -> None:
    buffer, _ = fake_buffer()
    lossy = play(buffer, Network(loss=0.05, jitter_ms=1).carry(stream(numbered(1000, fec=True))), 19.0)
    plain, _ = fake_buffer()
    without = play(plain, Network(loss=0.05, jitter_ms=1).carry(stream(numbered(1000))), 19.0)
    assert lossy.target_ms[-1] == pytest.approx(without.target_ms[-1] + 20, abs=5)
    assert lossy.statistics.recovered > 0.8 * lossy.statistics.lost


def test_while_repeats_are_needed_it_waits_a_packet_longer_and_their_lateness_is_not_the_networks() -> None:
    packets = LAN.carry(stream(numbered(3000)))
    again = [
        replace(one, arrival=one.arrival + 0.035, repeated=True)
        if one.sequence % 20 == 0 and one.sequence < 1000
        else one
        for one in packets
    ]
    buffer, _ = fake_buffer()
    heard = play(buffer, sorted(again, key=lambda one: one.arrival), 58.0)
    plain, _ = fake_buffer()
    without = play(plain, packets, 58.0)
    assert max(heard.target_ms[500:1900]) == pytest.approx(without.target_ms[1900] + 20, abs=2)
    assert heard.target_ms[-1] == pytest.approx(without.target_ms[-1], abs=2)
    assert heard.statistics.late < 10


def test_a_codec_that_can_leads_over_to_the_packet_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    met: list[tuple[int, bytes]] = []

    def bridge(self: FakeDecoder, samples: int, following: bytes) -> Pcm:
        met.append((samples, following))
        return np.zeros(samples, np.int16)

    monkeypatch.setattr(FakeDecoder, "bridges", True)
    monkeypatch.setattr(FakeDecoder, "bridge", bridge)
    buffer, decoder = fake_buffer()
    arrived = LAN.carry(stream(payloads := numbered(400)))
    gone = {100, 200, 201}
    heard = play(buffer, [one for one in arrived if one.sequence not in gone], 8.0)
    assert met == [(FRAME, payloads[101]), (FRAME, payloads[202])]
    assert decoder.concealed == FRAME
    assert heard.statistics.concealed == 3 * FRAME


@pytest.mark.parametrize("ppm", [-500, -100, 100, 500])
def test_drifting_clocks_neither_starve_nor_flood_it(ppm: int) -> None:
    buffer, decoder = fake_buffer()
    seconds = 150.0 if abs(ppm) > 100 else 400.0
    payloads = (numbered(500) * round(seconds / 10))[: round(seconds * 50)]
    heard = play(buffer, Network(jitter_ms=1, drift_ppm=ppm).carry(stream(payloads)), seconds - 1)
    assert max(heard.delays(10, seconds - 1)) < 60
    assert min(heard.delays(10, seconds - 1)) > 10
    assert decoder.concealed <= 2 * BLOCK
    corrected = (heard.statistics.accelerated - heard.statistics.expanded) / RATE
    assert corrected == pytest.approx(seconds * ppm * 1e-6, abs=0.06)


def test_a_pause_of_the_sender_is_no_loss() -> None:
    buffer, _ = fake_buffer()
    payloads = numbered(600)
    payloads[150:250] = [b""] * 100
    heard = play(buffer, LAN.carry(stream(payloads)), 11.0)
    assert heard.statistics.lost == heard.statistics.late == heard.statistics.concealed == 0
    assert np.median(heard.delays(8, 11)) < 45


def test_comfort_noise_after_a_dtx_frame_counts_as_nothing() -> None:
    buffer, decoder = fake_buffer()
    payloads = numbered(600)
    payloads[150:250] = [SILENT_PAYLOAD + b"\0\1"] + [b""] * 99
    heard = play(buffer, LAN.carry(stream(payloads)), 11.0)
    assert decoder.concealed > RATE
    assert heard.statistics.concealed == heard.statistics.lost == 0


@pytest.mark.parametrize("still", [b"", SILENT_PAYLOAD + b"\0\1"])
def test_a_pause_of_the_sender_is_not_taken_for_delay(still: bytes) -> None:
    buffer, _ = fake_buffer()
    payloads = numbered(600)
    for first in range(150, 350, 20):
        payloads[first : first + 19] = [still] + [b""] * 18
    arrived, told = LAN.carry(stream(payloads)), []
    for block in range(1_100):
        now = block * BLOCK / RATE
        while arrived and arrived[0].arrival <= now:
            buffer.push(arrived.pop(0))
        buffer.pull(now)
        told.append(buffer.statistics().delay_ms)
    assert max(told[200:]) < 60


def test_what_was_held_up_is_told_as_delay_once_it_is_heard() -> None:
    buffer, _ = fake_buffer()
    arrived, told = Network(spikes_at=(5.0,), spike_ms=180).carry(stream(numbered(400))), []
    for block in range(600):
        now = block * BLOCK / RATE
        while arrived and arrived[0].arrival <= now:
            buffer.push(arrived.pop(0))
        buffer.pull(now)
        told.append(buffer.statistics().delay_ms)
    assert max(told[100:500]) < 60
    assert max(told[500:]) > 150


def test_a_packet_lost_in_a_dtx_pause_is_counted_and_costs_nothing() -> None:
    buffer, _ = fake_buffer()
    payloads = numbered(600)
    payloads[150:250] = [SILENT_PAYLOAD + b"\0\1"] + [b""] * 49 + [SILENT_PAYLOAD + b"\0\1"] + [b""] * 49
    arrived = [one for one in LAN.carry(stream(payloads)) if one.sequence != 151]
    heard = play(buffer, arrived, 11.0)
    assert heard.statistics.lost == 1
    assert heard.statistics.concealed == 0


def test_late_packets_are_told_from_lost_ones_and_duplicates() -> None:
    buffer, _ = fake_buffer()
    arrived = LAN.carry(stream(numbered(400)))
    slow = replace(arrived[200], arrival=arrived[200].arrival + 0.5)
    twice = replace(arrived[300], arrival=arrived[300].arrival + 0.5)
    again = replace(arrived[310], arrival=arrived[310].arrival + 0.001)
    others = [one for one in arrived if one is not arrived[200]]
    heard = play(buffer, sorted([*others, slow, twice, again], key=lambda one: one.arrival), 7.9)
    assert (heard.statistics.late, heard.statistics.lost, heard.statistics.duplicate) == (1, 0, 2)
    assert heard.statistics.concealed <= FRAME


def test_a_packet_that_comes_within_its_own_gap_is_still_used() -> None:
    buffer, decoder = fake_buffer()
    packets = [one for _, one in stream(numbered(100))]
    late = replace(packets[50], arrival=packets[50].arrival + 0.0475)
    arrived = sorted([*packets[:50], *packets[51:], late], key=lambda one: one.arrival)
    heard = play(buffer, arrived, 1.9)
    assert 51 in decoder.decoded
    assert heard.statistics.concealed == BLOCK
    assert heard.statistics.lost == heard.statistics.late == 0


def test_a_new_source_goes_on_without_a_hole() -> None:
    buffer, _ = fake_buffer()
    packets = stream(numbered(600))
    arrived = LAN.carry(packets)
    other = [
        replace(one, sequence=one.sequence + 40_000, timestamp=one.timestamp + 99_000_000)
        for one in arrived[300:]
    ]
    other[0] = replace(other[0], restart=True)
    heard = play(buffer, [*arrived[:300], *other], 11.0)
    assert heard.statistics.lost == heard.statistics.late == heard.statistics.concealed == 0
    assert np.median(heard.delays(9, 11)) < 50


def test_a_change_of_codec_by_payload_type_is_followed() -> None:
    first, second = FakeDecoder(), FakeDecoder()
    buffer = JitterBuffer({96: Format(first, RATE), 8: Format(second, 8_000)})
    packets = LAN.carry(stream(numbered(400)))
    changed = [replace(one, payload_type=8, timestamp=(one.timestamp + 12_345) // 6) for one in packets[200:]]
    heard = play(buffer, [*packets[:200], *changed], 7.9)
    assert len(first.decoded) == 200
    assert len(second.decoded) > 190
    assert heard.statistics.lost == heard.statistics.concealed == 0


def test_a_timestamp_from_nowhere_is_taken_as_a_new_count() -> None:
    buffer, _ = fake_buffer()
    arrived = LAN.carry(stream(numbered(600)))
    jumped = [replace(one, timestamp=one.timestamp + 3600 * RATE) for one in arrived[300:]]
    heard = play(buffer, [*arrived[:300], *jumped], 11.0)
    assert heard.statistics.concealed == heard.statistics.lost == 0
    assert np.median(heard.delays(9, 11)) < 50


def test_an_outage_is_survived_and_old_sound_dropped() -> None:
    buffer, _ = fake_buffer()
    network = Network(jitter_ms=1, spikes_at=(5.0,), spike_ms=2500)
    heard = play(buffer, network.carry(stream(numbered(1000))), 19.0)
    assert heard.statistics.discarded > 50
    assert max(heard.delays(8, 19)) < 350
    assert max(heard.delays(15, 19)) < 80


def test_an_outage_with_loss_in_it_leaves_nothing_half_repaired() -> None:
    buffer, decoder = fake_buffer()
    network = Network(loss=0.2, jitter_ms=1, spikes_at=(5.0, 5.8, 9.0), spike_ms=700)
    heard = play(buffer, network.carry(stream(numbered(1000))), 19.0)
    assert decoder.decoded == sorted(set(decoder.decoded))
    assert max(heard.delays(12, 19)) < 350


def test_a_slower_way_through_the_network_is_accepted() -> None:
    buffer, decoder = fake_buffer()
    packets = stream(numbered(1500))
    arrived = [*LAN.carry(packets[:500]), *Network(jitter_ms=1, delay_ms=600).carry(packets[500:])]
    heard = play(buffer, arrived, 29.0)
    assert heard.statistics.lost < 60
    assert decoder.decoded[-1] > 1400
    assert heard.moments[-1].concealed == heard.moments[1500].concealed


def test_it_stops_when_nothing_comes_and_starts_again() -> None:
    buffer, decoder = fake_buffer()
    payloads = numbered(900)
    payloads[200:600] = [b""] * 400
    heard = play(buffer, LAN.carry(stream(payloads)), 17.0)
    quiet = heard.moments[1100].played - heard.moments[600].played
    assert quiet == 0
    assert decoder.decoded[-1] > 840
    assert heard.statistics.lost == 0


def test_comfort_noise_ends_too() -> None:
    buffer, decoder = fake_buffer()
    payloads = [*numbered(100), SILENT_PAYLOAD + b"\0\1"]
    play(buffer, LAN.carry(stream(payloads)), 30.0)
    assert decoder.concealed < 12 * RATE


def test_lost_at_the_time_of_a_restarted_talk_spurt() -> None:
    buffer, _ = fake_buffer()
    arrived = LAN.carry(stream(numbered(500)))
    heard = play(buffer, [*arrived[:100], *arrived[300:]], 9.0)
    assert heard.statistics.lost == 200


@pytest.mark.parametrize("payload", [b"bad", b"broken"])
def test_what_cannot_be_decoded_is_counted_and_covered(payload: bytes) -> None:
    buffer, _ = fake_buffer()
    payloads = numbered(200)
    payloads[100] = payload
    heard = play(buffer, LAN.carry(stream(payloads)), 3.9)
    assert heard.statistics.invalid == 1


def test_unknown_payload_types_are_dropped() -> None:
    buffer, _ = fake_buffer()
    buffer.push(AudioPacket(1, 0, 77, b"\0\0\1", 0.0))
    assert buffer.statistics() == replace(
        JitterStatistics(), received=1, invalid=1, target_ms=buffer.statistics().target_ms
    )


def test_it_keeps_a_bounded_number_of_packets_when_nobody_pulls() -> None:
    buffer, _ = fake_buffer()
    for one in LAN.carry(stream(numbered(5 * CAPACITY))):
        buffer.push(one)
    assert buffer.statistics().buffered_ms == CAPACITY * 20
    assert buffer.statistics().discarded == 4 * CAPACITY


def test_share_of_concealed_sound() -> None:
    assert JitterStatistics(played=1000, concealed=10).concealed_percent == 1.0
    assert JitterStatistics().concealed_percent == 0.0


def test_jitter_is_measured_as_in_rtcp() -> None:
    buffer, _ = fake_buffer()
    packets = [one for _, one in stream(numbered(400))]
    for index, one in enumerate(packets):
        buffer.push(replace(one, arrival=one.arrival + (0.008 if index % 2 else 0.0)))
    assert buffer.statistics().jitter_ms == pytest.approx(8.0, abs=0.1)
