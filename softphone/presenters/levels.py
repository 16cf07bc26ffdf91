"""Microphone and speaker levels for the meters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.events import Event, LevelsChanged
from softphone.presenters.presenter import Presenter
from softphone.services.sound_devices import SoundDevices


@dataclass(frozen=True, slots=True)
class LevelsView:
    """Microphone and speaker as shares 0…1 of what a meter shows (-60…0 dBFS); `word` says it in words."""

    microphone: float
    speaker: float
    word: str
    heard: bool


HEARD_DBFS = -45.0


class LevelsPresenter(Presenter[LevelsView]):
    """Levels for the meters, while somebody looks."""

    def __init__(self, devices: SoundDevices, words: Words, emit: Callable[[LevelsView], None]) -> None:
        super().__init__(words, emit)
        self._devices = devices
        self._levels = (-96.0, -96.0)
        self._watchers: set[str] = set()

    def compose(self) -> LevelsView:
        """The meters now; shares in steps of 1/40 so that silence sends nothing."""
        microphone, speaker = self._levels
        heard = microphone > HEARD_DBFS
        word = self._("We hear you") if heard else self._("Say something")
        return LevelsView(share(microphone), share(speaker), word, heard)

    def hear(self, event: Event) -> None:
        """Follow the levels."""
        if isinstance(event, LevelsChanged):
            self._levels = (event.microphone_dbfs, event.speaker_dbfs)
            self.render()

    async def watch(self, place: str, on: bool) -> None:
        """Somebody looks at the meter in `place`, or has stopped looking."""
        if on == (place in self._watchers):
            return
        (self._watchers.add if on else self._watchers.discard)(place)
        await self._devices.meter(on)


def share(dbfs: float) -> float:
    """What a meter shows of a level: 0…1 of its -60…0 dBFS, in steps of 1/40."""
    return round(min(1.0, max(0.0, (dbfs + 60.0) / 60.0)) * 40) / 40
