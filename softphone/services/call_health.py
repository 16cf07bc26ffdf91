"""What is wrong with a call's sound, found within three seconds: which side, and what.

Looked at several times a second. Each trouble must last for PATIENCE_S before it is said, so that a hiccup
says nothing, and goes as soon as its cause has gone.
"""

from __future__ import annotations

from dataclasses import dataclass

from softphone.domain.call import Call
from softphone.domain.quality import CallQuality, Trouble

PERIOD_S = 0.5
"""How often to look."""

PATIENCE_S = 2.0
"""With the time between two looks a trouble is told after 2.5 s at most."""

PAUSE_S = 10.0
"""Somebody who was heard before may well be silent for so long."""

SILENCE_DBFS = -85.0
"""What arrives below this comes from no open microphone."""

LOSING_PERCENT = 8.0
FINE_PERCENT = 4.0
"""From the first on a loss is told, below the second no more."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What microphone and speaker are doing. `zero_for_s`: seconds of exact zeros from the microphone.

    `instead_of_*`: another device than the wished one is in use.
    """

    microphone: bool = True
    zero_for_s: float = 0.0
    instead_of_microphone: bool = False
    instead_of_speaker: bool = False


class CallHealth:
    """One call's sound, judged anew at each look."""

    def __init__(self, now: float) -> None:
        self._since: dict[Trouble, float] = {}
        self._sent = self._received = -1
        self._sent_at = self._received_at = self._heard_at = now
        self._ever_heard = False
        self._told: Trouble | None = None

    def look(self, call: Call, quality: CallQuality, devices: Devices, now: float) -> Trouble | None:
        """What is wrong at `now`, in seconds; None where nothing is, or the call is on hold."""
        self._count(quality, now)
        if call.held or call.remote_held:
            self._rest(now)
        else:
            self._note(call, quality, devices, now)
        lasting = [trouble for trouble, since in self._since.items() if now - since >= PATIENCE_S]
        self._told = min(lasting, key=list(Trouble).index, default=None)
        return self._told

    def _count(self, quality: CallQuality, now: float) -> None:
        if quality.packets_sent != self._sent:
            self._sent, self._sent_at = quality.packets_sent, now
        if quality.packets_received != self._received:
            self._received, self._received_at = quality.packets_received, now
        if quality.received_level_dbfs > SILENCE_DBFS:
            self._heard_at, self._ever_heard = now, True

    def _rest(self, now: float) -> None:
        """On hold silence is right; afterwards everything is judged from then on."""
        self._since.clear()
        self._sent_at = self._received_at = self._heard_at = now

    def _note(self, call: Call, quality: CallQuality, devices: Devices, now: float) -> None:
        arriving = self._received_at
        silent = self._heard_at + (PAUSE_S if self._ever_heard else 0.0)
        self._mark(Trouble.NO_MICROPHONE, not devices.microphone, now)
        zero_since = now - devices.zero_for_s if devices.zero_for_s > 0 and not call.muted else None
        self._date(Trouble.MICROPHONE_SILENT, zero_since)
        self._date(Trouble.NOTHING_SENT, self._sent_at if self._sent_at < now else None)
        self._date(Trouble.NOTHING_ARRIVES, arriving if arriving < now else None)
        flowing = now - arriving < PATIENCE_S
        self._date(Trouble.ARRIVES_SILENT, silent if flowing and silent < now else None)
        self._mark(Trouble.OTHER_MICROPHONE, devices.instead_of_microphone, now)
        self._mark(Trouble.OTHER_SPEAKER, devices.instead_of_speaker, now)
        self._lose(Trouble.THEY_LOSE_SOUND, quality.remote_loss_percent or 0.0, now)
        self._lose(Trouble.WE_LOSE_SOUND, max(quality.loss_percent, quality.concealed_percent), now)

    def _lose(self, trouble: Trouble, percent: float, now: float) -> None:
        limit = FINE_PERCENT if self._told is trouble else LOSING_PERCENT
        self._mark(trouble, percent >= limit, now)

    def _mark(self, trouble: Trouble, there: bool, now: float) -> None:
        self._date(trouble, self._since.get(trouble, now) if there else None)

    def _date(self, trouble: Trouble, since: float | None) -> None:
        """Since when it has been so, None for not at all."""
        if since is None:
            self._since.pop(trouble, None)
        else:
            self._since[trouble] = since
