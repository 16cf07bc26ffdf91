"""The open flows: UDP sockets and connections by id, opened address by address as RFC 3263 orders.

**Automatic transport.** A hop with transport "auto" is a server a person typed. Every address found for it is
tried in order: TLS first, with a short time limit, then TCP, then UDP. With a port typed (`host:port`) all
three are tried at that port in the same order: a TLS handshake is the one question whose answer can't be
mistaken, a plain server ends it at once or stays silent for the two seconds it gets. Plain transports are
out for a host from the moment its TLS certificate was refused or TLS has worked once, whoever asks: what a
man in the middle can break must not make us talk in the clear.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace

from sip_bridge.core.effects import (
    REFUSED_CERTIFICATE,
    REFUSED_CONNECTION,
    REFUSED_EXHAUSTED,
    REFUSED_NO_NETWORK,
    REFUSED_NOT_FOUND,
    REFUSED_SILENT,
    Address,
    Admitted,
    Flow,
    Hop,
)
from sip_bridge.io import addresses, stream, tls, udp
from sip_bridge.io.locate import AUTO, Locator, Target, numeric
from sip_bridge.io.names import NameNotFound, NoNetwork

log = logging.getLogger(__name__)

AUTO_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 5.0
CLOSE_TIMEOUT_S = 0.5
STRANGER_LIMIT = 256

_TELLING = (
    REFUSED_CERTIFICATE,
    REFUSED_SILENT,
    REFUSED_CONNECTION,
    REFUSED_NO_NETWORK,
    REFUSED_EXHAUSTED,
)
"""Of several failures the first in this list is the one a person should hear."""


class FlowRefused(Exception):
    """No flow to the hop; `reason` is a REFUSED_* word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class _Open:
    flow: Flow
    channel: stream.Stream | udp.UdpEndpoint
    stranger: bool = False


class Flows(stream.StreamOwner, udp.UdpOwner):
    """Opens, keeps and closes flows. `received` and `closed` tell the driver, `admits` asks it."""

    def __init__(
        self,
        locator: Locator,
        received: Callable[[bytes, Flow], None],
        closed: Callable[[Flow, str], None],
        admits: Callable[[bytes, Flow], Admitted],
        *,
        route: Callable[[str, int], str | None] = addresses.local_address_towards,
    ) -> None:
        self._locator = locator
        self._received = received
        self._closed = closed
        self._admits = admits
        self._route = route
        self._context: ssl.SSLContext | None = None
        self._flows: dict[int, _Open] = {}
        self._endpoints: dict[str, udp.UdpEndpoint] = {}
        self._next_id = 0
        self._reached: dict[Hop, int] = {}
        self._tls_only: set[str] = set()
        self._closing: set[stream.Stream] = set()
        self._stopped = False

    def use_authorities(self, ca_file: str) -> None:
        """Trust the system's authorities and those of this file, if any. Raises tls.BadAuthorityFile.

        The system's alone are read with the first flow that needs them: some 40 ms.
        """
        self._context = tls.make_context(ca_file) if ca_file else None

    # --- opening ---------------------------------------------------------------------------------

    async def open(self, hop: Hop) -> Flow:
        """A flow to the hop, an open one where it fits. Raises FlowRefused."""
        key = replace(hop, attempt=0)
        first = 0
        if hop.attempt:
            if key not in self._reached:
                raise FlowRefused(REFUSED_EXHAUSTED)
            first = max(hop.attempt, self._reached[key] + 1)
        else:
            self._reached.pop(key, None)
        targets = await self._targets(hop)
        failures = [REFUSED_EXHAUSTED]
        for index, target in enumerate(targets[first:], first):
            if hop.transport == AUTO and target.transport != "tls" and hop.host in self._tls_only:
                continue
            self._reached[key] = index
            last = index == len(targets) - 1
            limit = AUTO_TIMEOUT_S if hop.transport == AUTO and not last else CONNECT_TIMEOUT_S
            try:
                return await self._to(target, hop, limit)
            except FlowRefused as refused:
                failures.append(refused.reason)
        raise FlowRefused(min(failures, key=_TELLING.index))

    async def _targets(self, hop: Hop) -> list[Target]:
        try:
            return await self._locator.locate(hop)
        except NameNotFound as failure:
            raise FlowRefused(
                REFUSED_NOT_FOUND if addresses.has_network() else REFUSED_NO_NETWORK
            ) from failure
        except NoNetwork as failure:
            raise FlowRefused(REFUSED_NO_NETWORK) from failure

    async def _to(self, target: Target, hop: Hop, limit_s: float) -> Flow:
        if (flow := self._reusable(target)) is not None:
            return flow
        try:
            if target.transport == "udp":
                return await self._open_udp(target)
            return await self._connect(target, hop, limit_s)
        except TimeoutError:
            raise FlowRefused(REFUSED_SILENT) from None
        except OSError as failure:
            raise FlowRefused(self._classified(failure, target, hop)) from failure

    def _classified(self, failure: OSError, target: Target, hop: Hop) -> str:
        if tls.certificate_refused(failure):
            self._tls_only.add(hop.host)
            log.warning("certificate of %s refused: %s", target.name, tls.reason(failure))
            return REFUSED_CERTIFICATE
        log.info("no %s to %s port %d: %s", target.transport, target.host, target.port, tls.reason(failure))
        return REFUSED_NO_NETWORK if addresses.no_route(failure) else REFUSED_CONNECTION

    def _reusable(self, target: Target) -> Flow | None:
        """An open flow to the same place under the same name; a bare IP address in a Route matches any."""
        for entry in self._flows.values():
            flow = entry.flow
            same_place = (flow.transport, flow.remote) == (target.transport, (target.host, target.port))
            named = flow.peer_name == target.name or numeric(target.name) or flow.transport != "tls"
            if same_place and named and not entry.stranger:
                return flow
        return None

    async def _connect(self, target: Target, hop: Hop, limit_s: float) -> Flow:
        secure = target.transport == "tls"
        if secure and self._context is None:
            self._context = await asyncio.to_thread(tls.make_context)
        connection = await stream.connect(
            self,
            (target.host, target.port),
            context=self._context if secure else None,
            name=target.name,
            timeout_s=limit_s,
        )
        if self._stopped:
            connection.close()
            raise FlowRefused(REFUSED_CONNECTION)
        if secure and hop.transport == AUTO:
            self._tls_only.add(hop.host)
        flow = Flow(self._new_id(), target.transport, connection.local, connection.remote, target.name)
        self._flows[flow.id] = _Open(flow, connection)
        return flow

    async def _open_udp(self, target: Target) -> Flow:
        local = self._route(target.host, target.port)
        if local is None:
            raise FlowRefused(REFUSED_NO_NETWORK)
        endpoint = self._endpoints.get(local)
        if endpoint is None:
            endpoint = await self.bind_udp((local, 0))
        flow = Flow(self._new_id(), "udp", endpoint.local, (target.host, target.port), target.name)
        self._flows[flow.id] = _Open(flow, endpoint)
        return flow

    async def bind_udp(self, local: Address) -> udp.UdpEndpoint:
        """Listen on a local address; what comes there arrives as flows of strangers. Raises OSError."""
        endpoint = await udp.bind(self, local)
        self._endpoints[local[0]] = endpoint
        return endpoint

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    # --- using -----------------------------------------------------------------------------------

    def transmit(self, flow_id: int, data: bytes, to: Address | None) -> None:
        """Send over a flow; one that has gone loses it like the network would."""
        entry = self._flows.get(flow_id)
        if entry is None:
            log.debug("nothing open under flow %d", flow_id)
        elif isinstance(entry.channel, udp.UdpEndpoint):
            entry.channel.send(data, to or entry.flow.remote)
        else:
            entry.channel.send(data)

    def close(self, flow_id: int) -> None:
        """The core needs it no longer. A UDP socket stays while its address may serve other flows."""
        entry = self._flows.pop(flow_id, None)
        if entry is None:
            return
        if isinstance(entry.channel, stream.Stream):
            self._closing = {channel for channel in self._closing if not channel.gone} | {entry.channel}
            entry.channel.close()
        elif self._route(*entry.flow.remote) != entry.flow.local[0]:
            self._drop_endpoint(entry.channel)

    def _drop_endpoint(self, endpoint: udp.UdpEndpoint) -> None:
        if any(entry.channel is endpoint and not entry.stranger for entry in self._flows.values()):
            return
        self._flows = {key: entry for key, entry in self._flows.items() if entry.channel is not endpoint}
        if self._endpoints.get(endpoint.local[0]) is endpoint:
            del self._endpoints[endpoint.local[0]]
        endpoint.close()

    async def stop(self) -> None:
        """Send what is queued and close everything; nothing is told any more."""
        self._stopped = True
        for flow_id in tuple(self._flows):
            self.close(flow_id)
        for endpoint in self._endpoints.values():
            endpoint.close()
        self._flows.clear()
        self._endpoints.clear()
        await asyncio.gather(*(channel.closed(CLOSE_TIMEOUT_S) for channel in self._closing))

    def moved(self) -> list[Flow]:
        """Flows of ours whose route now starts at another local address."""
        mine = [entry.flow for entry in self._flows.values() if not entry.stranger]
        return [flow for flow in mine if self._route(*flow.remote) not in (None, flow.local[0])]

    # --- told by the sockets -----------------------------------------------------------------------

    def stream_received(self, stream: stream.Stream, data: bytes) -> None:
        """A message over a connection."""
        if (entry := self._of(stream)) is not None:
            self._received(data, entry.flow)

    def stream_lost(self, stream: stream.Stream, reason: str) -> None:
        """A connection ended."""
        if (entry := self._of(stream)) is not None:
            log.info("%s to %s port %d lost: %s", entry.flow.transport, *entry.flow.remote, reason)
            del self._flows[entry.flow.id]
            self._closed(entry.flow, reason)

    def _of(self, channel: stream.Stream) -> _Open | None:
        return next((entry for entry in self._flows.values() if entry.channel is channel), None)

    def datagram_received(self, endpoint: udp.UdpEndpoint, data: bytes, remote: Address) -> None:
        """A datagram, from a flow we know or from a stranger."""
        if self._stopped:
            return
        entry = self._with(endpoint, remote)
        if entry is None:
            self._stranger(endpoint, data, remote)
        else:
            self._received(data, entry.flow)

    def _with(self, endpoint: udp.UdpEndpoint, remote: Address) -> _Open | None:
        for entry in self._flows.values():
            if entry.channel is endpoint and entry.flow.remote == remote:
                return entry
        return None

    def _stranger(self, endpoint: udp.UdpEndpoint, data: bytes, remote: Address) -> None:
        """Whoever has nothing to do with us is answered at most, and forgotten at once."""
        flow = Flow(self._new_id(), "udp", endpoint.local, remote, remote[0])
        admitted = self._admits(data, flow)
        if admitted is Admitted.LOST:
            return
        self._forget_strangers(STRANGER_LIMIT - 1)
        self._flows[flow.id] = _Open(flow, endpoint, stranger=True)
        self._received(data, flow)
        if admitted is Admitted.ONCE:
            self._flows.pop(flow.id, None)

    def _forget_strangers(self, left: int) -> None:
        strangers = [key for key, entry in self._flows.items() if entry.stranger]
        for key in strangers[: max(0, len(strangers) - left)]:
            del self._flows[key]

    def peer_unreachable(self, endpoint: udp.UdpEndpoint, remote: Address) -> None:
        """Nobody listens at a peer's port: its flow is broken."""
        entry = self._with(endpoint, remote)
        if entry is not None:
            del self._flows[entry.flow.id]
            self._closed(entry.flow, REFUSED_CONNECTION)
