"""TLS for SIP (RFC 5922): always 1.2 or newer, always verified, against the name that was asked for."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where Linux systems keep their authorities, for an OpenSSL that was built on another one."""


class BadAuthorityFile(Exception):
    """The CA file is missing, unreadable or holds no certificate; the text names the file."""


def system_context() -> ssl.SSLContext:
    """A client context that trusts the operating system's authorities.

    Windows and macOS are asked at each handshake. On Linux the authorities are read here, once: some 40 ms,
    which a library that reads them at each handshake would take from a running call.
    """
    if sys.platform in ("win32", "darwin"):
        import truststore

        return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_default_verify_paths()
    if ssl.get_default_verify_paths().cafile is None:
        bundle = next((path for path in BUNDLES if Path(path).is_file()), None)
        if bundle is not None:
            context.load_verify_locations(cafile=bundle)
    return context


def make_context(ca_file: str = "") -> ssl.SSLContext:
    """A client context that trusts the operating system's authorities, and those of `ca_file` besides.

    Raises BadAuthorityFile.
    """
    if ca_file:
        context = ssl.create_default_context()
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as failure:
            raise BadAuthorityFile(ca_file) from failure
    else:
        context = system_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def certificate_refused(failure: BaseException) -> bool:
    """Whether a handshake failed because of who the peer is, not because it speaks no TLS."""
    return isinstance(failure, ssl.SSLCertVerificationError | ssl.CertificateError)


def reason(failure: BaseException) -> str:
    """OpenSSL's own words, for the log."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return f"{failure.verify_message} ({failure.verify_code})"
    return str(failure) or type(failure).__name__
