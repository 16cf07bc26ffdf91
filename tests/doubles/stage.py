"""A stage on which scenes of the program's life are played over doubles."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from resources.words import LANGUAGES, Words
from softphone.domain.account import Credentials
from softphone.domain.call import Direction
from softphone.domain.contact import Contact
from softphone.domain.events import LevelsChanged
from softphone.domain.history import HistoryEntry, Outcome
from softphone.domain.quality import CallQuality
from softphone.presenters.board import Board
from tests.doubles.cameras import FakeCameras
from tests.doubles.meetings import FakeAppointments, FakeMeetings
from tests.doubles.program import DoubledProgram
from tests.doubles.sound import HEADSET, SPEAKERS

CREDENTIALS = Credentials("vip.example.com", "0401234567", "a secret of nobody")
GOOD = CallQuality(4.3, 0.1, 4.0, 22.0, 0.0, received_level_dbfs=-30.0, sent_level_dbfs=-30.0)
POOR = replace(GOOD, mos=2.6, loss_percent=7.0, jitter_ms=40.0, rtt_ms=180.0, concealed_percent=6.0)

V = TypeVar("V")


class Staged:
    """The program, but for meetings: those are played."""

    def __init__(self, stage: Stage) -> None:
        self.appointments, self.meetings, self.cameras = stage.appointments, stage.meetings, stage.cameras
        self._program = stage.program

    def __getattr__(self, name: str) -> Any:
        return getattr(self._program, name)


class Stage:
    """A program on doubles with its presenters, in the loop of whoever plays."""

    def __init__(self, folder: Path, policy: dict[str, object] | None = None) -> None:
        self.doubles = DoubledProgram(folder, policy)
        self.program = self.doubles.application
        self.views: dict[type, object] = {}
        self.appointments = FakeAppointments(self.program.bus)
        self.meetings = FakeMeetings(self.program.bus)
        self.cameras = FakeCameras()
        self.board = Board(Staged(self), Words("en"), self._keep)

    def _keep(self, view: object) -> None:
        self.views[type(view)] = view

    async def open(self) -> None:
        """Start the program and its presenters."""
        await self.program.start()
        await self.board.start()

    async def close(self) -> None:
        """End both."""
        await self.board.close()
        await self.program.close()

    def view(self, kind: type[V]) -> V:
        """The newest view state of a screen."""
        view = self.views[kind]
        assert isinstance(view, kind)
        return view

    # --- what scenes are made of ---------------------------------------------------------------

    async def sign_in(self) -> None:
        """Somebody signs in and has chosen a headset."""
        await self.board.sign_in.sign_in(CREDENTIALS)
        await self.program.devices.choose(
            microphone=HEADSET.id, speaker=HEADSET.id, ring=(HEADSET.id, SPEAKERS.id)
        )

    async def look_at_test_page(self) -> None:
        """Somebody opens the page."""
        await self.board.microphone.watch(True)
        await self.board.device_test.watch(True)

    async def fill(self) -> None:
        """A day's calls and some people."""
        await self.program.contacts.put(
            Contact("1", "Aino Asiakas", ("0401234567", "+358 9 123 4567"), "Esimerkki Oy")
        )
        await self.program.contacts.put(Contact("2", "Bertil Björkbacka-Österlund", ("+46 8 123 456 78",)))
        await self.program.contacts.put(Contact("3", "Matti Meikäläinen", ("0501234567",), "Pankki"))
        now = self.doubles.clock.time()
        rows = (
            (300, Direction.INCOMING, "0401234567", "", 185, Outcome.ANSWERED, 4.3),
            (1500, Direction.INCOMING, "+358912345678", "", 0, Outcome.MISSED, None),
            (5400, Direction.OUTGOING, "0501234567", "", 3720, Outcome.ANSWERED, 3.3),
            (9000, Direction.OUTGOING, "+46812345678", "", 0, Outcome.NOT_ANSWERED, None),
            (90000, Direction.INCOMING, "010 123 4567", "Service number Lending", 44, Outcome.ANSWERED, 2.0),
            (260000, Direction.OUTGOING, "0201234567", "", 0, Outcome.FAILED, None),
            (2600000, Direction.INCOMING, "0451234567", "", 0, Outcome.DECLINED, None),
        )
        for at, (ago, direction, number, name, length, outcome, mos) in enumerate(rows):
            entry = HistoryEntry(
                str(at),
                direction,
                f"sip:{number}@vip.example.com",
                number,
                name,
                now - ago,
                length,
                outcome,
                mos,
            )
            await self.program.history.add(replace(entry, seen=outcome is not Outcome.MISSED))
        await self.board.history.load()
        await self.board.contacts.load()

    async def talk(self, number: str = "0401234567", quality: CallQuality = GOOD) -> str:
        """A call that has been answered two minutes ago."""
        call_id = await self.program.calls.dial(number)
        self.doubles.telephony.far_end_rings(call_id)
        self.doubles.telephony.qualities[call_id] = quality
        self.doubles.telephony.establish(call_id)
        await asyncio.sleep(0)
        self.doubles.clock.advance(134)
        self.program.bus.publish(LevelsChanged(-22.0, -30.0))
        return call_id


@dataclass(frozen=True, slots=True)
class Scene:
    """`window` names the window it is about; `play` brings it about."""

    name: str
    window: str
    play: Callable[[Stage], Awaitable[None]]
    policy: tuple[tuple[str, object], ...] = ()


async def views_of(scene: Scene) -> dict[str, list[object]]:
    """Play a scene and return the views of every screen by language."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), dict(scene.policy))
        await stage.open()
        try:
            await scene.play(stage)
            spoken = {}
            for language in LANGUAGES:
                await stage.board.speak(Words(language))
                spoken[language] = list(stage.views.values())
        finally:
            await stage.close()
    return spoken
