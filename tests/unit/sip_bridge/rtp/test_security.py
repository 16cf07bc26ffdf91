"""A session's keys over its whole life."""

from __future__ import annotations

import os

from sip_bridge.core.media_security import Plain, Sdes
from sip_bridge.core.sdp_values import SUITES, Crypto
from sip_bridge.rtp.latch import Address
from sip_bridge.rtp.packet import audio_packet
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.security import MediaSecurity
from sip_bridge.rtp.srtp import SrtpKeys, SrtpTransform


class Owner:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.changes = 0

    def send_dtls(self, data: bytes, to: Address | None) -> None:
        raise AssertionError("there is no handshake here")

    def peer_proved(self, source: Address) -> None:
        raise AssertionError("there is no handshake here")

    def protection_changed(self) -> None:
        self.changes += 1

    def protection_failed(self) -> None:
        raise AssertionError("nothing can fail here")


def rtp(sequence: int) -> bytes:
    return audio_packet(8, sequence, 160 * sequence, 7, b"hello" * 8, marker=False)


def test_keys_that_come_back_after_a_plain_while_go_on_where_they_stopped() -> None:
    owner = Owner()
    security = MediaSecurity(MediaPolicy(signalling_secure=True, dtls=False), os.urandom, owner)
    ours, theirs = security.protection().keys[0], Crypto(1, SUITES[0], bytes(30))
    peer = SrtpTransform(SrtpKeys.from_sdes(Sdes(theirs, ours)))
    security.apply(Sdes(ours, theirs))
    first = security.transform.protect(rtp(0))
    assert first is not None and peer.unprotect(first) == rtp(0)
    for sequence in (30_000, 60_000, 65_535, 1):
        sealed = security.transform.protect(rtp(sequence))
        assert sealed is not None and peer.unprotect(sealed) == rtp(sequence)
    security.apply(Plain())
    assert (security.method, security.transform.protect(rtp(2))) == ("", rtp(2))
    security.apply(Sdes(ours, theirs))
    again = security.transform.protect(rtp(3))
    assert again is not None and peer.unprotect(again) == rtp(3), "the rollover counter went on"
    assert security.method == "sdes"
    assert owner.changes == 3
