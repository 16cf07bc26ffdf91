"""A DTLS association that makes SRTP keys (RFC 5764): datagrams in, datagrams and keys out, no socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import pylibsrtp
from OpenSSL import SSL, crypto

from sip_bridge.core.sdp_values import Fingerprint
from sip_bridge.rtp.certificate import HASHES, DtlsCertificate
from sip_bridge.rtp.srtp import SrtpKeys

MTU = 1_200
"""Largest datagram of a handshake, in bytes."""

RECORD_HEADER = 13
DTLS_1_2 = 0xFEFD
LABEL = b"EXTRACTOR-dtls_srtp"
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)


@dataclass(frozen=True, slots=True)
class _Profile:
    """A protection profile (RFC 5764 section 4.1.2, RFC 7714): names and sizes of master key and salt."""

    openssl: bytes
    libsrtp: int
    key: int
    salt: int


_ALL_PROFILES = (
    _Profile(b"SRTP_AEAD_AES_256_GCM", pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM, 32, 12),
    _Profile(b"SRTP_AEAD_AES_128_GCM", pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    _Profile(b"SRTP_AES128_CM_SHA1_80", pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
    _Profile(b"SRTP_AES128_CM_SHA1_32", pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32, 16, 14),
)


class DtlsState(Enum):
    """How far the association has come."""

    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"


class DtlsAssociation:
    """One association in one role. The peer is believed only if its certificate has one of `fingerprints`.

    `send` is called with each datagram. After `start` (or the first `receive`) look at `timeout` and call
    `retransmit` when it has passed.
    """

    def __init__(
        self,
        certificate: DtlsCertificate,
        fingerprints: tuple[Fingerprint, ...],
        *,
        client: bool,
        send: Callable[[bytes], None],
    ) -> None:
        self.client = client
        self.fingerprints = fingerprints
        self.state = DtlsState.HANDSHAKE
        self.keys: SrtpKeys | None = None
        self._send = send
        self._ssl = SSL.Connection(_context(certificate))
        self._ssl.set_ciphertext_mtu(MTU)
        if client:
            self._ssl.set_connect_state()
        else:
            self._ssl.set_accept_state()

    def start(self) -> None:
        """The client speaks first; the server waits."""
        if self.client:
            self._advance()

    def receive(self, datagram: bytes) -> None:
        """Take a datagram of the peer's; garbage is ignored by the record layer."""
        if self.state in (DtlsState.FAILED, DtlsState.CLOSED):
            return
        self._ssl.bio_write(datagram)
        self._advance()

    @property
    def timeout(self) -> float | None:
        """Seconds until `retransmit` is due; None where nothing is awaited."""
        if self.state is not DtlsState.HANDSHAKE:
            return None
        left: float | None = self._ssl.DTLSv1_get_timeout()
        return left

    def retransmit(self) -> None:
        """Repeat the last flight (RFC 6347 section 4.2.4)."""
        try:
            self._ssl.DTLSv1_handle_timeout()
        except SSL.Error:
            self.state = DtlsState.FAILED
        self._flush()

    def close(self) -> None:
        """Tell the peer that this is over."""
        if self.state is DtlsState.CONNECTED:
            self.state = DtlsState.CLOSED
            try:
                self._ssl.shutdown()
            except SSL.Error:
                return
            self._flush()

    def _advance(self) -> None:
        try:
            if self.state is DtlsState.HANDSHAKE:
                self._ssl.do_handshake()
                self._finish()
            else:
                # Reading makes the record layer repeat our last flight if the peer missed it.
                self._ssl.recv(1)
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.state = DtlsState.CLOSED
        except SSL.Error:
            self.state = DtlsState.FAILED
        self._flush()

    def _finish(self) -> None:
        self.state = DtlsState.FAILED
        if self._peer_is_proved() and (profile := self._profile()) is not None:
            self.keys = self._export(profile)
            self.state = DtlsState.CONNECTED

    def _peer_is_proved(self) -> bool:
        """By the hash of what it sent, unread: OpenSSL takes certificates that others trip over."""
        certificate = self._ssl.get_peer_certificate()
        if certificate is None:
            return False
        known = (one for one in self.fingerprints if one.algorithm in HASHES)
        return any(_hash_of(certificate, one.algorithm) == one.value for one in known)

    def _profile(self) -> _Profile | None:
        name = self._ssl.get_selected_srtp_profile()
        return next((profile for profile in _ALL_PROFILES if profile.openssl == name), None)

    def _export(self, profile: _Profile) -> SrtpKeys:
        """RFC 5764 section 4.2: both keys, then both salts, the client's first."""
        block = self._ssl.export_keying_material(LABEL, 2 * (profile.key + profile.salt))
        keys, salts = block[: 2 * profile.key], block[2 * profile.key :]
        clients = keys[: profile.key] + salts[: profile.salt]
        servers = keys[profile.key :] + salts[profile.salt :]
        if self.client:
            return SrtpKeys(clients, servers, profile.libsrtp)
        return SrtpKeys(servers, clients, profile.libsrtp)

    def _flush(self) -> None:
        try:
            waiting = self._ssl.bio_read(65_536)
        except SSL.WantReadError:
            return
        for datagram in _datagrams(waiting):
            self._send(datagram)


def _hash_of(certificate: crypto.X509, algorithm: str) -> str:
    """As a fingerprint has it; `algorithm` is one of HASHES."""
    return certificate.digest(algorithm.replace("-", "")).decode("ascii")


def is_client_hello(datagram: bytes) -> bool:
    """Whether a handshake begins here (RFC 6347 section 4.2.2)."""
    return len(datagram) > RECORD_HEADER and datagram[0] == 22 and datagram[RECORD_HEADER] == 1


def _datagrams(records: bytes) -> Iterator[bytes]:
    """Cut OpenSSL's run of records into datagrams at record borders."""
    start = end = 0
    while end + RECORD_HEADER <= len(records):
        after = end + RECORD_HEADER + int.from_bytes(records[end + 11 : end + 13])
        if end > start and after - start > MTU:
            yield records[start:end]
            start = end
        end = after
    if end > start:
        yield records[start:end]


def _speakable() -> tuple[_Profile, ...]:
    """The profiles this build of libsrtp knows; GCM may be missing."""
    found: list[_Profile] = []
    for profile in _ALL_PROFILES:
        try:
            pylibsrtp.Policy(srtp_profile=profile.libsrtp)
        except pylibsrtp.Error:
            continue
        found.append(profile)
    return tuple(found)


def _context(certificate: DtlsCertificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(DTLS_1_2)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
    # Who the peer is, is decided by its fingerprint after the handshake.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.use_certificate(certificate.certificate)
    context.use_privatekey(certificate.key)
    context.set_cipher_list(CIPHERS)
    context.set_tlsext_use_srtp(b":".join(profile.openssl for profile in _speakable()))
    return context
