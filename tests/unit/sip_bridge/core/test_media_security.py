"""Encryption of media: what is offered, what is accepted, and every downgrade trick refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sip_bridge.core.media_security import (
    BadAnswer,
    Dtls,
    EncryptionPolicy,
    EncryptionRequired,
    EncryptionUnavailable,
    Plain,
    Protection,
    Sdes,
)
from sip_bridge.core.offer_answer import LocalAudio, NegotiatedAudio, accept_answer, make_answer, make_offer
from sip_bridge.core.sdp import Attribute, SdpError, SessionDescription
from sip_bridge.core.sdp_values import Crypto, Fingerprint

S80, S32 = "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
PRINT = Fingerprint("sha-256", "AA:BB")
REQUIRED, PREFERRED, OFF = EncryptionPolicy.REQUIRED, EncryptionPolicy.PREFERRED, EncryptionPolicy.OFF


def keys(fill: int) -> tuple[Crypto, ...]:
    return Crypto(1, S80, bytes([fill]) * 30), Crypto(2, S32, bytes([fill + 1]) * 30)


SDES_ONLY = Protection(PREFERRED, signalling_secure=True, keys=keys(10))
DTLS_ONLY = Protection(PREFERRED, signalling_secure=True, fingerprint=PRINT)
ALICE = LocalAudio("192.0.2.1", 4000, 1, codecs=("PCMA",))
BOB = LocalAudio("192.0.2.2", 5000, 2, codecs=("PCMA",))


def with_protection(local: LocalAudio, protection: Protection) -> LocalAudio:
    return replace(local, protection=protection)


def agree(alice: Protection, bob: Protection) -> tuple[NegotiatedAudio, NegotiatedAudio]:
    offer = make_offer(with_protection(ALICE, alice))
    answer, bobs = make_answer(SessionDescription.parse(bytes(offer)), with_protection(BOB, bob))
    return accept_answer(offer, answer, with_protection(ALICE, alice)), bobs


def answered(offer_by: Protection, *lines: str, protocol: str = "RTP/SAVP") -> NegotiatedAudio:
    """What we make of an answer with these attributes to our offer."""
    local = with_protection(ALICE, offer_by)
    offer = make_offer(local)
    attributes = tuple(Attribute.parse(line) for line in lines)
    media = replace(offer.media[0], protocol=protocol, attributes=attributes)
    return accept_answer(offer, replace(offer, media=(media,)), local)


def offered_to(by: Protection, *lines: str, protocol: str = "RTP/SAVP") -> NegotiatedAudio:
    """How we answer an offer with these attributes."""
    media = make_offer(with_protection(ALICE, Protection(OFF))).media[0]
    attributes = tuple(Attribute.parse(line) for line in lines)
    session = replace(
        make_offer(with_protection(ALICE, Protection(OFF))),
        media=(replace(media, protocol=protocol, attributes=attributes),),
    )
    return make_answer(session, with_protection(BOB, by))[1]


def crypto(tag: int = 1, suite: str = S80, fill: int = 77, tail: str = "") -> str:
    return f"crypto:{Crypto(tag, suite, bytes([fill]) * 30)}{tail}"


FINGERPRINT = "fingerprint:sha-256 CC:DD"


@pytest.mark.parametrize("policy", [REQUIRED, PREFERRED])
def test_sdes_under_tls(policy: EncryptionPolicy) -> None:
    alices, bobs = agree(replace(SDES_ONLY, policy=policy), replace(SDES_ONLY, keys=keys(50)))
    assert isinstance(alices.keying, Sdes) and isinstance(bobs.keying, Sdes)
    assert alices.keying.local == keys(10)[0] and alices.keying.remote.key == bytes([50]) * 30
    assert bobs.keying.local == alices.keying.remote and bobs.keying.remote == alices.keying.local
    assert alices.encryption == bobs.encryption == ("sdes", True)
    assert alices.local.media[0].protocol == ("RTP/SAVP" if policy is REQUIRED else "RTP/AVP")


@pytest.mark.parametrize("policy", [REQUIRED, PREFERRED])
def test_dtls(policy: EncryptionPolicy) -> None:
    alices, bobs = agree(replace(DTLS_ONLY, policy=policy), DTLS_ONLY)
    assert alices.keying == Dtls(client=False, fingerprints=(PRINT,))
    assert bobs.keying == Dtls(client=True, fingerprints=(PRINT,))
    assert alices.local.media[0].protocol == ("UDP/TLS/RTP/SAVP" if policy is REQUIRED else "RTP/AVP")
    assert alices.encryption == ("dtls", True)


def test_dtls_goes_before_sdes_when_we_answer() -> None:
    both = replace(SDES_ONLY, fingerprint=PRINT)
    assert offered_to(both, crypto(), FINGERPRINT, "setup:actpass").encryption == ("dtls", True)


@pytest.mark.parametrize(
    ("setup", "client"), [("actpass", True), ("passive", True), ("active", False), ("ACTIVE ", False)]
)
def test_dtls_roles(setup: str, client: bool) -> None:
    agreed = offered_to(DTLS_ONLY, FINGERPRINT, f"setup:{setup}", protocol="UDP/TLS/RTP/SAVPF")
    assert isinstance(agreed.keying, Dtls) and agreed.keying.client is client
    assert agreed.local.media[0].get("setup") == ("active" if client else "passive")
    assert agreed.local.media[0].protocol == "UDP/TLS/RTP/SAVPF"
    ours = answered(DTLS_ONLY, FINGERPRINT, f"setup:{setup}", protocol="RTP/AVP").keying
    assert isinstance(ours, Dtls) and ours.client is client


def test_a_running_association_keeps_its_roles() -> None:
    peer = Fingerprint("sha-256", "CC:DD")
    for running, client in (
        (Dtls(client=False, fingerprints=(peer,)), False),
        (Dtls(client=True, fingerprints=(peer,)), True),
        (Dtls(client=False, fingerprints=(PRINT,)), True),
    ):
        keying = offered_to(replace(DTLS_ONLY, running=running), FINGERPRINT, "setup:actpass").keying
        assert isinstance(keying, Dtls) and keying.client is client


def test_without_tls_the_lock_stays_open() -> None:
    insecure = replace(DTLS_ONLY, signalling_secure=False)
    assert agree(insecure, insecure)[0].encryption == ("dtls", False)


def test_sdes_is_never_spoken_of_without_tls() -> None:
    insecure = replace(SDES_ONLY, signalling_secure=False)
    assert "crypto" not in str(make_offer(with_protection(ALICE, insecure)))
    with pytest.raises(EncryptionUnavailable):
        offered_to(insecure, crypto())
    with pytest.raises(EncryptionRequired):
        make_offer(with_protection(ALICE, replace(insecure, policy=REQUIRED)))
    allowed = replace(insecure, sdes_without_tls=True)
    assert offered_to(allowed, crypto()).encryption == ("sdes", False)


def test_off_offers_nothing_and_accepts_only_plain() -> None:
    off = Protection(OFF, signalling_secure=True, keys=keys(1), fingerprint=PRINT)
    text = str(make_offer(with_protection(ALICE, off)))
    assert "crypto" not in text and "fingerprint" not in text
    assert isinstance(offered_to(off, crypto(), FINGERPRINT, protocol="RTP/AVP").keying, Plain)
    with pytest.raises(EncryptionUnavailable):
        offered_to(off, crypto())


def test_preferred_takes_plain_from_a_peer_that_has_nothing() -> None:
    alices, bobs = agree(replace(SDES_ONLY, fingerprint=PRINT), Protection(OFF))
    assert alices.encryption == bobs.encryption == ("", False)


def test_the_peers_tag_and_suite_are_answered_with_our_key_for_it() -> None:
    agreed = offered_to(SDES_ONLY, crypto(5, "F8_128_HMAC_SHA1_80"), crypto(7, S32))
    assert isinstance(agreed.keying, Sdes)
    assert (agreed.keying.local.tag, agreed.keying.local.key) == (7, keys(10)[1].key)
    assert agreed.local.media[0].get_all("crypto") == [str(agreed.keying.local)]


def test_lifetime_and_key_identifier_are_tolerated() -> None:
    agreed = answered(SDES_ONLY, crypto(tail="|2^31|1:4"), protocol="RTP/AVP")
    assert isinstance(agreed.keying, Sdes) and agreed.keying.remote.mki_length == 4


def test_of_two_audio_lines_the_protected_one_is_taken() -> None:
    base = make_offer(with_protection(ALICE, Protection(OFF)))
    plain = base.media[0]
    secure = replace(plain, protocol="RTP/SAVP", attributes=(*plain.attributes, Attribute.parse(crypto())))
    for lines, index in (((plain, secure), 1), ((secure, plain), 0)):
        _, agreed = make_answer(replace(base, media=lines), with_protection(BOB, SDES_ONLY))
        assert agreed.index == index
        _, agreed = make_answer(replace(base, media=lines), with_protection(BOB, Protection(OFF)))
        assert agreed.index == 1 - index


# --- downgrades ----------------------------------------------------------------------------------

STRICT = replace(SDES_ONLY, policy=REQUIRED, fingerprint=PRINT)


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/SAVP", "UDP/TLS/RTP/SAVP"])
def test_required_refuses_an_answer_stripped_of_its_keys(protocol: str) -> None:
    with pytest.raises(EncryptionRequired):
        answered(STRICT, protocol=protocol)


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/SAVP"])
def test_required_refuses_an_offer_without_keys(protocol: str) -> None:
    with pytest.raises(EncryptionRequired):
        offered_to(STRICT, protocol=protocol)


def test_required_refuses_a_weak_fingerprint() -> None:
    with pytest.raises(EncryptionRequired):
        answered(STRICT, "fingerprint:sha-1 AA:BB", protocol="UDP/TLS/RTP/SAVP")
    with pytest.raises(EncryptionRequired):
        offered_to(STRICT, "fingerprint:md5 AA:BB", protocol="UDP/TLS/RTP/SAVP")


def test_required_refuses_to_drop_protection_in_a_running_call() -> None:
    agreed, _ = agree(STRICT, replace(STRICT, keys=keys(50)))
    plain = replace(
        agreed.remote, media=(replace(agreed.remote.media[0], protocol="RTP/AVP", attributes=()),)
    )
    with pytest.raises(EncryptionRequired):
        make_answer(plain, with_protection(ALICE, STRICT), agreed)


def test_a_dtls_profile_is_never_answered_with_sdes() -> None:
    with pytest.raises(EncryptionUnavailable):
        offered_to(SDES_ONLY, crypto(), protocol="UDP/TLS/RTP/SAVP")


@pytest.mark.parametrize("weakening", [" UNENCRYPTED_SRTP", " UNAUTHENTICATED_SRTP", " UNENCRYPTED_SRTCP"])
def test_weakened_crypto_is_refused(weakening: str) -> None:
    with pytest.raises(EncryptionUnavailable):
        offered_to(SDES_ONLY, crypto(tail=weakening))
    with pytest.raises(BadAnswer):
        answered(SDES_ONLY, crypto(tail=weakening))


@pytest.mark.parametrize(
    "lines",
    [
        (crypto(tag=9),),
        (crypto(tag=1, suite=S32),),
        (crypto(tag=1), crypto(tag=2, suite=S32)),
        (crypto(tag=1, fill=10),),
        ("crypto:1 odd",),
    ],
    ids=["tag never offered", "other suite", "two answers", "our own key sent back", "unreadable"],
)
def test_crypto_that_was_not_offered_is_no_answer(lines: tuple[str, ...]) -> None:
    with pytest.raises(BadAnswer):
        answered(SDES_ONLY, *lines)


def test_crypto_answered_where_none_was_offered() -> None:
    for protection in (DTLS_ONLY, Protection(OFF), replace(SDES_ONLY, signalling_secure=False)):
        with pytest.raises(BadAnswer):
            answered(protection, crypto(), protocol="RTP/AVP")


def test_a_protected_profile_without_keys_is_no_answer() -> None:
    with pytest.raises(BadAnswer):
        answered(SDES_ONLY, protocol="RTP/SAVP")


def test_a_fingerprint_for_an_offer_without_one_protects_nothing() -> None:
    assert answered(Protection(OFF), FINGERPRINT, protocol="RTP/AVP").encryption == ("", False)
    with pytest.raises(EncryptionRequired):
        answered(replace(SDES_ONLY, policy=REQUIRED), FINGERPRINT)


def test_our_own_key_in_an_offer_is_not_taken() -> None:
    with pytest.raises(EncryptionUnavailable):
        offered_to(SDES_ONLY, crypto(fill=10))


def test_no_key_shows_in_a_repr() -> None:
    agreed, _ = agree(SDES_ONLY, replace(SDES_ONLY, keys=keys(50)))
    assert repr(keys(10)[0].key) not in repr(with_protection(ALICE, SDES_ONLY))
    assert "x0a" not in repr(agreed.keying) and issubclass(EncryptionRequired, SdpError)
