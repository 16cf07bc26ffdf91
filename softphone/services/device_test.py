"""Trying microphone and speaker: record and listen, tones, ring, echo. A call that begins ends it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from softphone.domain.call import Call, CallState
from softphone.domain.device import MicrophoneState
from softphone.domain.errors import DeviceError
from softphone.domain.events import DeviceTestChanged
from softphone.domain.sound_test import Activity, DeviceTestState, Permission
from softphone.ports import Sound
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.call_table import CallTable
from softphone.services.ring_places import ring_places

RECORD_S = 3.0
TONE_S = 2.4
RING_S = 2.0
ECHO_S = 5.0
TICK_S = 0.1

IN_CALL, DEVICE = "in-call", "device"


class DeviceTest:
    """One test at a time; beginning another ends the one before. Nothing recorded outlives `close`."""

    def __init__(
        self,
        sound: Sound,
        permission: Callable[[], Awaitable[Permission]],
        table: CallTable,
        bus: Bus,
        tasks: Tasks,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._sound = sound
        self._permission = permission
        self._table = table
        self._bus = bus
        self._tasks = tasks
        self._sleep = sleep
        self._state = DeviceTestState()
        self._running: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        table.listen(self._call_changed)

    @property
    def state(self) -> DeviceTestState:
        """How the tests stand."""
        return self._state

    def microphone(self) -> MicrophoneState:
        """What the open microphone delivers now."""
        return self._sound.microphone()

    async def look_at_permission(self) -> Permission:
        """Ask the system anew whether we may hear."""
        self._set(permission=await self._permission())
        return self._state.permission

    def record(self) -> None:
        """Record three seconds and play them."""
        self._begin(Activity.RECORDING, self._record())

    def play_again(self) -> None:
        """Play the recording once more."""
        if self._state.recorded is not None:
            self._begin(Activity.PLAYING, self._play(), self._state.recorded.seconds)

    def tone(self, device_id: str) -> None:
        """Play the tone on an output; a person is asked afterwards whether they heard it."""
        self._begin(Activity.TONE, self._tone(device_id), TONE_S, device_id)

    def answer(self, heard: bool) -> None:
        """Whether the tone was heard."""
        place = self._state.asking
        if place is not None:
            others = tuple(known for known in self._state.heard if known[0] != place)
            self._set(asking=None, heard=(*others, (place, heard)))

    def ring(self) -> None:
        """Ring for two seconds wherever a call would."""
        self._begin(Activity.RINGING, self._ring(), RING_S)

    def echo(self) -> None:
        """Measure what comes back of what the speaker plays."""
        self._begin(Activity.ECHO, self._echo(), ECHO_S)

    def stop(self) -> None:
        """End what goes on; what was found stays."""
        self._end()
        if self._state.activity is not Activity.NOTHING:
            self._set(activity=Activity.NOTHING, progress=0.0)

    def close(self) -> None:
        """The page is closed: end everything, throw the recording away."""
        self._end()
        self._sound.forget_recording()
        self._show(DeviceTestState(permission=self._state.permission))

    # --- inside -----------------------------------------------------------------------------------------

    def _begin(
        self,
        activity: Activity,
        work: Coroutine[Any, Any, None],
        seconds: float = RECORD_S,
        place: str = "",
    ) -> None:
        self._end()
        self._set(failed=Activity.NOTHING, fault="", asking=None)
        if self._table.live():
            work.close()
            self._set(activity=Activity.NOTHING, failed=activity, fault=IN_CALL)
            return
        self._go(activity, seconds, place)
        self._running = self._tasks.spawn(self._guarded(activity, work), f"test {activity}")

    async def _guarded(self, activity: Activity, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DeviceError:
            self._set(failed=activity, fault=DEVICE)
        finally:
            if self._running is asyncio.current_task():
                self._over()

    def _end(self) -> None:
        if self._state.activity is Activity.RINGING:
            self._sound.stop_trying()
        running, self._running = self._running, None
        if running is not None:
            running.cancel()
        self._over()

    def _over(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        if self._state.activity is not Activity.NOTHING:
            self._set(activity=Activity.NOTHING, progress=0.0)

    def _go(self, activity: Activity, seconds: float, place: str = "") -> None:
        """Show what goes on and how far it is."""
        if self._ticking is not None:
            self._ticking.cancel()
        self._set(activity=activity, progress=0.0, place=place)
        self._ticking = self._tasks.spawn(self._tick(seconds), "test progress")

    async def _tick(self, seconds: float) -> None:
        steps = max(1, round(seconds / TICK_S))
        for step in range(1, steps + 1):
            await self._sleep(TICK_S)
            self._set(progress=step / steps)

    async def _record(self) -> None:
        self._set(recorded=None)
        found = await self._sound.record(RECORD_S)
        self._set(recorded=found)
        self._go(Activity.PLAYING, found.seconds)
        await self._play()

    async def _play(self) -> None:
        await self._sound.play_recording()

    async def _tone(self, device_id: str) -> None:
        await self._sound.tone_on(device_id)
        self._set(asking=device_id)

    async def _ring(self) -> None:
        self._set(rung=False)
        for place in ring_places(self._sound.state()):
            await self._sound.try_ring(place)
        await self._sleep(RING_S)
        self._set(rung=True)

    async def _echo(self) -> None:
        self._set(echo=None)
        self._set(echo=await self._sound.echo_check())

    def _call_changed(self, call: Call) -> None:
        if call.state is not CallState.ENDED and self._state.activity is not Activity.NOTHING:
            activity = self._state.activity
            self.stop()
            self._set(failed=activity, fault=IN_CALL)

    def _set(self, **changes: Any) -> None:
        self._show(replace(self._state, **changes))

    def _show(self, state: DeviceTestState) -> None:
        if state != self._state:
            self._state = state
            self._bus.publish(DeviceTestChanged(state))
