"""A quiet talker is made louder, slowly and by little; nobody else is touched.

Only speech counts: its level is the mean power of blocks that hold speech. Gain rises and falls while there
is speech and stands still otherwise, so that pauses are not pumped up; and it never lifts the noise of the
room over NOISE_DBFS.
"""

from __future__ import annotations

from collections import deque

from media.levels import FLOOR_DBFS, dbfs, mean_square
from media.mixer import amplify
from media.types import BLOCK, RATE, Pcm

MAXIMUM_DB = 12.0
QUIET_DBFS = -32.0
"""Only speech that is quieter than this is touched."""
TARGET_DBFS = -28.0
"""To where it is brought."""
NOISE_DBFS = -50.0
RISE_DB_PER_S = 1.5
FALL_DB_PER_S = 6.0
ENOUGH = 100
"""Blocks of speech before its level is believed."""
MEMORY = 200
"""Blocks of speech that weigh in its level."""
LIKELY = 0.6
"""Probability from which a block is speech."""
ABOVE_NOISE_DB = 10.0
NOISE_PIECE = 50
NOISE_PIECES = 8
"""Noise is the quietest of this many pieces, of so many blocks: four seconds."""

BLOCK_S = BLOCK / RATE


class NoiseFloor:
    """The quietest block of the last seconds."""

    def __init__(self) -> None:
        self._pieces: deque[float] = deque(maxlen=NOISE_PIECES)
        self._least = float("inf")
        self._blocks = 0

    def add(self, power: float) -> None:
        """Take a block's mean square."""
        self._least = min(self._least, power)
        self._blocks += 1
        if self._blocks == NOISE_PIECE:
            self._pieces.append(self._least)
            self._least, self._blocks = float("inf"), 0

    @property
    def dbfs(self) -> float:
        """The floor, FLOOR_DBFS before half a second has been heard."""
        return dbfs(min(self._pieces)) if self._pieces else FLOOR_DBFS


class SlowGain:
    """0…MAXIMUM_DB on what the microphone heard, after echo and noise are out of it."""

    def __init__(self) -> None:
        self.db = 0.0
        """The gain now."""
        self._power = 0.0
        self._heard = 0
        self._floor = NoiseFloor()

    def process(self, block: Pcm, speech: float, *, listen: bool = True) -> Pcm:
        """10 ms with the gain applied. `speech` is the probability that it holds some; `listen` is False
        while the far end talks: what is heard of it here must not pass for a quiet talker."""
        power = mean_square(block)
        self._floor.add(power)
        if listen and speech >= LIKELY and dbfs(power) > self._floor.dbfs + ABOVE_NOISE_DB:
            self._learn(power)
            self._approach(self._wanted())
        return amplify(block, self.db)

    def _learn(self, power: float) -> None:
        self._heard = min(self._heard + 1, MEMORY)
        self._power += (power - self._power) / self._heard

    def _wanted(self) -> float:
        if self._heard < ENOUGH:
            return self.db
        level = dbfs(self._power)
        if not self.db and level > QUIET_DBFS:
            return 0.0
        return max(0.0, min(TARGET_DBFS - level, MAXIMUM_DB, NOISE_DBFS - self._floor.dbfs))

    def _approach(self, wanted: float) -> None:
        rise, fall = RISE_DB_PER_S * BLOCK_S, FALL_DB_PER_S * BLOCK_S
        self.db += max(-fall, min(wanted - self.db, rise))
