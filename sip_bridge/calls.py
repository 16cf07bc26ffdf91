"""The calls of one line: commands in, the agent's events to the leg they are about."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sip_bridge import client_events as told
from sip_bridge.arrivals import Arrivals
from sip_bridge.client_types import (
    BadTarget,
    ClientSettings,
    CommandRefused,
    NotRegistered,
    UnknownCall,
)
from sip_bridge.core import events, reasons
from sip_bridge.core.agent import Agent
from sip_bridge.core.effects import Flow
from sip_bridge.core.errors import MessageError, SipError
from sip_bridge.core.headers import NameAddr
from sip_bridge.io.driver import Driver
from sip_bridge.leg import Leg
from sip_bridge.rtp.negotiation import NotNegotiated
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.targets import target_uri
from sip_bridge.tasks import Tasks
from sip_bridge.transfers import Transfers

if TYPE_CHECKING:
    from sip_bridge.rtp.session import AudioSession

log = logging.getLogger(__name__)

BUSY_HERE = 486
DECLINE = 603
KEYS = frozenset("0123456789*#ABCD")
_SIGNAL = re.compile(rb"Signal\s*=\s*([0-9*#A-Da-d])")


class Calls:
    """All calls of a line. `flow` is the registration's; media uses its local address."""

    def __init__(
        self,
        agent: Agent,
        driver: Driver,
        settings: Callable[[], ClientSettings],
        server: str,
        tell: Callable[[told.ClientEvent], None],
    ) -> None:
        self.agent = agent
        self.server = server
        self.tell = tell
        self.flow: Flow | None = None
        self.tasks = Tasks()
        self._driver = driver
        self._settings = settings
        self._legs: dict[str, Leg] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._closing: set[asyncio.Task[None]] = set()
        self._none_left = asyncio.Event()
        self._none_left.set()
        self._transfers = Transfers(self)
        self._arrivals = Arrivals(self, self._session, self._arrived)

    def now(self) -> float:
        """The agent's clock."""
        return self._driver.now

    def pump(self) -> None:
        """Let the agent's wishes be done."""
        self._driver.pump()

    def find(self, call_id: str) -> Leg | None:
        """The call, if it lives."""
        return self._legs.get(call_id)

    def leg(self, call_id: str) -> Leg:
        """The call. Raises UnknownCall."""
        if call_id not in self._legs:
            raise UnknownCall(call_id)
        return self._legs[call_id]

    def audio(self, call_id: str) -> AudioSession | None:
        """The call's media session."""
        leg = self._legs.get(call_id)
        return leg.session if leg is not None else None

    # --- starting --------------------------------------------------------------------------------

    async def dial(self, target: str, *, emergency: bool) -> str:
        """Call a number or URI. Raises BadTarget, NotRegistered, CommandRefused."""
        headers = (("Priority", "emergency"),) if emergency else ()
        leg = await self.place(target_uri(target, self.server), headers=headers)
        return leg.id

    async def place(
        self,
        uri: str,
        *,
        headers: tuple[tuple[str, str], ...] = (),
        replaces: str = "",
        referred_by: str = "",
        refer: Leg | None = None,
    ) -> Leg:
        """Send an INVITE. With `refer` it obeys that call's REFER and stays hidden until it stands."""
        session = await self._session()
        try:
            offer = await session.create_offer()
            call_id = self.agent.invite(
                uri,
                offer,
                self.now(),
                headers=headers,
                replaces=replaces,
                referred_by=referred_by,
                refer=refer.id if refer is not None else None,
            )
        except SipError as failure:
            await session.close()
            if isinstance(failure, MessageError):
                raise BadTarget(str(failure)) from failure
            raise CommandRefused(str(failure), reasons.ENCRYPTION_REQUIRED) from failure
        except asyncio.CancelledError:
            await session.close()
            raise
        leg = self._add(call_id, session, uri, incoming=False)
        leg.hidden = leg.successor = refer is not None
        self.pump()
        return leg

    async def _session(self) -> AudioSession:
        from sip_bridge.rtp.session import AudioSession  # a start can do without its 0.1 s

        if self.flow is None:
            raise NotRegistered("never registered")
        settings = self._settings()
        policy = MediaPolicy(
            encryption=settings.encryption,
            sdes_without_tls=settings.sdes_without_tls,
            signalling_secure=self.flow.secure,
            codecs=settings.codecs,
            ports=settings.media_ports,
        )
        try:
            return await AudioSession.open(policy, self.flow.local[0])
        except SipError as failure:
            raise CommandRefused(str(failure)) from failure

    def _add(self, call_id: str, session: AudioSession, uri: str, *, incoming: bool) -> Leg:
        leg = Leg(
            self, call_id, session, uri,
            incoming=incoming, established=lambda: self._transfers.stood(leg),
        )  # fmt: skip
        self._legs[call_id] = leg
        self._workers[call_id] = self.tasks.spawn(leg.run(), f"call {call_id}")
        self._none_left.clear()
        return leg

    # --- commands --------------------------------------------------------------------------------

    async def ring(self, call_id: str) -> None:
        """180 to the caller."""
        self.leg(call_id)
        self.agent.ring(call_id, self.now())
        self.pump()

    async def answer(self, call_id: str) -> None:
        """Accept an incoming call."""
        leg = self.leg(call_id)
        if leg.answer is None:
            raise UnknownCall("not an incoming call that waits")
        self.agent.answer(call_id, leg.answer, self.now())
        self.pump()

    async def reject(self, call_id: str, *, busy: bool = False) -> None:
        """Refuse an incoming call: 603, or 486 when busy."""
        leg = self.leg(call_id)
        leg.end_reason = reasons.DECLINED
        self.agent.reject(call_id, BUSY_HERE if busy else DECLINE, self.now())
        self.pump()

    async def hang_up(self, call_id: str) -> None:
        """End a call in any state."""
        self.leg(call_id).end(reasons.HUNG_UP)
        self.pump()

    async def hold(self, call_id: str) -> None:
        """Put on hold; returns when the far end agreed. Raises CommandRefused."""
        await self.leg(call_id).hold(True)

    async def resume(self, call_id: str) -> None:
        """Take off hold. Raises CommandRefused."""
        await self.leg(call_id).hold(False)

    async def send_dtmf(self, call_id: str, digits: str) -> None:
        """Send keys as telephone events, or by INFO where the peer takes none. Raises CommandRefused."""
        leg = self.leg(call_id)
        digits = digits.upper()
        if not digits or not KEYS.issuperset(digits):
            raise CommandRefused("not keys")
        try:
            leg.session.send_dtmf(digits)
        except NotNegotiated:
            for digit in digits:
                body = f"Signal={digit}\r\nDuration=160\r\n".encode()
                self.agent.send_info(call_id, "application/dtmf-relay", body, self.now())
            self.pump()

    async def transfer(self, call_id: str, target: str) -> None:
        """Blind transfer; TransferProgress follows. Raises BadTarget."""
        await self._transfers.blind(self.leg(call_id), target_uri(target, self.server))

    async def transfer_to_call(self, call_id: str, other_call_id: str) -> None:
        """Attended transfer: join the far ends of two calls; TransferProgress follows for `call_id`."""
        await self._transfers.attended(self.leg(call_id), self.leg(other_call_id))

    # --- the agent's events ------------------------------------------------------------------------

    def hear(self, event: events.AgentEvent) -> None:
        """One event about a call."""
        match event:
            case events.IncomingInvite():
                self._arrivals.hear(event)
            case events.RushBegan():
                log.warning("more calls come than people make: they are refused as busy")
                self.tell(told.RushBegan())
            case events.Ended():
                self._ended(event)
            case events.InfoReceived(call=call, body=body):
                self._info(call, body)
            case events.LocalAddressChanged(new=new):
                self._moved(new[0])
            case events.ReferReceived() | events.ReferProgress() | events.Replaced():
                self._transfers.hear(event)
            case (
                events.Provisional() | events.AnswerReceived() | events.Established()
                | events.OfferReceived() | events.OfferWanted() | events.ReofferFailed()
            ):  # fmt: skip
                if (leg := self._legs.get(event.call)) is not None:
                    leg.hear(event)

    def _arrived(
        self, event: events.IncomingInvite, caller: NameAddr, session: AudioSession, answer: bytes
    ) -> None:
        leg = self._add(event.call, session, str(caller.uri or ""), incoming=True)
        leg.answer = answer
        leg.name = caller.display_name
        if event.replaces is not None and self._transfers.replace(leg, event.replaces):
            return
        self.tell(told.Incoming(leg.id, leg.uri, leg.name))

    def _info(self, call_id: str, body: bytes) -> None:
        found = _SIGNAL.search(body)
        leg = self._legs.get(call_id)
        if found is not None and leg is not None:
            leg.tell(told.DtmfReceived(call_id, found[1].decode().upper()))

    def _moved(self, local_ip: str) -> None:
        for leg in self._legs.values():
            if leg.established:
                self.tasks.spawn(self._move(leg, local_ip), f"move {leg.id}")

    async def _move(self, leg: Leg, local_ip: str) -> None:
        try:
            await leg.move(local_ip)
        except SipError as failure:
            log.warning("call %s could not follow the new address: %s", leg.id, failure)

    def _ended(self, event: events.Ended) -> None:
        self._arrivals.forget(event.call)
        leg = self._legs.pop(event.call, None)
        if leg is None:
            return
        self._transfers.leg_ended(leg)
        leg.tell(told.Ended(leg.id, leg.end_reason or self._reason(event), event.status))
        self._bury(leg)

    def _reason(self, event: events.Ended) -> str:
        if event.status in (415, 488, 606) and self._settings().encryption == "required":
            return reasons.ENCRYPTION_REQUIRED
        return event.reason_key

    def _bury(self, leg: Leg) -> None:
        leg.ended = True
        self._workers.pop(leg.id).cancel()
        task = self.tasks.spawn(leg.close(), f"close {leg.id}")
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if not self._legs:
            self._none_left.set()

    # --- the end ---------------------------------------------------------------------------------

    def end_all(self) -> None:
        """Hang up everything."""
        for leg in tuple(self._legs.values()):
            leg.end(reasons.HUNG_UP)
        self._arrivals.refuse_all()

    async def all_ended(self) -> None:
        """Wait until no call is left."""
        await self._none_left.wait()

    async def close(self) -> None:
        """Whatever still lives is over now."""
        self._arrivals.forget_all()
        for leg in tuple(self._legs.values()):
            del self._legs[leg.id]
            leg.tell(told.Ended(leg.id, leg.end_reason or reasons.HUNG_UP, 0))
            await leg.close()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await self.tasks.close()
