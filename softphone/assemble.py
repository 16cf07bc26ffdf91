"""The composition root: everything but windows, put together."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from softphone import __version__
from softphone.adapters.contact_store import MIGRATION as CONTACTS_1
from softphone.adapters.contact_store import SqliteContactStore
from softphone.adapters.database import Database
from softphone.adapters.draft_store import JsonDrafts
from softphone.adapters.history_store import MIGRATION as HISTORY_1
from softphone.adapters.history_store import SqliteHistoryStore
from softphone.adapters.policy import read_policy
from softphone.adapters.settings_store import JsonSettingsStore
from softphone.control.commands import Commands, Reach
from softphone.control.meeting_commands import MeetingReach
from softphone.control.protocol import ControlError
from softphone.control.server import ControlServer
from softphone.domain.account import Credentials, Transport
from softphone.domain.events import Notice
from softphone.ports import Screenshot
from softphone.profile import Profile, default_folder
from softphone.runtime.bus import Bus
from softphone.runtime.engine import Engine
from softphone.runtime.preload import prepare
from softphone.runtime.tasks import Tasks
from softphone.services.account_memory import AccountMemory
from softphone.services.appointments import Appointments
from softphone.services.auto_answer import AutoAnswer
from softphone.services.call_garbage import CallGarbage
from softphone.services.call_quality import CallQualityWatch
from softphone.services.call_table import CallTable
from softphone.services.call_tones import CallTones
from softphone.services.calls import Calls
from softphone.services.check_steps import CheckSteps
from softphone.services.contacts import Contacts
from softphone.services.device_test import DeviceTest
from softphone.services.headset_buttons import HeadsetButtons
from softphone.services.history import History
from softphone.services.history_writer import HistoryWriter
from softphone.services.meeting_links import looks_like_link
from softphone.services.meetings import Meetings
from softphone.services.numbers import Numbers
from softphone.services.place_memory import PlaceMemory
from softphone.services.preshift import Preshift
from softphone.services.ringing import Ringing
from softphone.services.service_account import ServiceAccount
from softphone.services.session import Session
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices
from softphone.world import World, real_world

if sys.platform == "win32":
    from softphone.control.pipe_listener import listener_for
else:
    from softphone.control.unix_socket import listener_for

log = logging.getLogger(__name__)

GOODBYE_S = 4.0
"""How long hanging up and unregistering may take at the end."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    profile: Path = field(default_factory=default_folder)
    headless: bool = False
    server: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    transport: str = "auto"
    ca_file: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    target: str = ""


class Application:
    """All services of one running program. `start` and `close` run on the engine's loop.

    `screenshot` is filled by windows; `on_quit` by whoever waits for the end, called on the engine thread.
    """

    def __init__(
        self,
        options: Options,
        world_for: Callable[[Application], World],
        policy: Mapping[str, object],
    ) -> None:
        self.options = options
        self.profile = Profile(options.profile)
        self.engine = Engine()
        self.bus = Bus()
        self.screenshot: Screenshot | None = None
        self.on_quit: Callable[[], None] = lambda: None
        self._tasks = Tasks()
        store = JsonSettingsStore(self.profile.settings)
        self.settings = Settings(store, self.bus, policy=policy, overrides=options.overrides)
        self.numbers = Numbers(
            lambda: self.settings.text("phone.region"), lambda: self.settings.names("phone.emergency_numbers")
        )
        self._world = world = world_for(self)
        self.clock = world.clock
        self._put_lists_together()
        self.devices = SoundDevices(world.sound, self.settings, self.bus, self._tasks)
        self.cameras = world.cameras
        self._put_sign_in_together()
        self._put_calls_together()
        self._put_meetings_together()
        self._put_tests_together()
        commands = Commands(self._reach())
        self._control = ControlServer(listener_for(self.profile.folder), commands, self.bus, self.clock)

    def _put_lists_together(self) -> None:
        self._databases = (
            Database(self.profile.history, (HISTORY_1,), ("history",)),
            Database(self.profile.contacts, (CONTACTS_1,), ("contacts",)),
        )
        self.history = History(SqliteHistoryStore(self._databases[0]), self.bus)
        self.contacts = Contacts(SqliteContactStore(self._databases[1]), self.numbers, self.bus)

    def _put_sign_in_together(self) -> None:
        world = self._world
        memory = AccountMemory(world.secrets, self.settings, self.bus)
        self._service_account = ServiceAccount(world.meetings.appointments, memory, self.settings, self.clock)
        self.session = Session(
            world.telephony,
            world.directory,
            world.service,
            memory,
            self.settings,
            self.numbers,
            self.bus,
            self._tasks,
            version=__version__,
            on_device=self._service_account.use,
        )

    def _put_calls_together(self) -> None:
        world, tasks = self._world, self._tasks
        self._table = table = CallTable(self.bus, self.clock)
        self.calls = Calls(
            world.telephony,
            table,
            self.numbers,
            self.bus,
            self.clock,
            tasks,
            line=lambda: self.session.account.state,
            hurry=self.session.hurry,
            name_for=self.contacts.name_for,
            auto_answer=AutoAnswer(table, world.sound, self.settings),
        )
        self.ringing = Ringing(table, world.sound, tasks)
        self._tones = CallTones(table, world.sound, tasks)
        self.quality = CallQualityWatch(table, world.telephony, world.sound, world.clock, tasks)
        self._history_writer = HistoryWriter(table, self.history, self.clock, tasks)
        self._garbage = CallGarbage(table, tasks)
        self.headset_buttons = HeadsetButtons(
            world.headset,
            table,
            self.calls,
            self.ringing,
            self.history,
            self.numbers,
            self.settings,
            self.bus,
            tasks,
        )

    def _put_meetings_together(self) -> None:
        ports, account, tasks = self._world.meetings, self._service_account, self._tasks
        drafts = JsonDrafts(self.profile.draft)
        self.appointments = Appointments(ports.appointments, account, drafts, self.bus, self.clock, tasks)
        places = PlaceMemory(self._world.secrets, self.settings, self.clock)
        self.meetings = Meetings(
            ports,
            account,
            self.appointments,
            places,
            self.settings,
            self._table,
            self.calls.dial,
            self.bus,
            self.clock,
            tasks,
        )

    def _put_tests_together(self) -> None:
        world, table = self._world, self._table
        self.device_test = DeviceTest(world.sound, world.permission, table, self.bus, self._tasks)
        steps = CheckSteps(world.line_check, world.sound, self.device_test, self.session, self.settings)
        self.preshift = Preshift(
            steps, world.sound, self.device_test, table, self.bus, self.clock, self._tasks
        )

    def _reach(self) -> Reach:
        return Reach(
            session=self.session,
            calls=self.calls,
            devices=self.devices,
            headset=self.headset_buttons,
            settings=self.settings,
            preshift=self.preshift,
            meetings=MeetingReach(self.appointments, self.meetings, self.cameras, self.devices),
            open_target=self.open_target,
            quit=lambda: self.on_quit(),
            screenshot=lambda: self.screenshot,
            packaged=self._world.packaged,
        )

    async def start(self) -> None:
        """Read what is stored, open the control interface and the sound, and sign in where that is known."""
        await self.settings.load()
        try:
            await self._control.start()
        except ControlError as error:
            log.warning("no control interface: %s", error)
        await self._world.start()
        await self.devices.start()
        await self.headset_buttons.start()
        await self.contacts.load()
        await self.history.missed()
        self._tell_recovered()
        await self._begin_session()
        loading = prepare(self._world.needs, self.session.account, self.bus)
        self._tasks.spawn(loading, "loading what calls need")
        if self.options.target:
            await self.open_target(self.options.target)

    async def close(self) -> None:
        """Leave the meeting, hang up, unregister, write what is left to write, let everything go."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                await asyncio.gather(self.meetings.close(), self.calls.hang_up_all())
                await self.session.close()
        except TimeoutError:
            log.warning("the server did not answer the goodbye")
        await self._history_writer.finish()
        await self.headset_buttons.close()
        await self._control.close()
        await self._tasks.close()
        await self._world.close()
        for database in self._databases:
            await database.close()

    async def open_target(self, text: str) -> None:
        """Dial a `tel:` or `sip:` address from outside, once a person confirmed it; a call for help at once.

        Of a meeting link is shown where it leads. With no address the windows are shown. Raises BadTarget.
        """
        if not text:
            self.bus.publish(Notice("show-window"))
        elif looks_like_link(text):
            self.meetings.link_from_outside(text)
        elif self.numbers.is_emergency_link(text):
            await self.calls.dial(text)
        else:
            self.numbers.target(text)
            self.bus.publish(Notice("dial-confirm", {"target": text}))

    async def _begin_session(self) -> None:
        given = self.options
        if given.server and given.user:
            transport = Transport(given.transport)
            self.session.keep_signing_in(
                Credentials(given.server, given.user, given.password, transport, given.ca_file)
            )
        else:
            await self.session.restore()

    def _tell_recovered(self) -> None:
        for database, code in zip(self._databases, ("history-recovered", "contacts-recovered"), strict=True):
            if database.recovered:
                self.bus.publish(Notice(code))


def build(options: Options) -> Application:
    """The application on the real world. Raises BadSetting for an override that makes no sense."""
    return Application(options, real_world, read_policy())
