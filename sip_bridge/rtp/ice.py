"""ICE (RFC 8445) on a session's own RTP socket, so that peers with and without it reach the same port."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from typing import Any

from aioice import Candidate, Connection
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import StunProtocol, server_reflexive_candidate
from aioice.stun import Message, TransactionError

from sip_bridge.core.errors import SipError
from sip_bridge.core.sdp_values import IceDescription
from sip_bridge.rtp.sockets import Address, MediaSocket

COMPONENT = 1
PATIENCE = 20.0
"""Seconds after which checks that neither work nor fail are given up."""

MOST_CANDIDATES = 32
"""Of one peer's: each is somewhere packets are sent to because a description says so."""

STUN_PATIENCE = 1.0
"""Seconds a STUN server may take before the offer goes out without it."""


class IceFailed(SipError):
    """No pair of addresses works between the two sides."""


class IceLink:
    """One ICE session of one component; RTCP is multiplexed onto it."""

    def __init__(
        self,
        socket: MediaSocket,
        local_ip: str,
        stun_server: Address | None,
        same_as: IceLink | None = None,
        *,
        controlling: bool = False,
    ) -> None:
        self.remote: IceDescription | None = None
        self.closed = False
        self._socket = socket
        self._local_ip = local_ip
        self._stun_server = stun_server
        self._connection = _SharedConnection(socket, local_ip, stun_server, same_as)
        self._connection.ice_controlling = controlling

    def talks_to(self, remote: IceDescription) -> bool:
        """Whether checks with this peer run already."""
        known = self.remote
        return known is not None and (known.username, known.password) == (remote.username, remote.password)

    async def gather(self) -> None:
        """Find our own candidates."""
        await self._connection.gather_candidates()

    async def renewed(self) -> IceLink:
        """The same credentials and candidates for another peer: a forked call's next answer."""
        await self.close()
        link = IceLink(self._socket, self._local_ip, self._stun_server, self, controlling=True)
        await link.gather()
        return link

    @property
    def description(self) -> IceDescription:
        """What our description says."""
        connection = self._connection
        candidates = tuple(candidate.to_sdp() for candidate in connection.local_candidates)
        return IceDescription(connection.local_username, connection.local_password, candidates)

    def receive(self, datagram: bytes, source: Address) -> None:
        """Take a STUN datagram; anybody can send one, and aioice trips over attributes that are cut short."""
        with contextlib.suppress(struct.error, LookupError):
            self._connection.shared.datagram_received(datagram, source)

    async def connect(self, remote: IceDescription, default: Address, *, controlling: bool) -> Address:
        """Find a pair and return the peer's address in it. Raises IceFailed.

        `default` is the described address, tried where the peer lists no candidate.
        """
        self.remote = remote
        connection = self._connection
        connection.ice_controlling = controlling or remote.lite
        connection.remote_is_lite = remote.lite
        connection.remote_username, connection.remote_password = remote.username, remote.password
        found = _candidates(remote, default)
        await asyncio.gather(*(connection.add_remote_candidate(candidate) for candidate in found))
        await connection.add_remote_candidate(None)
        try:
            async with asyncio.timeout(PATIENCE):
                await connection.connect()
        except (ConnectionError, TimeoutError) as fault:
            raise IceFailed("no pair of addresses works") from fault
        return connection.selected()

    async def lost(self) -> None:
        """Return when the peer's consent to receive has run out (RFC 7675)."""
        await self._connection.get_event()

    async def close(self) -> None:
        """Stop all checks; the socket stays with its owner."""
        self.closed = True
        await self._connection.close()


class _SharedProtocol(StunProtocol):
    """STUN over a socket that belongs to somebody else."""

    def __init__(self, receiver: Connection, socket: MediaSocket, candidate: Candidate) -> None:
        super().__init__(receiver)
        self.local_candidate = candidate
        self._socket = socket

    def send_stun(self, message: Message, addr: Address) -> None:
        """Send unless the owner has closed the socket."""
        self._socket.send(bytes(message), addr)

    async def close(self) -> None:
        """The owner closes the socket."""


class _SharedConnection(Connection):
    """aioice's agent with the session's socket as its only host candidate."""

    def __init__(
        self, socket: MediaSocket, local_ip: str, stun_server: Address | None, same_as: IceLink | None
    ) -> None:
        credentials: dict[str, Any] = {}
        if same_as is not None:
            before = same_as._connection
            credentials = {
                "local_username": before.local_username,
                "local_password": before.local_password,
            }
        super().__init__(ice_controlling=False, stun_server=stun_server, **credentials)
        address = local_ip.partition("%")[0]
        host = Candidate(
            foundation=candidate_foundation("host", "udp", address),
            component=COMPONENT,
            transport="udp",
            priority=candidate_priority(COMPONENT, "host"),
            host=address,
            port=socket.port,
            type="host",
        )
        self.shared = _SharedProtocol(self, socket, host)

    async def get_component_candidates(
        self, component: int, addresses: list[str], timeout: int = 5
    ) -> list[Candidate]:
        """Our socket, and what a STUN server sees of it."""
        self._protocols.append(self.shared)
        found = [self.shared.local_candidate]
        if self.stun_server is not None:
            # A server of RFC 3489 answers without the attribute that is looked for: KeyError.
            with contextlib.suppress(TransactionError, OSError, KeyError):
                async with asyncio.timeout(STUN_PATIENCE):
                    found.append((await server_reflexive_candidate(self.shared, self.stun_server))[0])
        return found

    def request_received(self, message: Message, addr: Address, protocol: StunProtocol) -> None:
        """A check must name its priority (RFC 8445 section 7.1.1): aioice's `connect` fails without."""
        if "PRIORITY" in message.attributes:
            super().request_received(message, addr, protocol)
        else:
            self.respond_error(message, addr, protocol, (400, "Bad Request"))

    def data_received(self, data: bytes, component: int) -> None:
        """What is no STUN message: aioice would keep it for ever, for somebody who asks it for data."""

    def selected(self) -> Address:
        """The peer's address in the nominated pair."""
        return self._nominated[COMPONENT].remote_addr


def _candidates(remote: IceDescription, default: Address) -> list[Candidate]:
    found: list[Candidate] = []
    for text in remote.candidates:
        with contextlib.suppress(ValueError, IndexError):
            candidate = Candidate.from_sdp(text)
            if _usable(candidate):
                found.append(candidate)
    if found:
        return found[:MOST_CANDIDATES]
    priority = candidate_priority(COMPONENT, "host")
    return [Candidate("1", COMPONENT, "udp", priority, default[0], default[1], "host")]


def _usable(candidate: Candidate) -> bool:
    """Whether a check can be sent there; no socket takes any other port."""
    udp = candidate.component == COMPONENT and candidate.transport.lower() == "udp"
    return udp and 0 < candidate.port <= 65_535
