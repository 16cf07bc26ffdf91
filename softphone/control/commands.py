"""What each control command does, and which of them need a grant in a packaged installation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from softphone.control.meeting_commands import MeetingCommands, MeetingReach
from softphone.control.protocol import ControlError, Request
from softphone.control.shapes import (
    Json,
    account_shape,
    all_devices_shape,
    call_shape,
    check_shape,
    devices_shape,
)
from softphone.domain.account import Credentials, Transport
from softphone.domain.errors import BadSetting
from softphone.ports import Screenshot
from softphone.runtime import resources
from softphone.services.calls import Calls
from softphone.services.headset_buttons import HeadsetButtons
from softphone.services.preshift import Preshift
from softphone.services.session import Session
from softphone.services.settings import Settings
from softphone.services.sound_devices import SoundDevices

Command = Callable[[Request], Awaitable[Json]]

OPEN = "open"
"""Handing a `tel:` address or "show yourself" to the running program: the one command that needs no grant."""


@dataclass(frozen=True, slots=True)
class Reach:
    """What the commands act on. `screenshot` answers None while there is no screen."""

    session: Session
    calls: Calls
    devices: SoundDevices
    headset: HeadsetButtons
    settings: Settings
    preshift: Preshift
    meetings: MeetingReach
    open_target: Callable[[str], Awaitable[None]]
    quit: Callable[[], None]
    screenshot: Callable[[], Screenshot | None]
    packaged: bool = False


class Commands:
    """The table of commands."""

    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        calls = reach.calls
        self._table: dict[str, Command] = {
            "status": self._status,
            "sign-in": self._sign_in,
            "sign-out": self._sign_out,
            "dial": self._dial,
            "answer": self._on_call(calls.answer),
            "decline": self._on_call(calls.decline),
            "hangup": self._on_call(calls.hang_up),
            "hold": self._on_call(calls.hold),
            "resume": self._on_call(calls.resume),
            "mute": self._on_call(lambda call_id: calls.mute(True, call_id)),
            "unmute": self._on_call(lambda call_id: calls.mute(False, call_id)),
            "transfer": self._transfer,
            "dtmf": self._dtmf,
            "devices": self._devices,
            "check": self._check,
            "settings-get": self._settings_get,
            "settings-set": self._settings_set,
            "screenshot": self._screenshot,
            "resources": self._resources,
            "quit": self._quit,
            OPEN: self._open,
            **MeetingCommands(reach.meetings).table,
        }

    async def run(self, request: Request) -> Json:
        """Carry out one command. Raises SoftphoneError."""
        if request.command not in self._table:
            raise ControlError(f"unknown command {request.command}", code="bad-request")
        self.require_grant(request)
        return await self._table[request.command](request)

    def require_grant(self, request: Request) -> None:
        """In a packaged installation everything but `open` is off until policy or setting turns it on.

        Raises ControlError (not-granted).
        """
        if not self._reach.packaged or request.command == OPEN:
            return
        self._require("control.enabled")
        if request.command == "screenshot":
            self._require("control.allow_screenshot")
        if request.command == "settings-set":
            key = request.text("key")
            if key == "call.auto_answer":
                self._require("control.allow_auto_answer")
            if key.startswith("control."):
                raise ControlError(f"{key} can't be set from outside", code="not-granted")

    def _require(self, key: str) -> None:
        if not self._reach.settings.flag(key):
            raise ControlError(f"{key} is off", code="not-granted")

    def _on_call(
        self, command: Callable[[str | None], Awaitable[None]]
    ) -> Callable[[Request], Awaitable[Json]]:
        async def run(request: Request) -> Json:
            await command(request.optional("id"))
            return {}

        return run

    async def _status(self, request: Request) -> Json:
        now = self._reach.calls.now()
        return {
            "account": account_shape(self._reach.session.account),
            "calls": [call_shape(call, now) for call in self._reach.calls.calls()],
            "devices": devices_shape(self._reach.devices.state()),
        }

    async def _sign_in(self, request: Request) -> Json:
        transport = request.text("transport", Transport.AUTO.value)
        if transport not in tuple(Transport):
            raise ControlError(f"no transport {transport}", code="bad-request")
        credentials = Credentials(
            server=request.text("server"),
            user=request.text("user"),
            password=request.text("password"),
            transport=Transport(transport),
            ca_file=request.text("ca_file", ""),
            remember=request.flag("remember"),
        )
        return {"account": account_shape(await self._reach.session.sign_in(credentials))}

    async def _sign_out(self, request: Request) -> Json:
        await self._reach.session.sign_out()
        return {}

    async def _dial(self, request: Request) -> Json:
        return {"id": await self._reach.calls.dial(request.text("target"))}

    async def _transfer(self, request: Request) -> Json:
        call_id, other = request.text("id"), request.optional("to_call")
        if other is not None:
            await self._reach.calls.transfer_to_call(call_id, other)
        else:
            await self._reach.calls.transfer(call_id, request.text("target"))
        return {}

    async def _dtmf(self, request: Request) -> Json:
        await self._reach.calls.dtmf(request.text("digits"), request.optional("id"))
        return {}

    async def _devices(self, request: Request) -> Json:
        devices = self._reach.devices
        return all_devices_shape(devices.state(), self._reach.headset.state(), devices.name_of)

    async def _check(self, request: Request) -> Json:
        return check_shape(await self._reach.preshift.run())

    async def _settings_get(self, request: Request) -> Json:
        key = request.optional("key")
        keys = self._shown_keys() if key is None else [self._shown(key)]
        return {"settings": {name: _plain(self._reach.settings.get(name)) for name in keys}}

    async def _settings_set(self, request: Request) -> Json:
        key = self._shown(request.text("key"))
        await self._reach.settings.set_text(key, request.text("value"))
        return {"settings": {key: _plain(self._reach.settings.get(key))}}

    def _shown_keys(self) -> list[str]:
        return [entry.key for entry in self._reach.settings.definitions()]

    def _shown(self, key: str) -> str:
        """The key, unless it is none of those people see: then BadSetting."""
        if key not in self._shown_keys():
            raise BadSetting(f"unknown setting {key}")
        return key

    async def _screenshot(self, request: Request) -> Json:
        screenshot = self._reach.screenshot()
        if screenshot is None:
            raise ControlError("there is no screen", code="no-screen")
        path = Path(request.text("path"))
        if not path.is_absolute():
            raise ControlError("the path must be absolute", code="bad-request")
        await screenshot.save(path)
        return {"path": str(path)}

    async def _resources(self, request: Request) -> Json:
        found: Json = {**asdict(resources.used()), "underflows": self._reach.devices.underflows()}
        return {**found, "kinds": resources.kinds()} if request.flag("kinds") else found

    async def _quit(self, request: Request) -> Json:
        self._reach.quit()
        return {}

    async def _open(self, request: Request) -> Json:
        await self._reach.open_target(request.text("target", ""))
        return {}


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
