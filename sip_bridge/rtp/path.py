"""The way packets take between this machine and the peer: sockets, addresses, demultiplexing."""

from __future__ import annotations

from typing import Protocol

from sip_bridge.core.offer_answer import UNSPECIFIED
from sip_bridge.rtp.ice import IceLink
from sip_bridge.rtp.latch import Latch
from sip_bridge.rtp.packet import is_rtcp
from sip_bridge.rtp.ports import open_pair
from sip_bridge.rtp.sockets import Address, MediaSocket

Ports = tuple[int, int] | None


class Listener(Protocol):
    """Who gets what a path hears."""

    def hear_rtp(self, data: bytes, source: Address, path: MediaPath) -> None:
        """An RTP or SRTP datagram."""
        ...

    def hear_rtcp(self, data: bytes, source: Address, path: MediaPath) -> None:
        """An RTCP or SRTCP datagram."""
        ...

    def hear_dtls(self, data: bytes, source: Address, path: MediaPath) -> None:
        """A DTLS record."""
        ...


class MediaPath:
    """One pair of sockets at one local address, and where the peer is."""

    def __init__(self, local_ip: str, listener: Listener) -> None:
        self.local_ip = local_ip
        self.latch = Latch()
        self.rtcp_mux = True
        self.ice: IceLink | None = None
        self._listener = listener
        self._rtcp_target: Address | None = None
        self._rtp_socket: MediaSocket
        self._rtcp_socket: MediaSocket

    async def open(self, ports: Ports) -> None:
        """Bind. Raises NoMediaPort."""
        self._rtp_socket, self._rtcp_socket = await open_pair(
            self.local_ip, ports, self.receive, self._receive_rtcp
        )

    @property
    def address(self) -> str:
        """The local address as a description writes it, without an IPv6 zone."""
        return self.local_ip.partition("%")[0]

    @property
    def port(self) -> int:
        """Our RTP port."""
        return self._rtp_socket.port

    @property
    def rtcp_port(self) -> int:
        """Our RTCP port where it is not multiplexed."""
        return self._rtcp_socket.port

    def describe(self, rtp: Address, rtcp: Address, *, rtcp_mux: bool) -> None:
        """What the peer's description says about its addresses."""
        self.latch.describe(_reachable(rtp))
        self._rtcp_target = _reachable(rtcp)
        self.rtcp_mux = rtcp_mux

    def await_ice(self) -> None:
        """Send nothing until ICE has found a pair."""
        self.latch.describe(None)
        self._rtcp_target = None
        self.rtcp_mux = True

    def select(self, peer: Address) -> None:
        """ICE found this address and proved that it is the peer's."""
        self.latch.describe(peer)
        self.latch.heard = True

    async def gather_ice(self, stun_server: Address | None, *, controlling: bool) -> None:
        """Prepare ICE with fresh credentials; who offers controls (RFC 8445 section 6.1.1)."""
        await self.forget_ice()
        self.ice = IceLink(self._rtp_socket, self.local_ip, stun_server, controlling=controlling)
        await self.ice.gather()

    async def forget_ice(self) -> None:
        """Stop all checks."""
        if self.ice is not None:
            await self.ice.close()
            self.ice = None

    @property
    def arrived(self) -> float:
        """When the datagram came that the listener is being told of, by the loop's clock."""
        return self._rtp_socket.arrived

    def fetch(self) -> None:
        """Take in what has come on the RTP port, see MediaSocket."""
        self._rtp_socket.fetch()

    def wake(self) -> None:
        """Hear of datagrams as they come, until the next `fetch`."""
        self._rtp_socket.wake()

    def send_dtls(self, data: bytes, to: Address | None) -> None:
        """To where a handshake came from, or to where the peer is."""
        target = to or self.latch.target
        if target is not None:
            self._rtp_socket.send(data, target)

    def send_rtp(self, data: bytes) -> None:
        """Send where the peer is; nowhere while that is unknown."""
        if (target := self.latch.target) is not None:
            self._rtp_socket.send(data, target)

    def send_rtcp(self, data: bytes) -> None:
        """Send a report on the shared port or on its own."""
        if self.rtcp_mux:
            self.send_rtp(data)
        elif self._rtcp_target is not None:
            self._rtcp_socket.send(data, self._rtcp_target)

    def proved(self, peer: Address) -> None:
        """A handshake that came from there has proved the peer: its address is the real one."""
        self.latch.admit(peer, proven=True, continues=False)

    def may_report(self, source: Address) -> bool:
        """Whether a report that nothing proves may be believed: only from the peer's own machine."""
        known = (self.latch.target, self._rtcp_target)
        return any(address is not None and address[0] == source[0] for address in known)

    def rtcp_came_from(self, source: Address) -> None:
        """A valid report came: behind a translator reports go back where they come from."""
        target = self.latch.target
        if not self.rtcp_mux and target is not None and source[0] == target[0]:
            self._rtcp_target = source

    def receive(self, data: bytes, source: Address) -> None:
        """Tell datagrams apart by their first byte (RFC 7983)."""
        first = data[0] if data else 255
        if 128 <= first <= 191:
            if is_rtcp(data):
                self._listener.hear_rtcp(data, source, self)
            else:
                self._listener.hear_rtp(data, source, self)
        elif first < 4:
            if self.ice is not None:
                self.ice.receive(data, source)
        elif 20 <= first <= 63:
            self._listener.hear_dtls(data, source, self)

    def _receive_rtcp(self, data: bytes, source: Address) -> None:
        if data and 128 <= data[0] <= 191 and is_rtcp(data):
            self._listener.hear_rtcp(data, source, self)

    def shut(self) -> None:
        """Close both sockets; nothing is heard or sent any more."""
        self._rtp_socket.close()
        self._rtcp_socket.close()

    async def close(self) -> None:
        """Close, and wait until the system has the ports back."""
        self.shut()
        await self.forget_ice()
        await self._rtp_socket.closed.wait()
        await self._rtcp_socket.closed.wait()


def _reachable(address: Address) -> Address | None:
    """None for the address of the old hold and for port 0: sending there would reach somebody else."""
    return None if address[0] in UNSPECIFIED or address[1] == 0 else address
