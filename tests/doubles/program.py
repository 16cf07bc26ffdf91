"""The assembled program on doubles: all services are real, only the world is not."""

from __future__ import annotations

from pathlib import Path

from softphone.assemble import Application, Options
from tests.doubles.application import Doubles


class DoubledProgram(Doubles):
    """An Application with the doubles it stands on at hand."""

    def __init__(self, folder: Path, policy: dict[str, object] | None = None) -> None:
        super().__init__()
        self.application = Application(Options(profile=folder), self.world, policy or {})
