"""What a person does with calls: dial, answer, hold, swap, transfer, hang up."""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable

from softphone.domain.account import LineState
from softphone.domain.call import Call, CallState, Direction, Party, TransferState
from softphone.domain.errors import BadTarget, CommandRefused, NotSignedIn, SoftphoneError, UnknownCall
from softphone.ports import Clock, Telephony
from softphone.runtime.bus import Bus
from softphone.runtime.tasks import Tasks
from softphone.services.auto_answer import AutoAnswer
from softphone.services.call_events import CallEvents
from softphone.services.call_table import CallTable
from softphone.services.emergency import LineClearing
from softphone.services.numbers import Numbers, Target, bare

log = logging.getLogger(__name__)

MOST_CALLS = 2
"""Calls at a time; an emergency call always finds room."""

QUIETEST_DB, LOUDEST_DB = -40.0, 12.0

_DTMF = re.compile(r"[0-9*#A-Da-d]{1,64}")
_UNANSWERED = (CallState.DIALLING, CallState.EARLY)
_HANG_UP = (*_UNANSWERED, CallState.RINGING, CallState.ANSWERING, CallState.ACTIVE)


class Calls:
    """Commands on the call table. With no id, a command means the one call it can be meant for."""

    def __init__(
        self,
        telephony: Telephony,
        table: CallTable,
        numbers: Numbers,
        bus: Bus,
        clock: Clock,
        tasks: Tasks,
        *,
        line: Callable[[], LineState],
        hurry: Callable[[], Awaitable[bool]],
        name_for: Callable[[str], str],
        auto_answer: AutoAnswer,
    ) -> None:
        self._telephony = telephony
        self._table = table
        self._numbers = numbers
        self._clock = clock
        self._tasks = tasks
        self._line = line
        self._hurry = hurry
        self._name_for = name_for
        self._auto_answer = auto_answer
        self._clearing = LineClearing(table, telephony, tasks)
        self._volumes: dict[str, float] = {}
        self._events = CallEvents(table, bus, clock, name_for, self._incoming)
        table.listen(self._forget_ended)
        telephony.listen(self._events.hear)

    def now(self) -> float:
        """The clock that calls' times are on, in seconds."""
        return self._clock.monotonic()

    def calls(self) -> tuple[Call, ...]:
        """Calls that have not ended, oldest first."""
        return self._table.live()

    def get(self, call_id: str) -> Call:
        """A live call. Raises UnknownCall."""
        return self._table.get(call_id)

    async def dial(self, text: str) -> str:
        """Call a number or address and return the call's id; a running call is put on hold first.

        An emergency number goes out at once: no other call, line state or limit keeps it.
        Raises BadTarget, NotSignedIn, CommandRefused.
        """
        target = self._numbers.target(text)
        if target.emergency:
            return await self._dial_for_help(target)
        if self._line() is not LineState.REGISTERED:
            raise NotSignedIn(f"the line is {self._line()}")
        if len(self._table.live()) >= MOST_CALLS:
            raise CommandRefused("both lines are in use")
        if self._table.in_state(*_UNANSWERED):
            raise CommandRefused("a call is being set up already")
        await self._hold_others("")
        return await self._place(target)

    async def answer(self, call_id: str | None = None) -> None:
        """Answer a ringing call; a running one is put on hold, one being dialled is given up."""
        call = self._table.pick(call_id, CallState.RINGING)
        for other in self._table.in_state(*_UNANSWERED):
            if other.emergency:
                raise CommandRefused("an emergency call is being set up")
            await self.hang_up(other.id)
        await self._hold_others(call.id)
        if self._table.get(call.id).state is not CallState.RINGING:
            return
        self._table.move(call.id, CallState.ANSWERING)
        try:
            await self._telephony.answer(call.id)
        except SoftphoneError:
            if self._table.find(call.id) is not None:
                await self._telephony.hang_up(call.id)
            raise

    async def decline(self, call_id: str | None = None) -> None:
        """Refuse a ringing call."""
        call = self._table.pick(call_id, CallState.RINGING)
        self._table.move(call.id, CallState.ENDING)
        await self._telephony.reject(call.id)

    async def hang_up(self, call_id: str | None = None) -> None:
        """End a call in whatever state it is; harmless for one that is ending already."""
        call = self._table.get(call_id) if call_id is not None else self._table.pick(None, *_HANG_UP)
        if call.state is CallState.ENDING:
            return
        ringing = call.state is CallState.RINGING
        self._table.move(call.id, CallState.ENDING)
        await (self._telephony.reject(call.id) if ringing else self._telephony.hang_up(call.id))

    async def hold(self, call_id: str | None = None) -> None:
        """Put an active call on hold. Raises CommandRefused when the far end will not."""
        call = self._table.pick(call_id, CallState.ACTIVE)
        if not call.held:
            await self._telephony.hold(call.id)

    async def resume(self, call_id: str | None = None) -> None:
        """Take a held call back; another active one is put on hold first."""
        call = self._table.pick(call_id, CallState.ACTIVE, prefer_held=True)
        if call.held:
            await self._hold_others(call.id)
            await self._telephony.resume(call.id)

    async def swap(self) -> None:
        """Hold the call that is heard and take the held one. Raises UnknownCall without two calls."""
        held = [call for call in self._table.in_state(CallState.ACTIVE) if call.held]
        if not held or len(self._table.in_state(CallState.ACTIVE)) < 2:
            raise UnknownCall("there are no two calls to swap")
        await self.resume(held[0].id)

    async def mute(self, muted: bool, call_id: str | None = None) -> None:
        """Stop or resume sending the microphone into a call."""
        call = self._table.pick(call_id, *_UNANSWERED, CallState.ANSWERING, CallState.ACTIVE)
        await self._telephony.mute(call.id, muted)
        if self._table.find(call.id) is not None:
            self._table.change(call.id, muted=muted)

    async def set_volume(self, gain_db: float, call_id: str | None = None) -> None:
        """Loudness of the far end, -40…+12 dB, 0 as it came."""
        call = self._table.pick(call_id, *_UNANSWERED, CallState.ANSWERING, CallState.ACTIVE)
        gain_db = max(QUIETEST_DB, min(LOUDEST_DB, gain_db))
        self._volumes[call.id] = gain_db
        await self._telephony.set_volume(call.id, gain_db)

    def volume(self, call_id: str) -> float:
        """The loudness set for a call, in dB."""
        return self._volumes.get(call_id, 0.0)

    async def dtmf(self, digits: str, call_id: str | None = None) -> None:
        """Send keys 0-9 * # A-D. Raises BadTarget for anything else."""
        if not _DTMF.fullmatch(digits):
            raise BadTarget(f"not keys of a phone: {digits!r}")
        call = self._table.pick(call_id, CallState.ACTIVE, CallState.EARLY)
        await self._telephony.send_dtmf(call.id, digits.upper())

    async def transfer(self, call_id: str, target: str) -> None:
        """Hand a call over without asking; progress shows in the call's `transfer`. Raises BadTarget."""
        call = self._table.pick(call_id, CallState.ACTIVE)
        address = self._numbers.target(target).address
        self._table.change(call.id, transfer=TransferState.TRYING)
        try:
            await self._telephony.transfer(call.id, address)
        except SoftphoneError:
            self._transfer_failed(call.id)
            raise

    async def transfer_to_call(self, call_id: str, other_call_id: str) -> None:
        """Join the far ends of two calls; when that fails both calls come back."""
        call = self._table.pick(call_id, CallState.ACTIVE)
        other = self._table.pick(other_call_id, CallState.ACTIVE)
        if call.id == other.id:
            raise CommandRefused("a call can't be joined to itself")
        self._table.change(call.id, transfer=TransferState.TRYING)
        try:
            await self._telephony.transfer_to_call(call.id, other.id)
        except SoftphoneError:
            self._transfer_failed(call.id)
            raise

    async def hang_up_all(self) -> None:
        """End every call because the program ends."""
        for call in self._table.live():
            try:
                await self.hang_up(call.id)
            except SoftphoneError as error:
                log.warning("call %s not ended: %s", call.id, error.code)

    async def _dial_for_help(self, target: Target) -> str:
        try:
            call_id = await self._place(target)
        except NotSignedIn:
            if not await self._hurry():
                raise
            call_id = await self._place(target)
        self._clearing.clear_for(call_id)
        return call_id

    async def _place(self, target: Target) -> str:
        """Dial, and put the call in the table before anybody hears of it."""
        call: Call | None = None
        self._events.expect_dialled()
        try:
            call_id = await self._telephony.dial(target.address, emergency=target.emergency)
            number = bare(target.address)
            call = Call(
                call_id,
                Direction.OUTGOING,
                Party(target.address, number, self._name_for(target.address)),
                CallState.DIALLING,
                created_at=self._clock.monotonic(),
                emergency=target.emergency,
            )
        finally:
            self._events.dialled(call)
        return call_id

    def _incoming(self, call: Call) -> None:
        """A new call rings, is answered by itself, or meets two calls already: then the line is busy."""
        if len(self._table.live()) >= MOST_CALLS:
            self._table.turn_away(call)
            self._tasks.spawn(self._busy(call), "busy")
        else:
            self._table.add(call)
            self._tasks.spawn(self._ring(call), "ring")

    async def _busy(self, call: Call) -> None:
        try:
            await self._telephony.reject(call.id, busy=True)
        except SoftphoneError as error:
            log.info("call %s was gone before it was refused: %s", call.id, error.code)

    async def _ring(self, call: Call) -> None:
        try:
            await self._telephony.ring(call.id)
        except SoftphoneError as error:
            log.info("call %s was gone before it rang: %s", call.id, error.code)
            return
        if self._auto_answer.takes(call):
            await self._auto_answer.answer(call, self.answer)

    async def _hold_others(self, call_id: str) -> None:
        for other in self._table.in_state(CallState.ACTIVE):
            if other.id != call_id and not other.held:
                await self._telephony.hold(other.id)

    def _transfer_failed(self, call_id: str) -> None:
        if self._table.find(call_id) is not None:
            self._table.change(call_id, transfer=TransferState.FAILED)

    def _forget_ended(self, call: Call) -> None:
        if call.state is CallState.ENDED:
            self._volumes.pop(call.id, None)
