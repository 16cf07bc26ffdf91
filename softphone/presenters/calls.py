"""The call window and the popup: which calls they show, and what a person does with them."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from resources.words import Words
from softphone.domain.call import Call, CallState, Direction, EndReason
from softphone.domain.errors import SoftphoneError, UnknownCall
from softphone.domain.events import CallChanged, ContactsChanged, DevicesChanged, Event, Notice
from softphone.ports import Clock
from softphone.presenters import call_views, sentences
from softphone.presenters.call_views import CallView, IncomingView, OtherCall, Who
from softphone.presenters.moments import timer
from softphone.presenters.parts import Advice
from softphone.presenters.presenter import Presenter
from softphone.presenters.targets import resolve
from softphone.services.calls import Calls
from softphone.services.contacts import Contacts
from softphone.services.numbers import Numbers
from softphone.services.ringing import Ringing
from softphone.services.sound_devices import SoundDevices

QUIET_ENDING_S = 1.5
TOLD_ENDING_S = 8.0
QUIET_ENDINGS = frozenset({EndReason.HUNG_UP, EndReason.CANCELLED, EndReason.TRANSFERRED})
"""Endings the person made: the window goes at once. The others stay long enough to be read."""

SCORES = 120
"""Looks at the quality that the graph shows: a minute."""

QUIETEST_DB, VOLUME_RANGE_DB = -40.0, 52.0
"""What the ends of the volume slider mean."""


@dataclass(frozen=True, slots=True)
class CallsView:
    """`call` is None while no window is needed; `ring_text` names where it rings now, "" beside a call."""

    call: CallView | None
    incoming: tuple[IncomingView, ...]
    ring_text: str
    advice: Advice | None


class CallsPresenter(Presenter[CallsView]):
    """Follows every call; one is in the window, the others are in its strip or in popups."""

    def __init__(
        self,
        calls: Calls,
        ringing: Ringing,
        contacts: Contacts,
        devices: SoundDevices,
        numbers: Numbers,
        clock: Clock,
        words: Words,
        emit: Callable[[CallsView], None],
    ) -> None:
        super().__init__(words, emit)
        self._calls, self._ringing, self._devices = calls, ringing, devices
        self._contacts, self._numbers, self._clock = contacts, numbers, clock
        self._ended: Call | None = None
        self._advice: Callable[[], Advice | None] = lambda: None
        self._silenced: set[str] = set()
        self._scores: dict[str, deque[float]] = {}
        self._shown = ""

    # --- the view -------------------------------------------------------------------------------

    def compose(self) -> CallsView:
        """The windows as they should be now."""
        live = [call for call in self._calls.calls() if call.live]
        ringing = [call for call in live if _rings_here(call)]
        current = self._current([call for call in live if not _rings_here(call)])
        busy = len(live) > len(ringing)
        return CallsView(
            call=self._call(current, live) if current is not None else None,
            incoming=tuple(self._incoming(call, busy=busy) for call in ringing),
            ring_text="" if busy else " + ".join(dict.fromkeys(self._devices.state().ring_used)),
            advice=self._advice(),
        )

    def _current(self, calls: list[Call]) -> Call | None:
        """The call one talks in, else the newest, else the one that just ended."""
        talking = [call for call in calls if call.state is CallState.ACTIVE and not call.held]
        underway = [call for call in calls if call.state is not CallState.ACTIVE]
        shown = [call for call in calls if call.id == self._shown]
        for choice in (underway, talking, shown, calls):
            if choice:
                self._shown = choice[-1].id
                return choice[-1]
        return self._ended

    def _call(self, call: Call, live: list[Call]) -> CallView:
        others = [other for other in live if other.id != call.id]
        trouble = self._trouble(call)
        connected = [other for other in others if other.state is CallState.ACTIVE]
        return CallView(
            id=call.id,
            who=self._who(call),
            state=call_views.state_sign(self.words, call),
            timer=call_views.talk_time(call, self._clock.monotonic()),
            lock=call_views.lock_sign(self.words, call),
            quality=None if trouble else call_views.quality_sign(self.words, call),
            muted=call.muted,
            held=call.held and call.state is CallState.ACTIVE,
            talking=call.state is CallState.ACTIVE,
            ended=not call.live,
            others=tuple(call_views.other_call(self.words, c, self._who(c).name) for c in others),
            join=tuple(self._join(call, other) for other in connected),
            volume=round(100 * (self._calls.volume(call.id) - QUIETEST_DB) / VOLUME_RANGE_DB),
            outgoing=call.direction is Direction.OUTGOING,
            trouble=trouble,
            scores=tuple(self._scores.get(call.id, ())),
        )

    def _trouble(self, call: Call) -> Advice | None:
        if call.trouble is None or not call.live:
            return None
        return sentences.trouble(self.words, call.trouble, self._devices.state())

    def _join(self, call: Call, other: Call) -> OtherCall:
        text = self._("Connect {one} and {other}")
        text = text.format(one=self._who(call).name, other=self._who(other).name)
        return OtherCall(other.id, text, "", "join", self._("Connect them"))

    def _incoming(self, call: Call, *, busy: bool) -> IncomingView:
        return IncomingView(
            id=call.id,
            title=self._("Incoming call"),
            who=self._who(call),
            waiting=timer(self._clock.monotonic() - call.created_at),
            note=self._("Answering puts your call on hold.") if busy else "",
            silenced=call.id in self._silenced,
        )

    def _who(self, call: Call) -> Who:
        return call_views.who(self.words, call, self._numbers.display, self._contacts.name_for)

    # --- events ---------------------------------------------------------------------------------

    def hear(self, event: Event) -> None:
        """Follow calls, and names and devices where they show."""
        match event:
            case CallChanged(call):
                self._follow(call)
            case Notice("transfer-failed" | "call-not-encrypted" as code, parameters):
                self._advice = lambda: sentences.notice(self.words, code, parameters)
            case ContactsChanged() | DevicesChanged():
                pass
            case _:
                return
        self.render()

    def _follow(self, call: Call) -> None:
        if call.live:
            self._note_score(call)
            return
        self._silenced.discard(call.id)
        self._scores.pop(call.id, None)
        self._advice = lambda: None
        if call.direction is Direction.OUTGOING or call.answered_at is not None:
            self._ended = call

    def _note_score(self, call: Call) -> None:
        if call.quality is not None and call.state is CallState.ACTIVE:
            scores = self._scores.setdefault(call.id, deque(maxlen=SCORES))
            scores.append(call.quality.mos)

    def tick(self) -> None:
        """Called once a second or more often: timers run, a window that has been read goes."""
        ended = self._ended
        if ended is not None:
            stay = QUIET_ENDING_S if ended.reason in QUIET_ENDINGS else TOLD_ENDING_S
            if self._clock.monotonic() - (ended.ended_at or 0.0) >= stay:
                self._ended = None
        self.render()

    async def run(self) -> None:
        """Tick for as long as the program runs."""
        while True:
            await asyncio.sleep(0.5)
            self.tick()

    # --- intents --------------------------------------------------------------------------------

    async def answer(self, call_id: str) -> None:
        """Answer; a running call is put on hold."""
        await self._try(self._calls.answer(call_id))

    async def decline(self, call_id: str) -> None:
        """Decline."""
        await self._try(self._calls.decline(call_id))

    async def silence(self, call_id: str) -> None:
        """Stop the ring tone of this call; it can still be answered."""
        self._silenced.add(call_id)
        await self._try(self._ringing.silence())

    async def hang_up(self, call_id: str) -> None:
        """End the call, or put the ended window away."""
        if self._ended is not None and self._ended.id == call_id:
            self._ended = None
            self.render()
            return
        await self._try(self._calls.hang_up(call_id))

    async def hold(self, call_id: str, held: bool) -> None:
        """Hold or resume."""
        await self._try(self._calls.hold(call_id) if held else self._calls.resume(call_id))

    async def swap(self) -> None:
        """Change between the two calls."""
        await self._try(self._calls.swap())

    async def mute(self, call_id: str, muted: bool) -> None:
        """Stop or resume sending the voice."""
        await self._try(self._calls.mute(muted, call_id))

    async def dtmf(self, call_id: str, digits: str) -> None:
        """Press keys."""
        await self._try(self._calls.dtmf(digits, call_id))

    async def volume(self, call_id: str, place: int) -> None:
        """How loud the other side is; `place` 0…100 of the slider."""
        await self._try(self._calls.set_volume(QUIETEST_DB + VOLUME_RANGE_DB * place / 100, call_id))

    async def transfer(self, call_id: str, target: str) -> None:
        """Transfer without asking."""
        await self._try(self._transfer(call_id, target))

    async def ask_first(self, target: str) -> None:
        """Call the one to transfer to; the first call waits on hold."""
        await self._try(self._dial(target))

    async def join(self, call_id: str, other_id: str) -> None:
        """Connect the two far ends and leave."""
        await self._try(self._calls.transfer_to_call(call_id, other_id))

    async def put_away(self) -> None:
        """The person has read the advice."""
        self._advice = lambda: None
        self.render()

    async def _transfer(self, call_id: str, target: str) -> None:
        await self._calls.transfer(call_id, await resolve(target, self._contacts))

    async def _dial(self, target: str) -> None:
        await self._calls.dial(await resolve(target, self._contacts))

    async def _try(self, work: Awaitable[object]) -> None:
        self._advice = lambda: None
        try:
            await work
        except UnknownCall:
            pass  # it ended while the button was being pressed: the window says so itself
        except SoftphoneError as error:
            failed = error
            self._advice = lambda: sentences.failure(self.words, failed)
        self.render()


def _rings_here(call: Call) -> bool:
    return call.direction is Direction.INCOMING and call.state is CallState.RINGING
