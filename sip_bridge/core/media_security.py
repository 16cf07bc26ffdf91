"""Which protection a call's media gets: plain, SDES (RFC 4568) or DTLS (RFC 5763), no downgrade.

`preferred` follows RFC 8643: an RTP/AVP offer carries crypto and fingerprint as an invitation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sip_bridge.core.sdp import Attribute, Media, SdpError, SessionDescription
from sip_bridge.core.sdp_values import Crypto, Fingerprint, fingerprints

PLAIN_PROFILES = ("RTP/AVP", "RTP/AVPF")
SDES_PROFILES = ("RTP/SAVP", "RTP/SAVPF")
DTLS_PROFILES = ("UDP/TLS/RTP/SAVP", "UDP/TLS/RTP/SAVPF")
PROFILES = PLAIN_PROFILES + SDES_PROFILES + DTLS_PROFILES


class EncryptionRequired(SdpError):
    """The policy asks for encryption and the peer gives none."""


class EncryptionUnavailable(SdpError):
    """The peer asks for encryption that the policy or this call's signalling does not allow."""


class BadAnswer(SdpError):
    """An answer that does not belong to the offer (RFC 3264 section 6); the call must not go on with it."""


class EncryptionPolicy(StrEnum):
    """The setting `call.encryption`."""

    REQUIRED = "required"
    PREFERRED = "preferred"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Plain:
    """No protection."""

    method: str = ""


@dataclass(frozen=True, slots=True)
class Sdes:
    """SRTP with keys from the descriptions: `local` protects what we send, `remote` what we get."""

    local: Crypto
    remote: Crypto
    method: str = "sdes"


@dataclass(frozen=True, slots=True)
class Dtls:
    """SRTP with keys from a DTLS handshake whose peer proves itself with `fingerprints`."""

    client: bool
    fingerprints: tuple[Fingerprint, ...]
    method: str = "dtls"


Keying = Plain | Sdes | Dtls


@dataclass(frozen=True, slots=True)
class Protection:
    """What this side may and can do. `keys` are our SDES lines, one per suite, tags ascending.

    `running` is a DTLS association in use: with the same peer it keeps its roles (RFC 8842 section 5.3).
    """

    policy: EncryptionPolicy = EncryptionPolicy.PREFERRED
    signalling_secure: bool = False
    sdes_without_tls: bool = False
    keys: tuple[Crypto, ...] = field(default=(), repr=False)
    fingerprint: Fingerprint | None = None
    running: Dtls | None = None

    @property
    def sdes(self) -> tuple[Crypto, ...]:
        """The SDES keys that may be spoken of in this signalling."""
        allowed = self.signalling_secure or self.sdes_without_tls
        return self.keys if allowed and self.policy is not EncryptionPolicy.OFF else ()

    @property
    def dtls(self) -> Fingerprint | None:
        """Our fingerprint where the policy lets us use it."""
        return None if self.policy is EncryptionPolicy.OFF else self.fingerprint


def offer_profile(protection: Protection) -> str:
    """The m= line's protocol for an offer of ours. Raises EncryptionRequired where we have no means."""
    if protection.policy is not EncryptionPolicy.REQUIRED:
        return PLAIN_PROFILES[0]
    if protection.sdes:
        return SDES_PROFILES[0]
    if protection.dtls:
        return DTLS_PROFILES[0]
    raise EncryptionRequired("no way to encrypt in this call")


def offer_attributes(protection: Protection) -> list[Attribute]:
    """crypto and fingerprint lines of an offer."""
    lines = [Attribute("crypto", str(key)) for key in protection.sdes]
    if protection.dtls is not None:
        lines += [Attribute("fingerprint", str(protection.dtls)), Attribute("setup", "actpass")]
    return lines


def choose_keying(session: SessionDescription, media: Media, protection: Protection) -> Keying:
    """How we answer this offered m= line: DTLS before SDES (its keys stay between the ends).

    Raises EncryptionRequired where we want protection and none is offered, EncryptionUnavailable where
    the profile demands one we may not use.
    """
    if protection.dtls is not None and (found := fingerprints(session, media)):
        return Dtls(_answers_as_client(_setup(session, media), found, protection.running), found)
    if media.protocol not in DTLS_PROFILES and (pair := _first_common(media, protection)):
        return pair
    if protection.policy is EncryptionPolicy.REQUIRED:
        raise EncryptionRequired("the offer has no protection we may use")
    if media.protocol not in PLAIN_PROFILES:
        raise EncryptionUnavailable("the offer demands protection we may not use")
    return Plain()


def answer_attributes(keying: Keying, protection: Protection) -> list[Attribute]:
    """The lines that accept `keying`."""
    if isinstance(keying, Sdes):
        return [Attribute("crypto", str(keying.local))]
    if isinstance(keying, Dtls):
        setup = "active" if keying.client else "passive"
        return [Attribute("fingerprint", str(protection.dtls)), Attribute("setup", setup)]
    return []


def keying_from_answer(answer: SessionDescription, media: Media, protection: Protection) -> Keying:
    """What the answer to an offer of ours agreed to.

    Raises BadAnswer for keys never offered, another suite under our tag, weakened parameters or our own
    key sent back; EncryptionRequired where we demanded protection and the answer has none.
    """
    if lines := media.get_all("crypto"):
        return _accepted_crypto(lines, protection)
    found = fingerprints(answer, media)
    if found and protection.dtls is not None:
        return Dtls(_setup(answer, media) != "active", found)
    if protection.policy is EncryptionPolicy.REQUIRED:
        raise EncryptionRequired("the answer stripped the protection")
    if media.protocol not in PLAIN_PROFILES:
        raise BadAnswer("a protected profile without keys")
    return Plain()


def _accepted_crypto(lines: list[str], protection: Protection) -> Sdes:
    remote = Crypto.parse(lines[0]) if len(lines) == 1 else None
    local = None if remote is None else next((k for k in protection.sdes if k.tag == remote.tag), None)
    if remote is None or local is None or local.suite != remote.suite:
        raise BadAnswer("crypto that was never offered")
    if not remote.usable or remote.key == local.key:
        raise BadAnswer("crypto weaker than offered")
    return Sdes(local, remote)


def _first_common(media: Media, protection: Protection) -> Sdes | None:
    offered = (Crypto.parse(text) for text in media.get_all("crypto"))
    for remote in offered:
        if remote is None or not remote.usable:
            continue
        for ours in protection.sdes:
            if ours.suite == remote.suite and ours.key != remote.key:
                return Sdes(Crypto(remote.tag, ours.suite, ours.key), remote)
    return None


def _answers_as_client(setup: str, found: tuple[Fingerprint, ...], running: Dtls | None) -> bool:
    if setup in ("active", "passive"):
        return setup == "passive"
    return running is None or running.fingerprints != found or running.client


def _setup(session: SessionDescription, media: Media) -> str:
    return (session.effective(media, "setup") or "").strip().lower()
