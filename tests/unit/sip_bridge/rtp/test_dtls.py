"""A DTLS association without a network."""

from __future__ import annotations

import pytest

from sip_bridge.core.sdp_values import Fingerprint
from sip_bridge.rtp import dtls
from sip_bridge.rtp.certificate import DtlsCertificate, fingerprint_of
from sip_bridge.rtp.dtls import DtlsAssociation, DtlsState
from tests.doubles.odd_certificates import advanced, client_with, odd_certificates


class Pair:
    """A client and a server whose datagrams pass through this test's hands."""

    def __init__(self, *, client_knows: Fingerprint | None = None) -> None:
        mine, theirs = DtlsCertificate.generate(), DtlsCertificate.generate()
        self.to_server: list[bytes] = []
        self.to_client: list[bytes] = []
        self.client = DtlsAssociation(
            mine, (client_knows or theirs.fingerprint,), client=True, send=self.to_server.append
        )
        self.server = DtlsAssociation(theirs, (mine.fingerprint,), client=False, send=self.to_client.append)

    def run(self) -> None:
        while self.to_server or self.to_client:
            while self.to_server:
                self.server.receive(self.to_server.pop(0))
            while self.to_client:
                self.client.receive(self.to_client.pop(0))


def states(pair: Pair) -> list[DtlsState]:
    """The client's and the server's."""
    return [pair.client.state, pair.server.state]


def test_both_sides_make_the_same_keys() -> None:
    pair = Pair()
    assert pair.server.timeout is None
    pair.client.start()
    pair.server.start()
    waits = pair.client.timeout
    assert waits is not None and waits > 0
    pair.run()
    assert states(pair) == [DtlsState.CONNECTED] * 2
    assert pair.client.timeout is None
    one, other = pair.client.keys, pair.server.keys
    assert one is not None and other is not None
    assert (one.send, one.receive, one.profile) == (other.receive, other.send, other.profile)
    assert one.send != one.receive


def test_an_unproved_peer_is_refused() -> None:
    pair = Pair(client_knows=Fingerprint("sha-256", "00:11"))
    pair.client.start()
    pair.run()
    assert pair.client.state is DtlsState.FAILED and pair.client.keys is None
    pair.client.receive(b"\x16")
    assert pair.client.state is DtlsState.FAILED


def test_any_strong_hash_proves() -> None:
    certificate = DtlsCertificate.generate()
    for algorithm in ("sha-256", "sha-384", "sha-512"):
        known = fingerprint_of(certificate.certificate, algorithm)
        assert known.algorithm == algorithm and known.value == known.value.upper()
    assert certificate.fingerprint == fingerprint_of(certificate.certificate, "sha-256")


def test_garbage_changes_nothing() -> None:
    pair = Pair()
    pair.client.start()
    pair.server.receive(b"\x16garbage" * 9)
    pair.client.receive(b"\x00" * 40)
    pair.run()
    assert states(pair) == [DtlsState.CONNECTED] * 2
    pair.client.receive(b"\x17\xfe\xfd" + bytes(20))
    assert pair.client.state is DtlsState.CONNECTED


def test_goodbye() -> None:
    pair = Pair()
    pair.client.close()
    assert pair.client.state is DtlsState.HANDSHAKE and pair.to_server == []
    pair.client.start()
    pair.run()
    pair.client.close()
    pair.run()
    assert states(pair) == [DtlsState.CLOSED] * 2


def test_a_repeat_before_its_time_sends_nothing() -> None:
    pair = Pair()
    pair.client.start()
    pair.to_server.clear()
    pair.client.retransmit()
    assert pair.to_server == [] and pair.client.state is DtlsState.HANDSHAKE


def test_a_flight_above_the_limit_goes_in_several_datagrams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dtls, "MTU", 260)
    pair = Pair()
    pair.client.start()
    sizes: list[int] = []
    while pair.to_server or pair.to_client:
        sizes += [len(datagram) for datagram in (*pair.to_server, *pair.to_client)]
        pair.server.receive(pair.to_server.pop(0)) if pair.to_server else pair.client.receive(
            pair.to_client.pop(0)
        )
    assert states(pair) == [DtlsState.CONNECTED] * 2
    assert 200 < max(sizes) <= 260


@pytest.mark.parametrize("proved", [True, False])
def test_a_certificate_others_trip_over_is_only_hashed(proved: bool) -> None:
    for certificate, key in odd_certificates():
        known = Fingerprint("sha-384", certificate.digest("sha384" if proved else "sha256").decode())
        answers: list[bytes] = []
        server = DtlsAssociation(DtlsCertificate.generate(), (known,), client=False, send=answers.append)
        client = client_with(certificate, key)
        said = advanced(client)
        while said:
            server.receive(said)
            said = advanced(client, *answers)
            answers.clear()
        assert server.state is (DtlsState.CONNECTED if proved else DtlsState.FAILED)
