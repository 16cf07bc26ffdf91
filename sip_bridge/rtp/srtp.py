"""SRTP and SRTCP (RFC 3711) by libsrtp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pylibsrtp

from sip_bridge.core.media_security import Sdes

PROFILES = {
    "AES_CM_128_HMAC_SHA1_80": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80,
    "AES_CM_128_HMAC_SHA1_32": pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32,
}
RTP_TAG = {
    pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80: 10,
    pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_32: 4,
}
RTCP_TAG = 10


@dataclass(frozen=True, slots=True)
class SrtpKeys:
    """Master key and salt for each direction, and libsrtp's profile number; never shown in a repr.

    `mki_length`: bytes of key identifier in packets that come in (RFC 3711 section 3.1); we send none.
    """

    send: bytes = field(repr=False)
    receive: bytes = field(repr=False)
    profile: int
    mki_length: int = 0

    @classmethod
    def from_sdes(cls, keying: Sdes) -> SrtpKeys:
        """Keys that travelled in the descriptions (RFC 4568)."""
        profile = PROFILES[keying.local.suite]
        return cls(keying.local.key, keying.remote.key, profile, keying.remote.mki_length)


class SrtpTransform:
    """One protected session; packets that fail authentication or replay are dropped and counted.

    A direction whose key is that of `before` goes on with its rollover counter and replay window.
    """

    proves = True

    def __init__(self, keys: SrtpKeys, before: SrtpTransform | None = None) -> None:
        self.keys = keys
        self.rejected: int = before.rejected if before else 0
        self._out: pylibsrtp.Session
        self._in: pylibsrtp.Session
        same = before is not None and before.keys.profile == keys.profile
        if before is not None and same and before.keys.send == keys.send:
            self._out = before._out
        else:
            self._out = _session(keys.send, keys.profile, pylibsrtp.Policy.SSRC_ANY_OUTBOUND)
        if before is not None and same and before.keys.receive == keys.receive:
            self._in = before._in
        else:
            self._in = _session(keys.receive, keys.profile, pylibsrtp.Policy.SSRC_ANY_INBOUND)

    def protect(self, packet: bytes) -> bytes | None:
        """An RTP packet on its way out; None where it is larger than one datagram may be."""
        return self._run(self._out.protect, packet)

    def protect_rtcp(self, packet: bytes) -> bytes | None:
        """An RTCP packet on its way out."""
        return self._run(self._out.protect_rtcp, packet)

    def unprotect(self, packet: bytes) -> bytes | None:
        """An RTP packet that came in."""
        if self.keys.mki_length:
            packet = self._without_mki(packet, RTP_TAG[self.keys.profile])
        return self._run(self._in.unprotect, packet)

    def unprotect_rtcp(self, packet: bytes) -> bytes | None:
        """An RTCP packet that came in."""
        if self.keys.mki_length:
            packet = self._without_mki(packet, RTCP_TAG)
        return self._run(self._in.unprotect_rtcp, packet)

    def _without_mki(self, packet: bytes, tag: int) -> bytes:
        return packet[: -tag - self.keys.mki_length] + packet[-tag:]

    def _run(self, step: Callable[[bytes], bytes], packet: bytes) -> bytes | None:
        try:
            return step(packet)
        except (pylibsrtp.Error, ValueError):
            self.rejected += 1
            return None


def _session(key: bytes, profile: int, direction: int) -> pylibsrtp.Session:
    return pylibsrtp.Session(pylibsrtp.Policy(key=key, ssrc_type=direction, srtp_profile=profile))
