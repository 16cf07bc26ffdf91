"""DTLS 1.2 as a server, and the SRTP keys it agrees on (RFC 5764). Datagrams in, datagrams out; no socket."""

from __future__ import annotations

import datetime
import secrets
from collections.abc import Callable

import pylibsrtp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

CIPHERS = b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384"
PROFILES = {
    b"SRTP_AEAD_AES_128_GCM": (pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12),
    b"SRTP_AES128_CM_SHA1_80": (pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14),
}
"""libsrtp's profile, and the sizes of key and salt in bytes."""

DTLS_1_2 = 0xFEFD

DIGESTS = {"sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
"""Hashes of RFC 8122 by OpenSSL's names."""

RECORD_HEADER = 13
DATAGRAM = 1200
"""Bytes: fits every path that WebRTC does (RFC 8831 §5)."""

REPLAY_WINDOW = 1024
MAX_STREAMS = 16
"""Synchronisation sources one peer may have: libsrtp remembers each."""


class DtlsFailed(Exception):
    """The handshake can't succeed, or the peer is not the one its description named."""


class Identity:
    """This process's self-signed certificate, made anew at each start."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _self_signed(key)
        self.fingerprint = _colons(certificate.fingerprint(hashes.SHA256()))
        self.context = SSL.Context(SSL.DTLS_METHOD)
        self.context.set_min_proto_version(DTLS_1_2)
        self.context.set_max_proto_version(DTLS_1_2)
        self.context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_QUERY_MTU)
        self.context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        self.context.use_certificate(certificate)
        self.context.use_privatekey(key)
        self.context.set_cipher_list(CIPHERS)
        self.context.set_tlsext_use_srtp(b":".join(PROFILES))


class Srtp:
    """Protects and unprotects one peer's packets. pylibsrtp.Error is raised for what is not authentic."""

    def __init__(self, profile: int, incoming: bytes, outgoing: bytes) -> None:
        self._incoming = pylibsrtp.Session(_policy(profile, incoming, pylibsrtp.Policy.SSRC_ANY_INBOUND))
        self._outgoing = pylibsrtp.Session(_policy(profile, outgoing, pylibsrtp.Policy.SSRC_ANY_OUTBOUND))
        self._sources: set[bytes] = set()
        self.protect = self._outgoing.protect
        self.protect_rtcp = self._outgoing.protect_rtcp

    def unprotect(self, data: bytes) -> bytes:
        """An RTP packet. Raises ValueError too, for one that is too long."""
        return self._counted(data[8:12], self._incoming.unprotect, data)

    def unprotect_rtcp(self, data: bytes) -> bytes:
        """A compound RTCP packet."""
        return self._counted(data[4:8], self._incoming.unprotect_rtcp, data)

    def _counted(self, source: bytes, unprotect: Callable[[bytes], bytes], data: bytes) -> bytes:
        if source not in self._sources and len(self._sources) >= MAX_STREAMS:
            raise pylibsrtp.Error("too many sources")
        plain = unprotect(data)
        self._sources.add(source)
        return plain


class DtlsServer:
    """One handshake. After each call, send `outgoing()`; `srtp` is there once the peer has proved itself.

    `fingerprints` are (algorithm, value) from its description (RFC 8122): all that are understood must match,
    and one at least must be.
    """

    def __init__(self, identity: Identity, fingerprints: tuple[tuple[str, str], ...]) -> None:
        self._fingerprints = fingerprints
        self._tls = SSL.Connection(identity.context)
        self._tls.set_ciphertext_mtu(DATAGRAM)
        self._tls.set_accept_state()
        self.srtp: Srtp | None = None
        self.closed = False

    def receive(self, datagram: bytes) -> None:
        """One datagram of DTLS. Raises DtlsFailed."""
        self._tls.bio_write(datagram)
        try:
            if self.srtp is None:
                self._tls.do_handshake()
                self._verify()
                self.srtp = self._keys()
            else:
                self._tls.recv(DATAGRAM)
        except SSL.WantReadError:
            return
        except SSL.ZeroReturnError:
            self.closed = True
        except SSL.Error as error:
            if self.srtp is None:
                raise DtlsFailed(f"handshake: {error}") from error

    def outgoing(self) -> list[bytes]:
        """What is to be sent now, in datagrams of whole records."""
        waiting = b""
        while True:
            try:
                waiting += self._tls.bio_read(65536)
            except SSL.WantReadError:
                return _datagrams(waiting)

    def timeout(self) -> float | None:
        """Seconds until `retransmit` is due, None for never."""
        return self._tls.DTLSv1_get_timeout() if self.srtp is None else None

    def retransmit(self) -> None:
        """The peer has not answered. Raises DtlsFailed after too many."""
        try:
            self._tls.DTLSv1_handle_timeout()
        except SSL.Error as error:
            raise DtlsFailed(f"handshake: {error}") from error

    def close(self) -> None:
        """Say goodbye, so that the other side need not wait for silence."""
        try:
            self._tls.shutdown()
        except SSL.Error:
            return

    def _verify(self) -> None:
        """By the hash of what it sent, unread: OpenSSL takes certificates that others trip over."""
        certificate = self._tls.get_peer_certificate()
        known = [(DIGESTS[name], value) for name, value in self._fingerprints if name in DIGESTS]
        if certificate is None or not known:
            raise DtlsFailed("no certificate or no fingerprint")
        if any(certificate.digest(digest).decode("ascii") != value for digest, value in known):
            raise DtlsFailed("the certificate is not the one of the description")

    def _keys(self) -> Srtp:
        chosen = PROFILES.get(self._tls.get_selected_srtp_profile())
        if chosen is None:
            raise DtlsFailed("no SRTP profile in common")
        profile, key, salt = chosen
        material = self._tls.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        client, server = material[:key], material[key : 2 * key]
        client_salt, server_salt = material[2 * key : 2 * key + salt], material[2 * key + salt :]
        return Srtp(profile, client + client_salt, server + server_salt)


def _policy(profile: int, key: bytes, kind: int) -> pylibsrtp.Policy:
    policy = pylibsrtp.Policy(key=key, ssrc_type=kind, srtp_profile=profile)
    policy.allow_repeat_tx = True
    policy.window_size = REPLAY_WINDOW
    return policy


def _datagrams(records: bytes) -> list[bytes]:
    """DTLS records packed whole into datagrams: one cut in two would be lost (RFC 6347 §4.1.1)."""
    out: list[bytes] = []
    at = 0
    while at + RECORD_HEADER <= len(records):
        size = RECORD_HEADER + int.from_bytes(records[at + 11 : at + 13], "big")
        record = records[at : at + size]
        if out and len(out[-1]) + size <= DATAGRAM:
            out[-1] += record
        else:
            out.append(record)
        at += size
    return out


def _colons(digest: bytes) -> str:
    return ":".join(f"{byte:02X}" for byte in digest)


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(16))])
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=365))
    )
    return builder.sign(key, hashes.SHA256())
