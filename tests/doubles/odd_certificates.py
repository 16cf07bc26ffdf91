"""Certificates that OpenSSL takes and stricter readers refuse: anybody can show one in a handshake."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL, crypto

from sip_bridge.rtp.certificate import DtlsCertificate

PROFILES = b"SRTP_AES128_CM_SHA1_80"


def odd_certificates() -> Iterator[tuple[crypto.X509, ec.EllipticCurvePrivateKey]]:
    """One of a version there is not, one of no date."""
    good = DtlsCertificate.generate()
    encoded = good.certificate.public_bytes(Encoding.DER)
    version = encoded.index(b"\xa0\x03\x02\x01\x02") + 4
    date = encoded.index(b"Z")
    for changed in (
        encoded[:version] + b"\x07" + encoded[version + 1 :],
        encoded[: date - 2] + b"99" + encoded[date:],
    ):
        yield crypto.load_certificate(crypto.FILETYPE_ASN1, changed), good.key


def client_with(certificate: crypto.X509, key: ec.EllipticCurvePrivateKey) -> SSL.Connection:
    """A DTLS client that shows this certificate."""
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_options(SSL.OP_NO_QUERY_MTU)
    context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
    with warnings.catch_warnings():
        # What replaces this reads the certificate, and would refuse it.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_tlsext_use_srtp(PROFILES)
    client = SSL.Connection(context)
    client.set_ciphertext_mtu(1200)
    client.set_connect_state()
    return client


def advanced(client: SSL.Connection, *datagrams: bytes) -> bytes:
    """What it says after these; empty for nothing."""
    for datagram in datagrams:
        client.bio_write(datagram)
    with suppress(SSL.Error):
        client.do_handshake()
    try:
        return client.bio_read(65_536)
    except SSL.WantReadError:
        return b""
