"""One stream that comes in: its order, its holes, its statistics (RFC 3550 appendix A)."""

from __future__ import annotations

from service.media_engine.rtcp import Report, SenderReport

HALF = 1 << 15
RANGE = 1 << 16
REMEMBERED = 1024
"""Packets: how far back a repeated one is known again."""

MAX_HOLE = 256
"""A jump further than this is a new start, not loss."""

NACK_EVERY_S = 0.04
NACK_TRIES = 10
NACK_AT_ONCE = 64


class Incoming:
    """Sequence numbers are extended to ones that never wrap. `now` is monotonic, seconds.

    `repeats`: what is missing is to be asked for again.
    """

    def __init__(self, clock_rate: int, *, repeats: bool) -> None:
        self._clock_rate = clock_rate
        self._repeats = repeats
        self.ssrc = -1
        self.report: SenderReport | None = None
        self._report_at = 0.0
        self._start(0)

    def _start(self, sequence: int) -> None:
        self.highest = sequence + RANGE - 1
        self._base = self.highest + 1
        self._seen = [-1] * REMEMBERED
        self._holes: dict[int, tuple[float, int]] = {}
        self._received = 0
        self._told = (0, 0)
        self._transit = 0.0
        self._jitter = 0.0

    def skips(self, ssrc: int, sequence: int) -> int:
        """How many numbers this packet leaves out; MAX_HOLE where it starts another stream."""
        ahead = (sequence - self.highest) & 0xFFFF
        if not self._follows(ssrc, ahead):
            return MAX_HOLE
        return ahead - 1 if 0 < ahead <= MAX_HOLE else 0

    def belongs(self, ssrc: int, sequence: int) -> bool:
        """False where this packet starts another stream than the one before; it is then begun."""
        if self._follows(ssrc, (sequence - self.highest) & 0xFFFF):
            return True
        self.ssrc = ssrc
        self.report = None
        self._start(sequence)
        return False

    def receive(self, sequence: int, timestamp: int, now: float, *, repeated: bool = False) -> int | None:
        """Its extended number; None where it was here before. `repeated`: it came as a retransmission.

        Nobody asks again for what no packet has gone beyond yet: a repeat from ahead would only make holes.
        """
        ahead = (sequence - self.highest) & 0xFFFF
        number = self.highest + (ahead if ahead < HALF else ahead - RANGE)
        if repeated and number > self.highest:
            return None
        if self._seen[number % REMEMBERED] == number or number <= self.highest - REMEMBERED:
            return None
        self._seen[number % REMEMBERED] = number
        if number > self.highest:
            if self._repeats:
                self._holes.update((hole, (-NACK_EVERY_S, 0)) for hole in range(self.highest + 1, number))
            self.highest = number
        else:
            self._holes.pop(number, None)
        if not repeated:
            self._received += 1
            self._measure(timestamp, now)
        return number

    def missing(self, now: float) -> list[int]:
        """What to ask for again now, ascending; each is asked for NACK_TRIES times."""
        due: list[int] = []
        for number, (asked, tries) in list(self._holes.items()):
            if number < self.highest - MAX_HOLE or tries >= NACK_TRIES:
                del self._holes[number]
            elif now - asked >= NACK_EVERY_S and len(due) < NACK_AT_ONCE:
                self._holes[number] = (now, tries + 1)
                due.append(number & 0xFFFF)
        return due

    @property
    def holes(self) -> bool:
        """Whether anything is missing."""
        return bool(self._holes)

    def sender_report(self, report: SenderReport, now: float) -> None:
        """The sender's clock."""
        self.report = report
        self._report_at = now

    def receiver_report(self, now: float) -> Report | None:
        """What to tell the sender; None before anything came (§6.4.1)."""
        if self.ssrc < 0 or not self._received:
            return None
        expected = self.highest - self._base + 1
        lost = max(0, expected - self._received)
        interval, came = expected - self._told[0], self._received - self._told[1]
        self._told = (expected, self._received)
        fraction = min(255, max(0, interval - came) * 256 // interval) if interval > 0 else 0
        last_sr, delay = 0, 0
        if self.report is not None:
            last_sr = self.report.ntp >> 16 & 0xFFFFFFFF
            delay = min(0xFFFFFFFF, int((now - self._report_at) * 65536))
        return Report(
            self.ssrc, fraction, min(lost, 0x7FFFFF), self.highest, int(self._jitter), last_sr, delay
        )

    def _follows(self, ssrc: int, ahead: int) -> bool:
        return ssrc == self.ssrc and (ahead <= MAX_HOLE or ahead >= RANGE - REMEMBERED)

    def _measure(self, timestamp: int, now: float) -> None:
        transit = now * self._clock_rate - timestamp
        if self._received > 1:
            difference = abs(transit - self._transit)
            if difference < self._clock_rate * 10:
                self._jitter += (difference - self._jitter) / 16
        self._transit = transit
