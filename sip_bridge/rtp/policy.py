"""What a media session may do, and the secrets it makes for itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sip_bridge.core.media_security import EncryptionPolicy
from sip_bridge.core.sdp_values import MASTER_KEY_BYTES, SUITES, Crypto


@dataclass(frozen=True, slots=True)
class MediaPolicy:
    """Settings of one call's media.

    `encryption`: required, preferred or off. `signalling_secure`: SIP runs over verified TLS. `ports`
    first…last for RTP and RTCP; None lets the system choose. `ice`: None offers it where signalling is
    secure (descriptions in UDP stay small), True always, False never, not even in answers.
    `stun_server` host and port. `rtcp_interval` in seconds (RFC 3550 section 6.2).
    """

    encryption: str = "preferred"
    sdes_without_tls: bool = False
    signalling_secure: bool = False
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU")
    sdes: bool = True
    dtls: bool = True
    ice: bool | None = None
    stun_server: tuple[str, int] | None = None
    ports: tuple[int, int] | None = None
    ptime_ms: int = 20
    rtcp_interval: float = 5.0

    @property
    def level(self) -> EncryptionPolicy:
        """The encryption setting as a value."""
        return EncryptionPolicy(self.encryption)


def fresh_keys(random: Callable[[int], bytes]) -> tuple[Crypto, ...]:
    """One SDES line per suite, each with a key of its own that lives as long as the session."""
    return tuple(Crypto(tag, suite, random(MASTER_KEY_BYTES)) for tag, suite in enumerate(SUITES, start=1))
