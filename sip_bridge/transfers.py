"""Transfers in both roles (RFC 3515, RFC 3891, RFC 5589): asking for one, and being moved by one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Protocol

from sip_bridge import client_events as told
from sip_bridge.client_types import ClientError, CommandRefused
from sip_bridge.core import events, reasons
from sip_bridge.core.agent import Agent
from sip_bridge.leg import Leg
from sip_bridge.targets import target_uri
from sip_bridge.tasks import Tasks

log = logging.getLogger(__name__)

DECLINE = 603


class Board(Protocol):
    """What transfers need of the line's calls."""

    agent: Agent
    server: str
    tasks: Tasks
    tell: Callable[[told.ClientEvent], None]

    def now(self) -> float:
        """The agent's clock."""
        ...

    def pump(self) -> None:
        """Let the agent's wishes be done."""
        ...

    def find(self, call_id: str) -> Leg | None:
        """A call that lives."""
        ...

    async def place(
        self, uri: str, *, replaces: str = "", referred_by: str = "", refer: Leg | None = None
    ) -> Leg:
        """Send an INVITE that obeys a REFER."""
        ...


class Transfers:
    """Transfers under way on one line."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._paused: dict[str, list[Leg]] = {}
        self._others: dict[str, Leg] = {}
        self._attempts: dict[str, Leg] = {}
        self._accepting: set[str] = set()

    # --- we transfer the far end ------------------------------------------------------------------

    async def blind(self, leg: Leg, target: str) -> None:
        """Hold the call, ask its far end to call `target`; on failure the call comes back as it was."""
        self._require(leg)
        await self._begin(leg, leg)
        self._board.agent.refer(leg.id, target, self._board.now())
        self._board.pump()

    async def attended(self, leg: Leg, other: Leg) -> None:
        """Hold both calls, ask the far end of `leg` to take our place in `other`."""
        self._require(leg)
        self._require(other)
        if leg is other:
            raise CommandRefused("one call can't be joined with itself")
        await self._begin(leg, leg, other)
        self._others[leg.id] = other
        self._board.agent.refer_to_call(leg.id, other.id, self._board.now())
        self._board.pump()

    @staticmethod
    def _require(leg: Leg) -> None:
        if not leg.established or leg.transferring:
            raise CommandRefused("the call can't be transferred now")

    async def _begin(self, leg: Leg, *legs: Leg) -> None:
        leg.transferring = True
        paused = self._paused[leg.id] = []
        leg.tell(told.TransferProgress(leg.id, "trying", 0))
        for one in legs:
            if one.held:
                continue
            try:
                await one.hold(True)
            except CommandRefused as refused:
                log.info("call %s is transferred without being held: %s", one.id, refused)
            else:
                paused.append(one)
        if leg.ended:
            raise CommandRefused("the call has ended")

    def _progress(self, event: events.ReferProgress) -> None:
        leg = self._board.find(event.call)
        if leg is None:
            return
        if not event.final:
            state = "ringing" if 180 <= event.status < 200 else "trying"
            leg.tell(told.TransferProgress(leg.id, state, event.status))
            return
        leg.transferring = False
        paused, other = self._paused.pop(leg.id, []), self._others.pop(leg.id, None)
        if 200 <= event.status < 300:
            for one in (leg, other):
                if one is not None:
                    one.end_reason = reasons.TRANSFERRED
            leg.tell(told.TransferProgress(leg.id, "done", event.status))
            return
        leg.tell(told.TransferProgress(leg.id, "failed", event.status))
        # The call that was spoken in last comes back; the one that was held already stays held.
        for one in paused[-1:]:
            self._board.tasks.spawn(self._come_back(one), f"resume {one.id}")

    @staticmethod
    async def _come_back(leg: Leg) -> None:
        try:
            await leg.hold(False)
        except CommandRefused as refused:
            log.info("call %s stays on hold: %s", leg.id, refused)

    # --- the far end transfers us -------------------------------------------------------------------

    def hear(self, event: events.ReferReceived | events.ReferProgress | events.Replaced) -> None:
        """One event of the agent."""
        match event:
            case events.ReferProgress():
                self._progress(event)
            case events.ReferReceived():
                self._referred(event)
            case events.Replaced(call=old, by=new):
                if (leg := self._board.find(new)) is not None:
                    self._succeed(old, leg)

    def _referred(self, event: events.ReferReceived) -> None:
        leg = self._board.find(event.call)
        busy = event.call in self._accepting or event.call in self._attempts
        if leg is None or not leg.established or leg.transferring or busy:
            self._board.agent.refuse_refer(event.call, DECLINE, self._board.now())
            return
        self._accepting.add(event.call)
        self._board.tasks.spawn(self._obey(leg, event), f"transfer of {leg.id}")

    async def _obey(self, leg: Leg, event: events.ReferReceived) -> None:
        try:
            uri = target_uri(event.target, self._board.server)
            self._board.agent.accept_refer(leg.id, self._board.now())
            attempt = await self._board.place(
                uri, replaces=event.replaces, referred_by=event.referred_by, refer=leg
            )
        except ClientError as failure:
            log.info("a transfer could not be followed: %s", failure)
            self._board.agent.refuse_refer(event.call, DECLINE, self._board.now())
            self._board.pump()
            return
        finally:
            self._accepting.discard(leg.id)
        if leg.ended:
            self._succeed(leg.id, attempt)
        else:
            self._attempts[leg.id] = attempt

    def stood(self, leg: Leg) -> None:
        """A leg is established: if it is a transfer's attempt, it takes the old call's place."""
        for old, attempt in tuple(self._attempts.items()):
            if attempt is leg:
                del self._attempts[old]
                self._succeed(old, leg)
                if (left := self._board.find(old)) is not None:
                    left.end(reasons.TRANSFERRED)
                    self._board.pump()

    def leg_ended(self, leg: Leg) -> None:
        """A leg is over: its attempt goes on alone in the open; a failed attempt is forgotten."""
        self._paused.pop(leg.id, None)
        self._others.pop(leg.id, None)
        if leg in self._others.values():
            # The call that was replaced ends before the far end's last NOTIFY tells of it.
            leg.end_reason = reasons.TRANSFERRED
        attempt = self._attempts.pop(leg.id, None)
        if attempt is not None:
            leg.end_reason = reasons.TRANSFERRED
            self._succeed(leg.id, attempt)
        self._attempts = {old: one for old, one in self._attempts.items() if one is not leg}

    def replace(self, leg: Leg, old: str) -> bool:
        """An INVITE that takes the place of call `old`: answered at once, for nobody new is calling."""
        standing = self._board.find(old)
        if standing is None or not standing.established or leg.answer is None:
            return False
        leg.hidden = leg.successor = True
        self._board.agent.answer(leg.id, leg.answer, self._board.now())
        self._board.pump()
        return True

    def _succeed(self, old: str, leg: Leg) -> None:
        if not leg.hidden:
            return
        leg.hidden = False
        if (left := self._board.find(old)) is not None:
            left.end_reason = reasons.TRANSFERRED
        self._board.tell(told.CallReplaced(old, leg.id))
        self._board.tell(told.RemoteChanged(leg.id, leg.uri, leg.name))
        leg.show(again=True)
