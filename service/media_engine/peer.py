"""One peer's transport: connectivity checks answered, DTLS, SRTP. The engine's side of a PeerConnection."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

import pylibsrtp

from service.media_engine import stun
from service.media_engine.dtls import DtlsFailed, DtlsServer, Identity, Srtp
from service.media_engine.sdp import Local, Section

SILENT_S = 8.0
"""Without a sign of life this long a peer is dead. Browsers check consent every 2.5 s, aiortc every 6."""

CONNECT_S = 15.0
"""From description to keys."""

MAX_ADDRESSES = 8
"""Candidate pairs one peer may try."""

MAX_EARLY = 4
"""Datagrams of DTLS kept until the description comes: a receiver begins when it has written its answer, which
reaches us after that. Sent again, they would come half a second or a second later."""

MAX_PACKET = 1340
"""Bytes of plain RTP that are forwarded. aiortc makes 1324; pylibsrtp takes 1356, our header included."""

Address = tuple[str, int]


class Wire(Protocol):
    """The socket all peers share."""

    def send(self, data: bytes, address: Address) -> None:
        """One datagram."""
        ...

    def route(self, address: Address, peer: Peer) -> None:
        """From now on what comes from there is this peer's."""
        ...

    def forget(self, peer: Peer) -> None:
        """It is gone."""
        ...


class Peer:
    """Made before its description is known; `expect` tells whom to believe. `now` is monotonic, seconds.

    `on_rtp` and `on_rtcp` are given authentic plain packets, `on_connected` is called once, `on_dead` once,
    with why, unless `close` came first.
    """

    def __init__(self, wire: Wire, identity: Identity, now: float) -> None:
        self._wire = wire
        self._identity = identity
        self.ufrag = secrets.token_hex(6)  # ice-chars know no "-" and no "_" (RFC 8839 section 5.4)
        self.password = secrets.token_hex(16)
        self._dtls: DtlsServer | None = None
        self._dtls_due: float | None = None
        self._early: list[tuple[bytes, Address]] = []
        self.srtp: Srtp | None = None
        self.address: Address | None = None
        self.addresses: set[Address] = set()
        self._heard = now
        self._deadline = now + CONNECT_S
        self.closed = False
        self.on_rtp: Callable[[bytes], None] = lambda _: None
        self.on_rtcp: Callable[[bytes], None] = lambda _: None
        self.on_connected: Callable[[], None] = lambda: None
        self.on_dead: Callable[[str], None] = lambda _: None

    def local(self, address: str, port: int, setup: str) -> Local:
        """Our side for a description."""
        return Local(address, port, self.ufrag, self.password, self._identity.fingerprint, setup)

    def expect(self, remote: Section, now: float) -> None:
        """The description came: these are its certificates."""
        self._dtls = DtlsServer(self._identity, remote.fingerprints)
        self._deadline = now + CONNECT_S
        early, self._early = self._early, []
        for data, address in early:
            self.receive(data, address, now)

    def check(self, request: stun.BindingRequest, address: Address, now: float) -> None:
        """A connectivity check or consent check from there, for our user fragment."""
        if self.closed or not request.signed_with(self.password):
            return
        if request.controlled:
            self._wire.send(stun.role_conflict(request.transaction, self.password), address)
            return
        if address not in self.addresses:
            if len(self.addresses) >= MAX_ADDRESSES:
                return
            self.addresses.add(address)
            self._wire.route(address, self)
        self._heard = now
        if request.nominates or self.address is None:
            self.address = address
        self._wire.send(stun.success(request.transaction, self.password, address), address)

    def receive(self, data: bytes, address: Address, now: float) -> None:
        """A datagram that is not STUN, from an address that proved itself (RFC 7983)."""
        first = data[0]
        if 127 < first < 192 and self.srtp is not None:
            self._receive_srtp(self.srtp, data, now)
        elif 19 < first < 64:
            if self._dtls is not None:
                self._receive_dtls(self._dtls, data, address, now)
            elif len(self._early) < MAX_EARLY and not self.closed:
                self._early.append((data, address))

    def send_rtp(self, data: bytes) -> None:
        """Protect and send; nothing happens before the keys are there. At most MAX_PACKET bytes."""
        if self.srtp is not None and self.address is not None:
            self._wire.send(self.srtp.protect(data), self.address)

    def send_rtcp(self, data: bytes) -> None:
        """The same for RTCP."""
        if self.srtp is not None and self.address is not None:
            self._wire.send(self.srtp.protect_rtcp(data), self.address)

    def fail(self) -> None:
        """Our own code failed on it: it goes, the others stay."""
        self._die("a fault of ours")

    def tick(self, now: float) -> None:
        """Handshake timers, and whether it still lives."""
        if self.srtp is None:
            if now >= self._deadline:
                self._die("no connection in time")
            elif self._dtls is not None and self._dtls_due is not None and now >= self._dtls_due:
                self._retransmit(self._dtls, now)
        elif now - self._heard > SILENT_S:
            self._die("silent")

    def close(self) -> None:
        """End it at once: from here on nothing goes out and nothing comes in."""
        if self.closed:
            return
        self.closed = True
        if self._dtls is not None and self.srtp is not None:
            self._dtls.close()
            self._flush(self._dtls)
        self._wire.forget(self)
        self.srtp = None
        self.address = None

    def _receive_srtp(self, srtp: Srtp, data: bytes, now: float) -> None:
        is_rtcp = 63 < data[1] & 0x7F < 96  # RFC 5761 §4
        try:
            plain = srtp.unprotect_rtcp(data) if is_rtcp else srtp.unprotect(data)
        except (pylibsrtp.Error, ValueError):
            return
        self._heard = now
        if is_rtcp:
            self.on_rtcp(plain)
        else:
            self.on_rtp(plain)

    def _receive_dtls(self, dtls: DtlsServer, data: bytes, address: Address, now: float) -> None:
        was = self.srtp
        try:
            dtls.receive(data)
        except DtlsFailed as error:
            self._flush(dtls)
            self._die(str(error))
            return
        if self.address is None:
            self.address = address
        self.srtp = dtls.srtp
        self._flush(dtls)
        self._schedule(dtls, now)
        if dtls.closed:
            self._die("closed by the peer")
        elif was is None and self.srtp is not None:
            self._heard = now
            self.on_connected()

    def _retransmit(self, dtls: DtlsServer, now: float) -> None:
        try:
            dtls.retransmit()
        except DtlsFailed as error:
            self._die(str(error))
            return
        self._flush(dtls)
        self._schedule(dtls, now)

    def _schedule(self, dtls: DtlsServer, now: float) -> None:
        wait = dtls.timeout()
        self._dtls_due = None if wait is None else now + wait

    def _flush(self, dtls: DtlsServer) -> None:
        for datagram in dtls.outgoing():
            if self.address is not None:
                self._wire.send(datagram, self.address)

    def _die(self, why: str) -> None:
        if not self.closed:
            self.close()
            self.on_dead(why)
