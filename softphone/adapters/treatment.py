"""What is taken out of the microphone's sound: as the person wishes, or as the speaker in use needs it."""

from __future__ import annotations

from devices.types import SoundDevice
from media.path import VoicePath
from softphone.domain.device_kind import WORN, guess_kind

AUTO, ON, OFF = "auto", "on", "off"


class Treatment:
    """Tells the path whenever one of its reasons changes. Nothing is treated before `choose`."""

    def __init__(self, path: VoicePath) -> None:
        self._path = path
        self._echo = self._noise = OFF
        self._worn = False

    def choose(self, *, echo: str, noise: str) -> None:
        """Echo: auto, on or off; noise: off, low or high. Raises ValueError for another noise."""
        self._echo, self._noise = echo, noise
        self._apply()

    def follow(self, speaker: SoundDevice | None) -> None:
        """Another speaker is in use. Without one nothing changes: it may be back in a moment."""
        if speaker is not None:
            self._worn = guess_kind(speaker.name, speaker.kind) in WORN
            self._apply()

    def _apply(self) -> None:
        echo = self._echo == ON or (self._echo == AUTO and not self._worn)
        self._path.treat(echo=echo, noise=self._noise)
