"""SRTP: what passes, what is dropped, what goes on after new keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.media_security import Sdes
from sip_bridge.core.sdp_values import SUITES, Crypto
from sip_bridge.rtp.packet import audio_packet
from sip_bridge.rtp.rtcp_packet import ReceiverReport
from sip_bridge.rtp.srtp import RTCP_TAG, RTP_TAG, SrtpKeys, SrtpTransform
from sip_bridge.rtp.transform import PlainTransform, ShutTransform


def keys(suite: str, mki_length: int = 0) -> tuple[SrtpKeys, SrtpKeys]:
    ours, theirs = Crypto(1, suite, bytes(range(30))), Crypto(1, suite, bytes(range(30, 60)))
    return (
        SrtpKeys.from_sdes(Sdes(ours, replace(theirs, mki_length=mki_length))),
        SrtpKeys.from_sdes(Sdes(theirs, ours)),
    )


def rtp(sequence: int) -> bytes:
    return audio_packet(8, sequence & 0xFFFF, 160 * sequence, 7, b"hello" * 8, marker=False)


@pytest.mark.parametrize("suite", SUITES)
def test_both_ways_and_reports(suite: str) -> None:
    mine, theirs = keys(suite)
    alice, bob = SrtpTransform(mine), SrtpTransform(theirs)
    for one, other in ((alice, bob), (bob, alice)):
        sealed = one.protect(rtp(1))
        assert sealed is not None and b"hello" not in sealed
        assert other.unprotect(sealed) == rtp(1)
        report = bytes(ReceiverReport(7))
        sealed_report = one.protect_rtcp(report)
        assert sealed_report is not None and other.unprotect_rtcp(sealed_report) == report


@pytest.mark.parametrize("suite", SUITES)
def test_a_key_identifier_in_packets_is_taken_off(suite: str) -> None:
    mine, theirs = keys(suite, mki_length=4)
    alice, bob = SrtpTransform(mine), SrtpTransform(theirs)
    tag = RTP_TAG[mine.profile]
    sealed, report = bob.protect(rtp(1)), bob.protect_rtcp(bytes(ReceiverReport(7)))
    assert sealed is not None and report is not None
    assert alice.unprotect(sealed[:-tag] + b"mki!" + sealed[-tag:]) == rtp(1)
    assert alice.unprotect_rtcp(report[:-RTCP_TAG] + b"mki!" + report[-RTCP_TAG:]) == bytes(ReceiverReport(7))


def test_forged_replayed_and_oversized_packets_are_dropped_and_counted() -> None:
    mine, theirs = keys(SUITES[0])
    alice, bob = SrtpTransform(mine), SrtpTransform(theirs)
    sealed = alice.protect(rtp(1))
    assert sealed is not None
    assert bob.unprotect(sealed[:-1] + bytes([sealed[-1] ^ 1])) is None
    assert bob.unprotect(sealed) == rtp(1)
    assert bob.unprotect(sealed) is None
    assert bob.unprotect(rtp(2)) is None
    assert bob.unprotect(bytes(2000)) is None and bob.unprotect_rtcp(b"") is None
    assert bob.rejected == 5
    assert alice.protect(bytes(2000)) is None


def test_the_rollover_counter_survives_a_new_negotiation_with_the_same_keys() -> None:
    mine, theirs = keys(SUITES[0])
    alice, bob = SrtpTransform(mine), SrtpTransform(theirs)
    for sequence in range(65_530, 65_545):
        sealed = alice.protect(rtp(sequence))
        assert sealed is not None and bob.unprotect(sealed) == rtp(sequence)
    alice, bob = SrtpTransform(mine, alice), SrtpTransform(theirs, bob)
    sealed = alice.protect(rtp(65_545))
    assert sealed is not None and bob.unprotect(sealed) == rtp(65_545)


def test_one_new_key_leaves_the_other_direction_alone() -> None:
    mine, theirs = keys(SUITES[0])
    alice, bob = SrtpTransform(mine), SrtpTransform(theirs)
    bob.protect(rtp(1))
    fresh = bytes(30)
    alice, bob = (
        SrtpTransform(replace(mine, receive=fresh), alice),
        SrtpTransform(replace(theirs, send=fresh), bob),
    )
    for one, other in ((alice, bob), (bob, alice)):
        sealed = one.protect(rtp(9))
        assert sealed is not None and other.unprotect(sealed) == rtp(9)


def test_keys_never_show() -> None:
    assert "x01" not in repr(keys(SUITES[0])[0])


def test_plain_passes_everything_and_shut_nothing() -> None:
    plain, shut = PlainTransform(), ShutTransform()
    for packet in (rtp(1), b""):
        assert plain.protect(packet) == plain.unprotect(packet) == packet
        assert plain.protect_rtcp(packet) == plain.unprotect_rtcp(packet) == packet
        assert shut.protect(packet) is shut.unprotect(packet) is None
