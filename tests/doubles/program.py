"""The assembled program on doubles: all services are real, only the world is not."""

from __future__ import annotations

from pathlib import Path

from softphone.assemble import Application, Options, World
from tests.doubles.clock import FakeClock
from tests.doubles.headset import FakeHeadset
from tests.doubles.sound import FakeSound
from tests.doubles.stores import FakeCompanyService, FakeDirectory, FakeSecrets
from tests.doubles.telephony import FakeTelephony


class DoubledProgram:
    """An Application with the doubles it stands on at hand."""

    def __init__(self, folder: Path, policy: dict[str, object] | None = None) -> None:
        self.telephony = FakeTelephony()
        self.sound = FakeSound()
        self.headset = FakeHeadset()
        self.secrets = FakeSecrets()
        self.directory = FakeDirectory()
        self.service = FakeCompanyService()
        self.clock = FakeClock()
        self.application = Application(Options(profile=folder), self._world, policy or {})

    def _world(self, _application: Application) -> World:
        return World(
            telephony=self.telephony,
            sound=self.sound,
            headset=self.headset,
            secrets=self.secrets,
            directory=self.directory,
            service=self.service,
            start=_nothing,
            close=_nothing,
            clock=self.clock,
        )


async def _nothing() -> None:
    """The doubles need neither starting nor closing."""
