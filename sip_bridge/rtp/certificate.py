"""A session's own certificate for DTLS: proved by its fingerprint in the description, not by an authority."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sip_bridge.core.sdp_values import Fingerprint

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}
LIFETIME = datetime.timedelta(days=30)
CLOCK_SKEW = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DtlsCertificate:
    """A P-256 key and what it signed for itself; a fresh one per session, so that calls can't be linked."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def generate(cls) -> DtlsCertificate:
        """A fresh one; takes well under a millisecond."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "media")])
        now = datetime.datetime.now(datetime.UTC)
        builder = x509.CertificateBuilder(
            issuer_name=name,
            subject_name=name,
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - CLOCK_SKEW,
            not_valid_after=now + LIFETIME,
        )
        return cls(key, builder.sign(key, hashes.SHA256()))

    @property
    def fingerprint(self) -> Fingerprint:
        """What the description says."""
        return fingerprint_of(self.certificate, "sha-256")


def fingerprint_of(certificate: x509.Certificate, algorithm: str) -> Fingerprint:
    """The hash of a certificate; `algorithm` is one of HASHES."""
    return Fingerprint(algorithm, certificate.fingerprint(HASHES[algorithm]).hex(":").upper())
