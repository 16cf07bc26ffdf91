"""What the application stands on: the ports, and this computer behind them."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from softphone.adapters.clock import SystemClock
from softphone.adapters.company_service import HttpsCompanyService
from softphone.adapters.directory import WellKnownDirectory
from softphone.adapters.meeting_service import HttpsAppointments
from softphone.adapters.meeting_socket import WebSockets
from softphone.domain.sound_test import Permission
from softphone.ports import (
    Clock,
    CompanyService,
    Directory,
    Headset,
    LineCheck,
    Secrets,
    Sound,
    Telephony,
)
from softphone.ports.meetings import Cameras, MeetingMedia
from softphone.runtime.preload import Needs, preload
from softphone.services.meeting_entrance import MeetingPorts
from softphone.services.numbers import Numbers
from softphone.services.settings import Settings

NEEDS = Needs(("sip_bridge.rtp.session",), ("media.codecs.g722",))
"""With the cryptography and PyAV they bring: 0.2 s and 35 MB."""

MEETINGS = ("softphone.adapters.meeting_media",)
"""The last of what a meeting loads. Spared by the collector from then on: where a phone call ends beside a
meeting, looking through all of it would take 30 ms of the meeting's sound."""

if TYPE_CHECKING:
    from softphone.adapters.call_voice import Ear
    from softphone.adapters.cameras import CameraDesk


@dataclass(frozen=True, slots=True)
class World:
    """What the application stands on; tests put doubles here. `start` and `close` open and release it.

    `needs` are modules loaded when a start is over.
    """

    telephony: Telephony
    line_check: LineCheck
    sound: Sound
    permission: Callable[[], Awaitable[Permission]]
    headset: Headset
    secrets: Secrets
    directory: Directory
    service: CompanyService
    meetings: MeetingPorts
    cameras: Cameras
    start: Callable[[], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
    clock: Clock
    packaged: bool = False
    needs: Needs = field(default_factory=Needs)


class Ground(Protocol):
    """What there is of the program before its world."""

    @property
    def settings(self) -> Settings:
        """The settings, not read yet."""
        ...

    @property
    def numbers(self) -> Numbers:
        """How numbers are read here."""
        ...


def real_world(ground: Ground) -> World:
    """Sound and telephony are imported here, not above: what only speaks to a running program stays light."""
    from softphone.adapters.computer import Computer
    from softphone.adapters.headset import HidHeadset
    from softphone.adapters.keyring import SystemKeyring
    from softphone.adapters.line_check import SipLineCheck
    from softphone.adapters.permission import system_permission

    computer = Computer(ground.settings, lambda: ground.numbers.region)
    sound, cameras = computer.sound, computer.cameras
    clock = SystemClock()
    return World(
        telephony=computer.telephony,
        line_check=SipLineCheck(computer.telephony),
        sound=sound,
        permission=system_permission,
        headset=HidHeadset(),
        secrets=SystemKeyring(),
        directory=WellKnownDirectory(clock),
        service=HttpsCompanyService(),
        meetings=MeetingPorts(HttpsAppointments(), WebSockets(), _media_for(sound, cameras)),
        cameras=cameras,
        start=computer.start,
        close=computer.close,
        clock=clock,
        packaged=bool(getattr(sys, "frozen", False)),
        needs=NEEDS,
    )


def _media_for(sound: Ear, cameras: CameraDesk) -> Callable[[], Awaitable[MeetingMedia]]:
    """The media of one meeting after another, made with the first one."""
    made: list[MeetingMedia] = []

    async def media() -> MeetingMedia:
        if not made:
            await asyncio.to_thread(preload, MEETINGS)
        from softphone.adapters.meeting_media import AiortcMedia

        if not made:  # somebody else may have waited too
            made.append(AiortcMedia(sound, cameras))
        return made[0]

    return media
