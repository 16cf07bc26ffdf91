"""Headset buttons: what a press means for the calls there are, and what the headset shows of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from softphone.domain.call import Call, CallState, Direction
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import DevicesChanged, Event, Notice
from softphone.domain.headset import HeadsetEvent, HeadsetLights, HeadsetState
from softphone.ports import Headset
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import SETTING_UP, CallTable
from softphone.services.calls import Calls
from softphone.services.history import History
from softphone.services.numbers import Numbers
from softphone.services.ringing import Ringing
from softphone.services.settings import Settings

log = logging.getLogger(__name__)

KEY = "headset.buttons"

_MINE = (*SETTING_UP, CallState.ANSWERING, CallState.ACTIVE)
"""States in which a person is in a call, and the headset off-hook."""


def lights_for(calls: Sequence[Call]) -> HeadsetLights:
    """What headsets show of these calls. A held call is still off-hook: on-hook would end it there."""
    mine = [call for call in calls if call.state in _MINE]
    heard = _heard(calls)
    return HeadsetLights(
        ringing=any(call.state is CallState.RINGING for call in calls),
        off_hook=bool(mine),
        muted=heard is not None and heard.muted,
        held=bool(mine) and all(call.held for call in mine),
    )


def _heard(calls: Sequence[Call]) -> Call | None:
    """The call the buttons are for: the one that is not held, the newest where there are several."""
    mine = [call for call in calls if call.state in _MINE]
    return next((call for call in reversed(mine) if not call.held), mine[-1] if mine else None)


class HeadsetButtons:
    """Follows the headsets while the setting says so, and the call table always."""

    def __init__(
        self,
        headset: Headset,
        table: CallTable,
        calls: Calls,
        ringing: Ringing,
        history: History,
        numbers: Numbers,
        settings: Settings,
        bus: Bus,
        tasks: Tasks,
    ) -> None:
        self._headset = headset
        self._table = table
        self._calls = calls
        self._ringing = ringing
        self._history = history
        self._numbers = numbers
        self._settings = settings
        self._bus = bus
        self._tasks = tasks
        self._shown = HeadsetLights()
        self._actions: dict[HeadsetEvent, Callable[[], Awaitable[object]]] = {
            HeadsetEvent.PICK_UP: self._pick_up,
            HeadsetEvent.HANG_UP: self._hang_up,
            HeadsetEvent.DECLINE: self._decline,
            HeadsetEvent.DROP: self._drop,
            HeadsetEvent.MUTE_TOGGLE: lambda: self._mute(None),
            HeadsetEvent.MUTE_ON: lambda: self._mute(True),
            HeadsetEvent.MUTE_OFF: lambda: self._mute(False),
            HeadsetEvent.FLASH: self._flash,
            HeadsetEvent.REDIAL: self._redial,
        }
        headset.listen(self._pressed)
        table.listen(lambda _: self._follow())
        ringing.on_silence(self._follow)
        bus.subscribe(self._hear)
        settings.subscribe(KEY, self._switched)

    async def start(self) -> None:
        """Take the headsets up, or leave them alone where the setting says so. Returns at once."""
        await self._switch()

    async def close(self) -> None:
        """Put their lights out and let them go."""
        await self._headset.close()

    def state(self) -> HeadsetState:
        """Which headsets' buttons are in use."""
        return self._headset.state()

    def _pressed(self, event: HeadsetEvent) -> None:
        self._tasks.spawn(self._press(event), "headset button")

    def _follow(self) -> None:
        lights = self._lights()
        if lights != self._shown:
            self._show(lights)

    def _hear(self, event: Event) -> None:
        if isinstance(event, DevicesChanged):
            self._headset.prefer((event.devices.microphone_used, event.devices.speaker_used))

    def _switched(self, _value: object) -> None:
        self._tasks.spawn(self._switch(), "headset buttons")

    async def _switch(self) -> None:
        if self._settings.flag(KEY):
            self._show(self._lights())
            await self._headset.start()
        else:
            await self._headset.close()

    def _lights(self) -> HeadsetLights:
        return replace(lights_for(self._table.live()), silenced=self._ringing.silenced)

    def _show(self, lights: HeadsetLights) -> None:
        self._shown = lights
        self._headset.show(lights)

    async def _press(self, event: HeadsetEvent) -> None:
        """Do what the press means; then say anew how things stand, since the headset may think otherwise."""
        try:
            await self._actions[event]()
        except SoftphoneError as error:
            log.info("headset button %s: %s", event, error.code)
        self._show(self._lights())

    # --- what the presses mean ------------------------------------------------------------------

    def _first(self, *states: CallState) -> Call | None:
        return next(iter(self._table.in_state(*states)), None)

    async def _pick_up(self) -> None:
        call = self._first(CallState.RINGING)
        if call is not None:
            await self._calls.answer(call.id)

    async def _hang_up(self) -> None:
        """End the call that is heard. Where all are on hold the button takes one back and never ends it."""
        call = _heard(self._table.live())
        if call is None:
            return
        await (self._calls.resume(call.id) if call.held else self._calls.hang_up(call.id))

    async def _decline(self) -> None:
        call = self._first(CallState.RINGING)
        if call is not None:
            await self._calls.decline(call.id)

    async def _drop(self) -> None:
        """A key of its own for ending: refuses where nothing but a call rings."""
        call = _heard(self._table.live())
        if call is None:
            await self._decline()
        elif not call.held:
            await self._calls.hang_up(call.id)

    async def _mute(self, muted: bool | None) -> None:
        """None: the other way round."""
        call = _heard(self._table.live())
        if call is not None:
            await self._calls.mute(not call.muted if muted is None else muted, call.id)

    async def _flash(self) -> None:
        """As on a desk phone: takes a waiting call, else changes between two, else holds and takes back."""
        active = self._table.in_state(CallState.ACTIVE)
        if self._first(CallState.RINGING) is not None:
            if active:
                await self._pick_up()
        elif len(active) > 1:
            await self._calls.swap()
        elif active:
            call = active[0]
            await (self._calls.resume(call.id) if call.held else self._calls.hold(call.id))

    async def _redial(self) -> None:
        """The number dialled last, when no call is on. A call for help needs more than a key in a pocket."""
        if self._table.live():
            return
        recent = await self._history.recent()
        last = next((entry for entry in recent if entry.direction is Direction.OUTGOING), None)
        if last is None or self._table.live():
            return
        target = last.uri or last.number
        if self._numbers.is_emergency(target):
            self._bus.publish(Notice("dial-confirm", {"target": target}))
        else:
            await self._calls.dial(target)
