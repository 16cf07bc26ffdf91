"""TLS for SIP (RFC 5922): always 1.2 or newer, always verified, against the name that was asked for."""

from __future__ import annotations

import ssl

import truststore


class BadAuthorityFile(Exception):
    """The CA file is missing, unreadable or holds no certificate; the text names the file."""


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
        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
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
