"""The jitter buffer: packets in as the network brings them, blocks of 10 ms of sound out whenever asked.

Sound is played a *target* delay after the network's fastest packet would allow it (see delay.py); the
regulator steers there by taking out or putting in pitch periods. What is missing when its time has come is

- recovered, if it is one packet and the one behind it carries a copy (Opus in-band FEC);
- concealed otherwise (leading over to the packet behind, where the codec can), for as long as the missing
  packets would have lasted and no longer;
- held, while nothing at all arrives: concealment goes on, the place in the stream stays, the delay grows.
  When packets come again, it turns out what it was: lateness (they are played from where it stopped; the end
  of a delay spike that was waited for is passed over), loss (the time spent counts for it) or a pause of the
  sender (DTX; sound goes on when it is due).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from media.codecs.types import Decoder
from media.delay import MAXIMUM_S, DelayEstimator
from media.errors import CodecError
from media.jitter_figures import Counters, JitterStatistics
from media.regulator import WANTED, Regulator
from media.timeline import Timeline
from media.types import BLOCK, RATE, AudioPacket, Pcm

CAPACITY = 200
"""Packets kept at most, when nobody pulls."""
HOLD_S = 1.0
COMFORT_S = 10.0
OVERRUN_S = 0.040
LOSS_MEMORY = 250
LOSSY = 0.003
QUIET_AGAIN = 0.0005
HASTE = 4 * BLOCK
PASSED_OVER = 3 * BLOCK
"""What is made up at a spike's end stands for so much of what comes then, and moves nothing."""
CONCEALABLE = BLOCK // 4
"""Decoders conceal multiples of this."""
SEAM = BLOCK // 4


@dataclass(frozen=True, slots=True)
class Format:
    """What a payload type means: its decoder and its RTP clock in Hz."""

    decoder: Decoder
    clock_rate: int


@dataclass(frozen=True, slots=True)
class _Slot:
    """A packet that waits: its place (48 kHz samples) and length."""

    sequence: int
    position: int
    samples: int
    payload: bytes
    decoder: Decoder


class JitterBuffer:
    """One source's packets in, 10 ms blocks out. `formats` maps payload types and may be added to."""

    def __init__(self, formats: Mapping[int, Format]) -> None:
        self.formats = dict(formats)
        self._timeline = Timeline()
        self._delays = DelayEstimator()
        self._regulator = Regulator()
        self._slots: dict[int, _Slot] = {}
        self._given_up: dict[int, None] = {}
        self._count = Counters()
        self._ready: Pcm = np.zeros(0, np.int16)
        self._decoder: Decoder | None = None
        self._started = self._playing = self._comfort = self._repeats = False
        self._next = self._cursor = self._held = self._gap = 0
        self._loss = self._look_ahead = self._jitter = self._told_delay = 0.0
        self._last_transit: float | None = None

    # --- in ----------------------------------------------------------------------------------------------

    def push(self, packet: AudioPacket) -> None:
        """Take a packet. What can't be decoded, came twice or too late is counted and dropped."""
        self._count.received += 1
        form = self.formats.get(packet.payload_type)
        try:
            samples = form.decoder.samples(packet.payload) if form else 0
        except CodecError:
            samples = 0
        if form is None or not samples:
            self._count.invalid += 1
            return
        place = self._timeline.place(packet, form.clock_rate, samples)
        if packet.repeated:
            self._repeats = True
        else:
            self._measure(packet.arrival, place.position)
        if self._is_new(place.sequence):
            self._slots[place.sequence] = _Slot(
                place.sequence, place.position, samples, packet.payload, form.decoder
            )
            if len(self._slots) > CAPACITY:
                self._count.discarded += 1
                del self._slots[min(self._slots)]

    def _measure(self, arrival: float, position: int) -> None:
        transit = arrival - position / RATE
        self._delays.add(arrival, transit)
        if self._last_transit is not None:
            self._jitter += (abs(transit - self._last_transit) - self._jitter) / 16
        self._last_transit = transit

    def _is_new(self, sequence: int) -> bool:
        if sequence in self._slots:
            self._count.duplicate += 1
        elif not self._started or sequence >= self._next:
            return True
        elif sequence in self._given_up:
            del self._given_up[sequence]
            self._count.lost -= 1
            self._count.late += 1
        else:
            self._count.duplicate += 1
        return False

    # --- out ---------------------------------------------------------------------------------------------

    def pull(self, now: float, samples: int = BLOCK) -> Pcm:
        """The next 10 ms, or as many whole blocks as are wanted at once. `now` is the clock of the packets'
        arrival, in seconds. Silence at first."""
        if not self._playing and not self._begin(now):
            return np.zeros(samples, np.int16)
        delay = self._delay(now)
        if delay >= MAXIMUM_S + OVERRUN_S and self._slots:
            self._skip_overrun(now)
            delay = self._delay(now)
        # Of several blocks asked for at once the later ones are asked for early: on average half of them.
        self._regulator.observe(delay - (samples - BLOCK) / (2 * RATE), self.target, samples)
        if not self._held:  # while nothing arrives it may as well be the sender's pause, which delays nothing
            self._told_delay = self._regulator.delay
        left = len(self._ready)
        decoded = self._fill(now, samples)
        if decoded and not self._comfort:
            self._regulate(left)
            self._fill(now, samples)
        wanted, self._ready = self._ready[:samples], self._ready[samples:]
        self._count.played += samples
        return wanted

    @property
    def target(self) -> float:
        """The delay to reach, in seconds; with time for copies and repeats of lost frames, if such come."""
        return min(MAXIMUM_S, self._delays.target + self._look_ahead)

    def _begin(self, now: float) -> bool:
        """Start (again) when the first packet is due."""
        if not self._slots:
            return False
        first = self._slots[min(self._slots)]
        if self._delay_at(first.position, now) < self.target:
            return False
        if self._started:
            self._give_up(first.sequence - self._next)
        self._playing = self._started = True
        self._go_to(first)
        self._decoder = first.decoder
        self._regulator.begin(self._delay(now))
        return True

    def _go_to(self, slot: _Slot) -> None:
        self._next, self._cursor = slot.sequence, slot.position
        self._held = self._gap = 0

    def _delay_at(self, position: int, now: float) -> float:
        return now - position / RATE - (self._delays.base or 0.0)

    def _delay(self, now: float) -> float:
        return self._delay_at(self._cursor - len(self._ready), now)

    def _skip_overrun(self, now: float) -> None:
        """After an outage, or when nobody pulled, old sound is dropped rather than played late for ever."""
        for sequence in sorted(self._slots):
            slot = self._slots[sequence]
            if (
                self._delay_at(slot.position, now) <= self.target + slot.samples / RATE
                or len(self._slots) == 1
            ):
                self._give_up(sequence - self._next)
                self._go_to(slot)
                self._ready = self._ready[:0]
                return
            del self._slots[sequence]
            self._count.discarded += 1
            self._next = sequence + 1

    def _fill(self, now: float, samples: int) -> bool:
        """Have so much ready; True when something was decoded for it."""
        decoded = False
        while len(self._ready) < samples:
            waiting = len(self._slots)
            piece = self._produce(now)
            self._ready = np.concatenate([self._ready, piece]) if len(self._ready) else piece
            decoded |= len(self._slots) < waiting
        return decoded

    def _regulate(self, left: int) -> None:
        """Of what is ready the first `left` samples were looked at before."""
        if self._regulator.hungry and len(self._ready) < WANTED:
            slot = self._slots.get(self._next)
            if slot is not None and slot.position == self._cursor:
                self._ready = np.concatenate([self._ready, self._play(slot)])
        before = len(self._ready)
        self._ready = self._regulator.adjust(self._ready, before - left)
        self._count.accelerated += max(0, before - len(self._ready))
        self._count.expanded += max(0, len(self._ready) - before)

    # --- what comes next -----------------------------------------------------------------------------------

    def _produce(self, now: float) -> Pcm:
        slot = self._slots.get(self._next)
        if slot is None:
            if not self._slots:
                return self._hold()
            slot = self._slots[min(self._slots)]
        if slot.sequence > self._next and slot.position > self._cursor:
            return self._repair(slot)
        if (
            slot.position > self._cursor
            and self._delay_at(slot.position - len(self._ready), now) < self.target
        ):
            return self._conceal(BLOCK)
        if 0 < self._held <= PASSED_OVER and slot.position == self._cursor and self._delays.spiky:
            slot = self._pass_over(slot)
        return self._play(slot)

    def _pass_over(self, slot: _Slot) -> _Slot:
        """What was made up has stood for the beginning of what comes late; returns the packet to go on in."""
        passed, self._held = self._held, 0
        self._count.concealed += passed
        while passed >= slot.samples and slot.sequence + 1 in self._slots:
            self._decode(slot)
            del self._slots[slot.sequence]
            passed -= slot.samples
            slot = self._slots[slot.sequence + 1]
        late = passed if passed < slot.samples else 0
        self._next, self._cursor = slot.sequence, slot.position + late
        self._gap = late and slot.samples - late
        return slot

    def _play(self, slot: _Slot) -> Pcm:
        del self._slots[slot.sequence]
        self._give_up(slot.sequence - self._next)
        if slot.position <= self._cursor:
            self._count.concealed += self._held
            if self._held > HASTE:
                self._regulator.hasten()
        late = self._cursor - slot.position if self._gap else 0
        self._held = self._gap = 0
        self._next, self._cursor = slot.sequence + 1, slot.position + slot.samples
        self._decoder = slot.decoder
        self._comfort = slot.decoder.silent(slot.payload)
        self._note_loss(slot)
        return self._decode_late(slot, late) if late else self._decode(slot)

    def _decode(self, slot: _Slot) -> Pcm:
        try:
            return slot.decoder.decode(slot.payload)
        except CodecError:
            self._count.invalid += 1
            return self._conceal(slot.samples)

    def _decode_late(self, slot: _Slot, late: int) -> Pcm:
        """The rest of a packet that came while its beginning was being concealed."""
        concealed = self._conceal(SEAM)
        rest = self._decode(slot)[late:].copy()
        fade = np.linspace(0, 1, SEAM, dtype=np.float32)[: len(rest)]
        seam = concealed[: len(rest)] * (1 - fade) + rest[:SEAM] * fade
        rest[:SEAM] = np.rint(seam).astype(np.int16)
        return rest

    def _hold(self) -> Pcm:
        """Nothing is here: go on in place, and stop when that lasts."""
        if not self._comfort or self._held >= COMFORT_S * RATE:
            self._playing = self._held < HOLD_S * RATE
        self._held += BLOCK
        return self._conceal(BLOCK)

    def _repair(self, slot: _Slot) -> Pcm:
        """Fill the place of the packet `_next`, which is missing while `slot`, a later one, is here."""
        if not self._gap:
            self._gap = min(slot.position - self._cursor, slot.samples)
        credit = 0 if self._comfort else min(self._held, self._gap)
        self._held -= credit
        self._count.concealed += credit
        self._pass_gap(credit)
        if not self._gap:
            return self._ready[:0]
        last = slot.sequence - self._next == 1
        copy = slot.decoder.decode_fec(slot.payload, slot.samples) if last else None
        if copy is not None:
            self._count.recovered += 1
            rest = copy[-self._gap :]
            self._pass_gap(self._gap)
            return rest
        bridged = last and slot.decoder.bridges and self._gap % CONCEALABLE == 0
        piece = self._gap if bridged else min(self._gap, BLOCK)
        self._count.concealed += 0 if self._comfort else piece
        self._pass_gap(piece)
        return slot.decoder.bridge(piece, slot.payload) if bridged else self._conceal(piece)

    def _pass_gap(self, samples: int) -> None:
        """Go on within the missing packet's place; at its end the packet is given up."""
        self._cursor += samples
        self._gap -= samples
        if not self._gap:
            self._give_up(1)
            self._next += 1

    def _conceal(self, samples: int) -> Pcm:
        if self._decoder is None:
            return np.zeros(samples, np.int16)
        return self._decoder.conceal(-(-samples // CONCEALABLE) * CONCEALABLE)[:samples]

    def _give_up(self, packets: int) -> None:
        """The next `packets` count as lost, until one of them comes after all."""
        for sequence in range(self._next, self._next + min(packets, CAPACITY)):
            self._given_up[sequence] = None
        self._count.lost += max(0, packets)
        self._loss += max(0, packets) / LOSS_MEMORY
        while len(self._given_up) > CAPACITY:
            del self._given_up[next(iter(self._given_up))]

    def _note_loss(self, slot: _Slot) -> None:
        """While packets are lost and the next one or their repeats help, wait a packet longer for these."""
        self._loss -= self._loss / LOSS_MEMORY
        if self._loss < QUIET_AGAIN:
            self._look_ahead = 0.0
            self._repeats = False
        elif self._loss > LOSSY and (
            self._repeats or slot.decoder.bridges or slot.decoder.has_fec(slot.payload)
        ):
            self._look_ahead = slot.samples / RATE

    def statistics(self) -> JitterStatistics:
        """Figures so far."""
        count = self._count
        waiting = len(self._ready) + sum(slot.samples for slot in self._slots.values())
        return JitterStatistics(
            **{name: getattr(count, name) for name in Counters.__dataclass_fields__},
            delay_ms=1000 * self._told_delay,
            target_ms=1000 * self.target,
            buffered_ms=1000 * waiting / RATE,
            jitter_ms=1000 * self._jitter,
        )
