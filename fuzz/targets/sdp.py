"""A peer's description: read, written, answered, taken as an answer, and offered again within the session."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from itertools import product

from fuzz.judge import require
from fuzz.wire import SDES_SDP, SDP, SECURE_SDP
from sip_bridge.core.media_security import EncryptionPolicy, Protection
from sip_bridge.core.offer_answer import LocalAudio, NegotiatedAudio, accept_answer, make_answer, make_offer
from sip_bridge.core.sdp import SdpError, SessionDescription
from sip_bridge.core.sdp_values import SUITES, Crypto, Direction, Fingerprint, IceDescription

KEYS = tuple(Crypto(tag, suite, bytes(range(30))) for tag, suite in enumerate(SUITES, start=1))
FINGERPRINT = Fingerprint("sha-256", ":".join(["4A"] * 32))
ICE = IceDescription("abcd", "0123456789abcdefghijkl", ("1 1 udp 2130706431 192.0.2.10 4000 typ host",))
"""Ours."""


def run(data: bytes) -> None:
    """Raises for a finding."""
    try:
        described = SessionDescription.parse(data)
    except SdpError:
        return
    require(
        SessionDescription.parse(str(described)) == described, "written and read it is another description"
    )
    for local in _sides():
        _answered(described, local)
        _as_answer(described, local)


def _sides() -> Iterable[LocalAudio]:
    for policy, ice in product((EncryptionPolicy.OFF, EncryptionPolicy.PREFERRED), (None, ICE)):
        protection = Protection(policy, True, False, KEYS, FINGERPRINT, None)
        yield LocalAudio("192.0.2.10", 4000, 77, ice=ice, protection=protection)


def _answered(offer: SessionDescription, local: LocalAudio) -> None:
    try:
        answer, agreed = make_answer(offer, local)
    except SdpError:
        return
    _sound(answer, agreed)
    require(len(answer.media) == len(offer.media), "an answer has the lines of its offer")
    require([a.kind for a in answer.media] == [o.kind for o in offer.media], "an answer keeps the kinds")
    _again(agreed, local)


def _as_answer(answer: SessionDescription, local: LocalAudio) -> None:
    try:
        agreed = accept_answer(make_offer(local), answer, local)
    except SdpError:
        return
    _sound(agreed.local, agreed)
    _again(agreed, local)


def _again(agreed: NegotiatedAudio, local: LocalAudio) -> None:
    """Hold, within the session: the same lines, a version one higher."""
    with suppress(SdpError):
        wish = replace(local, direction=Direction.SENDONLY, last_sent=agreed.local)
        offer = make_offer(wish, agreed)
        require(len(offer.media) == len(agreed.local.media), "a later offer keeps its lines")
        require(offer.media[agreed.index].port == local.port, "the line in use stays in use")
        _written(offer)
        with suppress(SdpError):
            make_answer(agreed.remote, wish, agreed)


def _sound(ours: SessionDescription, agreed: NegotiatedAudio) -> None:
    _written(ours)
    codec = agreed.codec
    require(
        0 <= codec.payload_type <= 127 and 0 <= codec.receive_payload_type <= 127, "a payload type of 7 bits"
    )
    require(10 <= codec.ptime_ms <= 60, "a packet time that can be sent")
    for address in (agreed.remote_rtp, agreed.remote_rtcp):
        require(0 <= address[1] <= 65_535, "a port of 16 bits")


def _written(description: SessionDescription) -> None:
    """What goes out keeps to its lines and can be read again."""
    again = SessionDescription.parse(bytes(description))
    require(len(again.media) == len(description.media), "a line of ours breaks in two")
    require(bytes(again) == bytes(description), "what we write is read otherwise")


def seeds() -> Iterable[bytes]:
    """Descriptions of phones, browsers and gateways."""
    return SDP, SECURE_SDP, SDES_SDP
