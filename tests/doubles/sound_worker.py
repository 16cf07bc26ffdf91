"""The worker that opens sound devices, without its thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from softphone.adapters.sound_worker import Closable, SoundWorker


class InlineWorker(SoundWorker):
    """Does at once what the real one does in its thread."""

    async def run(self, function: Callable[..., Any], *arguments: object) -> Any:
        """See SoundWorker."""
        return function(*arguments)

    async def open(self, opener: Callable[[str], Any], device: str) -> Any:
        """See SoundWorker."""
        return opener(device)

    def release(self, stream: Closable) -> None:
        """See SoundWorker."""
        stream.close()
