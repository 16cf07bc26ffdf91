"""How well a picture flows: frames a second, freezes."""

from __future__ import annotations

from collections import deque

WINDOW_S = 2.0
FREEZE_S = 0.150
"""A gap longer than the usual one by this, and three times as long, is a freeze (W3C webrtc-stats,
freezeCount)."""
USUAL = 30


class PictureFlow:
    """Told of each picture shown. Times in monotonic seconds."""

    def __init__(self) -> None:
        self.shown = 0
        self.freezes = 0
        self.longest_gap_s = 0.0
        self._moments: deque[float] = deque(maxlen=int(WINDOW_S * 65))
        self._gaps: deque[float] = deque(maxlen=USUAL)

    def picture(self, now: float) -> None:
        """A picture is shown."""
        self.shown += 1
        if self._moments:
            self._judge(now - self._moments[-1])
        self._moments.append(now)

    def pause(self) -> None:
        """The sender stopped on purpose: what follows is no freeze."""
        self._moments.clear()
        self._gaps.clear()

    def fps(self, now: float) -> float:
        """Over the last WINDOW_S."""
        recent = [moment for moment in self._moments if moment > now - WINDOW_S]
        if len(recent) < 2:
            return 0.0
        return (len(recent) - 1) / (recent[-1] - recent[0]) if now - recent[-1] < WINDOW_S / 2 else 0.0

    def silent_for(self, now: float) -> float:
        """Seconds since the last picture; 0 before the first."""
        return now - self._moments[-1] if self._moments else 0.0

    def _judge(self, gap: float) -> None:
        self.longest_gap_s = max(self.longest_gap_s, gap)
        if self._gaps:
            usual = sum(self._gaps) / len(self._gaps)
            if gap > max(3 * usual, usual + FREEZE_S):
                self.freezes += 1
        self._gaps.append(gap)
