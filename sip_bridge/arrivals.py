"""Calls that come, until they ring: what can't be answered must not ring."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from sip_bridge.client_types import ClientError
from sip_bridge.core.errors import MessageError, SipError
from sip_bridge.core.events import IncomingInvite
from sip_bridge.core.grammar import parse_list
from sip_bridge.core.headers import NameAddr
from sip_bridge.leg import NOT_ACCEPTABLE, Line

if TYPE_CHECKING:
    from sip_bridge.rtp.session import AudioSession

log = logging.getLogger(__name__)

TEMPORARILY_UNAVAILABLE = 480


def caller_of(event: IncomingInvite) -> NameAddr:
    """Who calls: as our server asserts it (RFC 3325), else as From says. INVITEs come over its flow only."""
    for name, value in event.headers:
        if name.lower() == "p-asserted-identity":
            with contextlib.suppress(MessageError):
                return NameAddr.parse((parse_list(value) or [""])[0])
    try:
        return NameAddr.parse(event.from_)
    except MessageError:
        return NameAddr(event.display_name, None)


class Arrivals:
    """INVITEs whose answer is being prepared. `open_session` gives each its media, or raises ClientError;
    `arrived` gets those that may ring: the event, who calls, the session and the answer."""

    def __init__(
        self,
        line: Line,
        open_session: Callable[[], Awaitable[AudioSession]],
        arrived: Callable[[IncomingInvite, NameAddr, AudioSession, bytes], None],
    ) -> None:
        self._line = line
        self._open_session = open_session
        self._arrived = arrived
        self._waiting: set[str] = set()

    def hear(self, event: IncomingInvite) -> None:
        """A call comes."""
        self._waiting.add(event.call)
        self._line.tasks.spawn(self._prepare(event), f"incoming {event.call}")

    def forget(self, call_id: str) -> None:
        """It is over before it rang."""
        self._waiting.discard(call_id)

    def forget_all(self) -> None:
        """None of them will ring."""
        self._waiting.clear()

    def refuse_all(self) -> None:
        """Nobody is here any more."""
        for call_id in tuple(self._waiting):
            self._refuse(call_id, TEMPORARILY_UNAVAILABLE)

    async def _prepare(self, event: IncomingInvite) -> None:
        try:
            session = await self._open_session()
        except ClientError as failure:
            log.warning("an incoming call finds no media port: %s", failure)
            self._refuse(event.call, TEMPORARILY_UNAVAILABLE)
            return
        try:
            if event.offer is None:
                answer = await session.create_offer()
            else:
                answer = await session.create_answer(event.offer)
        except SipError as failure:
            log.info("an incoming call can't be answered: %s", failure)
            await session.close()
            self._refuse(event.call, NOT_ACCEPTABLE)
            return
        except asyncio.CancelledError:
            await session.close()
            raise
        if event.call not in self._waiting:
            await session.close()
            return
        self._waiting.discard(event.call)
        self._arrived(event, caller_of(event), session, answer)

    def _refuse(self, call_id: str, status: int) -> None:
        if call_id in self._waiting:
            self._waiting.discard(call_id)
            self._line.agent.reject(call_id, status, self._line.now())
            self._line.pump()
