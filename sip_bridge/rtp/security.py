"""A session's keys: what it can offer, and the transform that holds now."""

from __future__ import annotations

from collections.abc import Callable

from sip_bridge.core.media_security import EncryptionPolicy, Keying, Protection, Sdes
from sip_bridge.rtp.policy import MediaPolicy, fresh_keys
from sip_bridge.rtp.srtp import SrtpKeys, SrtpTransform
from sip_bridge.rtp.transform import PlainTransform, ShutTransform, Transform


class MediaSecurity:
    """Chooses the transform for what was negotiated. `method` is what protects packets at this moment."""

    def __init__(self, policy: MediaPolicy, random: Callable[[int], bytes]) -> None:
        self._policy = policy
        self._keys = fresh_keys(random) if policy.sdes else ()
        self.transform: Transform = ShutTransform()
        self.method = ""

    def protection(self) -> Protection:
        """What may be said in descriptions."""
        return Protection(
            self._policy.level,
            self._policy.signalling_secure,
            self._policy.sdes_without_tls,
            self._keys,
        )

    def await_answer(self) -> None:
        """An offer is out and nothing agreed yet: early sound is heard only where none can be protected."""
        protection = self.protection()
        possible = protection.sdes or protection.dtls
        required = protection.policy is EncryptionPolicy.REQUIRED
        self.transform = ShutTransform() if possible or required else PlainTransform()

    def apply(self, keying: Keying) -> None:
        """Use what was negotiated; keys that stay the same keep their counters."""
        self.method = keying.method
        if isinstance(keying, Sdes):
            self._use(SrtpKeys.from_sdes(keying))
        else:
            self.transform = PlainTransform()

    def _use(self, keys: SrtpKeys) -> None:
        before = self.transform if isinstance(self.transform, SrtpTransform) else None
        self.transform = SrtpTransform(keys, before)

    @property
    def rejected(self) -> int:
        """Packets that failed authentication."""
        return self.transform.rejected if isinstance(self.transform, SrtpTransform) else 0
