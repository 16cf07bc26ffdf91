"""A 2xx to an INVITE, sent again until its ACK comes, on streams too (RFC 3261 13.3.1.4)."""

from __future__ import annotations

from collections.abc import Callable

from sip_bridge.core.context import Context
from sip_bridge.core.message import Request, Response
from sip_bridge.core.timers import GIVE_UP, T1, T2
from sip_bridge.core.transaction import Transaction

OnAck = Callable[[Request, float], None]


class Answered:
    """Waits for one ACK; `on_ack` gets the first one, `on_missing` is called when none came in 32 s."""

    def __init__(
        self,
        context: Context,
        transaction: Transaction,
        response: Response,
        on_ack: OnAck,
        on_missing: Callable[[float], None],
    ) -> None:
        self._context = context
        self._transaction = transaction
        self._response = response
        self._on_ack = on_ack
        self._on_missing = on_missing
        self._interval = T1
        self._deadline = 0.0

    def start(self, now: float) -> None:
        """Send it and begin to wait."""
        self._deadline = now + GIVE_UP
        self._context.layer.respond(self._transaction, self._response, now)
        self._context.agenda.set(self, now + self._interval, self._again)

    def acknowledge(self, ack: Request, now: float) -> bool:
        """Whether this ACK is ours; a second one does nothing."""
        if ack.cseq.number != self._transaction.request.cseq.number:
            return False
        if self._context.agenda.waits(self):
            self._context.agenda.clear(self)
            self._on_ack(ack, now)
        return True

    def stop(self) -> None:
        """The call ended before the ACK came."""
        self._context.agenda.clear(self)

    @property
    def waiting(self) -> bool:
        """Whether no ACK has come yet."""
        return self._context.agenda.waits(self)

    def _again(self, now: float) -> None:
        if now >= self._deadline:
            self._on_missing(now)
            return
        self._context.layer.respond(self._transaction, self._response, now)
        self._interval = min(2 * self._interval, T2)
        self._context.agenda.set(self, min(now + self._interval, self._deadline), self._again)
