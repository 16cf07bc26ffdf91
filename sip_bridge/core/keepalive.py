"""Keeping the registration flow open and noticing when it is dead (RFC 5626 3.5, 4.4).

Streams: CRLF CRLF, answered by CRLF within ten seconds. A server that never answers one (it need not) gets
OPTIONS instead, as on UDP, where any response proves the path. Without OPTIONS, UDP gets CRLF CRLF and
nothing is noticed.
"""

from __future__ import annotations

from collections.abc import Callable

from sip_bridge.core.context import Context
from sip_bridge.core.effects import Flow, Hop, Transmit
from sip_bridge.core.message import Headers, Request, Response
from sip_bridge.core.sending import Listener, Outgoing
from sip_bridge.core.timers import uniform

PING = b"\r\n\r\n"
PONG = b"\r\n"
PONG_WITHIN = 10.0
POKE_WITHIN = 3.0

_NEXT, _DUE = "keep-alive", "keep-alive answer"


class KeepAlive(Listener):
    """Keep-alives of one flow at a time; `on_dead(now)` says that it does not answer any more."""

    def __init__(self, context: Context, on_dead: Callable[[float], None]) -> None:
        self._context = context
        self._on_dead = on_dead
        self._flow: Flow | None = None
        self._interval = 0.0
        self._by_options = True
        self._ponged = False
        self._no_pong = False
        self._sent: Outgoing | None = None

    def start(self, flow: Flow, interval: float, by_options: bool, now: float) -> None:
        """Keep `flow` alive every `interval` seconds (0: not at all); again for the same flow is fine."""
        if self._flow is None or flow.id != self._flow.id:
            self.stop()
            self._ponged = self._no_pong = False
        self._flow, self._interval, self._by_options = flow, interval, by_options
        if interval > 0 and not self._context.agenda.waits(_NEXT) and not self._context.agenda.waits(_DUE):
            self._schedule(flow, now)

    def stop(self) -> None:
        """No more keep-alives."""
        self._flow = None
        self._context.agenda.clear(_NEXT)
        self._context.agenda.clear(_DUE)
        self._drop()

    def poke(self, now: float) -> None:
        """Look at once, and with little patience."""
        if self._flow is not None:
            self._ask(self._flow, now, POKE_WITHIN)

    def pong(self, flow: Flow, now: float) -> None:
        """CRLF arrived."""
        if self._flow is not None and flow.id == self._flow.id and flow.reliable:
            self._ponged = True
            self._alive(self._flow, now)

    def on_response(self, sent: Outgoing, response: Response, flow: Flow, now: float) -> None:
        """Any answer to OPTIONS shows that the path is open."""
        self._alive(sent.flow or flow, now)

    def on_failure(self, sent: Outgoing, reason: str, now: float) -> None:
        """The transport broke before our own patience did."""
        self._dead(now)

    def _schedule(self, flow: Flow, now: float) -> None:
        wait = self._interval * uniform(self._context.random, 0.8, 1.0)
        self._context.agenda.set(_NEXT, now + wait, lambda at: self._ask(flow, at, self._patience()))

    def _patience(self) -> float:
        """A short interval asks for quick notice; two seconds leave room for two retransmissions."""
        return min(PONG_WITHIN, max(self._interval, 2.0))

    def _ask(self, flow: Flow, now: float, patience: float) -> None:
        if self._asks_by_options(flow):
            self._options(flow, now)
        else:
            self._context.transmits.append(Transmit(flow.id, PING))
        if flow.reliable or self._by_options:
            self._context.agenda.clear(_NEXT)
            self._context.agenda.set(_DUE, now + patience, lambda at: self._silent(flow, at))
        else:
            self._schedule(flow, now)

    def _asks_by_options(self, flow: Flow) -> bool:
        return self._no_pong if flow.reliable else self._by_options

    def _options(self, flow: Flow, now: float) -> None:
        self._drop()
        identity = self._context.binding.identity
        headers = Headers()
        headers.add("Max-Forwards", "70")
        headers.add("From", str(identity.with_tag(self._context.tag())))
        headers.add("To", f"<{identity.uri}>")
        headers.add("Call-ID", self._context.tag())
        headers.add("CSeq", "1 OPTIONS")
        request = self._context.stamp(Request("OPTIONS", self._context.binding.domain, headers))
        hop = Hop(flow.remote[0], flow.remote[1], flow.transport)
        self._sent = Outgoing(request, self, lambda: 2, hop, flow, fixed=True)
        self._context.sender.send(self._sent, now)

    def _alive(self, flow: Flow, now: float) -> None:
        self._drop()
        self._context.agenda.clear(_DUE)
        if self._interval > 0:
            self._schedule(flow, now)

    def _silent(self, flow: Flow, now: float) -> None:
        if flow.reliable and not self._ponged and not self._no_pong:
            self._no_pong = True
            self._ask(flow, now, self._patience())
        else:
            self._dead(now)

    def _dead(self, now: float) -> None:
        self.stop()
        self._on_dead(now)

    def _drop(self) -> None:
        if self._sent is not None:
            self._context.sender.abandon(self._sent)
            self._sent = None
