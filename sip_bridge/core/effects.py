"""The border of the sans-IO core: what it is told and what it wants done.

A *flow* is one connection or one bound UDP socket with one remote address (RFC 5626 section 1): every
message the core sends goes over a flow, every message it receives came over one. The core never sees DNS;
it names a *hop* and the driver opens a flow to it, trying the addresses of RFC 3263 in order.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

Address = tuple[str, int]
"""Host and port; the host is an IP address without brackets."""


@dataclass(frozen=True, slots=True)
class Hop:
    """Where a request should go (RFC 3263): a host name or address, port 0 and transport "" to be found.

    `secure` comes from a sips URI: then only TLS will do. `attempt` fails over: 0 is the first address the
    driver found for this hop, 1 the next one, and so on.
    """

    host: str
    port: int = 0
    transport: str = ""
    secure: bool = False
    attempt: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """An open path. `transport`: udp, tcp or tls; `peer_name`: the verified TLS name or the host."""

    id: int
    transport: str
    local: Address
    remote: Address
    peer_name: str = ""

    @property
    def reliable(self) -> bool:
        """Whether the transport retransmits by itself."""
        return self.transport != "udp"

    @property
    def secure(self) -> bool:
        """Whether the flow is encrypted and its peer verified."""
        return self.transport == "tls"


# --- what the core asks of its driver ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpenFlow:
    """Find or open a flow to `hop`; answer with Agent.flow_opened(request, flow) or flow_refused."""

    request: int
    hop: Hop


@dataclass(frozen=True, slots=True)
class Transmit:
    """Send `data` over flow `flow_id`. For UDP `to` may name another address (RFC 3261 18.2.2)."""

    flow_id: int
    data: bytes
    to: Address | None = None


class Admitted(Enum):
    """What becomes of a datagram that came over no open flow: lost, heard `ONCE`, or its flow is `KEPT`."""

    LOST = auto()
    ONCE = auto()
    KEPT = auto()


@dataclass(frozen=True, slots=True)
class CloseFlow:
    """The core needs this flow no longer, or it broke the protocol."""

    flow_id: int
    reason: str


# --- why a flow could not be had, told to the core ----------------------------------------------

REFUSED_NOT_FOUND = "not-found"
REFUSED_NO_NETWORK = "no-network"
REFUSED_SILENT = "silent"
REFUSED_CONNECTION = "connection-refused"
REFUSED_CERTIFICATE = "certificate"
REFUSED_EXHAUSTED = "exhausted"
