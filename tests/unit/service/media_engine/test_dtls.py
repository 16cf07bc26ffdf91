"""A DTLS server without a network: whose certificate it believes."""

from __future__ import annotations

import pytest
from OpenSSL import SSL

from service.media_engine.dtls import DtlsFailed, DtlsServer
from tests.doubles.engine_peer import IDENTITY
from tests.doubles.odd_certificates import advanced, client_with, odd_certificates


@pytest.mark.parametrize("proved", [True, False])
def test_a_certificate_others_trip_over_is_only_hashed(proved: bool) -> None:
    for certificate, key in odd_certificates():
        known = ("sha-256", certificate.digest("sha256").decode() if proved else "AA:BB")
        server = DtlsServer(IDENTITY, (known,))
        client = client_with(certificate, key)
        said = advanced(client)
        if not proved:
            with pytest.raises(DtlsFailed):
                _until_silent(server, client, said)
            continue
        _until_silent(server, client, said)
        assert server.srtp is not None


def _until_silent(server: DtlsServer, client: SSL.Connection, said: bytes) -> None:
    while said:
        server.receive(said)
        said = advanced(client, *server.outgoing())
