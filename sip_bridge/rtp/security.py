"""A session's keys: what it can offer, and the transform that holds now."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from sip_bridge.core.media_security import Dtls, EncryptionPolicy, Keying, Protection, Sdes
from sip_bridge.rtp.certificate import DtlsCertificate
from sip_bridge.rtp.dtls import DtlsAssociation, DtlsState
from sip_bridge.rtp.latch import Address
from sip_bridge.rtp.policy import MediaPolicy, fresh_keys
from sip_bridge.rtp.srtp import SrtpKeys, SrtpTransform
from sip_bridge.rtp.transform import PlainTransform, ShutTransform, Transform

EARLY = 8
"""Handshake datagrams kept that came before the answer which names their sender."""


class Owner(Protocol):
    """Who is told and who moves the bytes."""

    def send_dtls(self, data: bytes) -> None:
        """A handshake datagram to the peer."""
        ...

    def protection_changed(self) -> None:
        """`method` is another one now."""
        ...

    def protection_failed(self) -> None:
        """The peer could not prove itself; nothing will pass."""
        ...


class MediaSecurity:
    """Chooses the transform for what was negotiated. `method` is what protects packets at this moment."""

    def __init__(self, policy: MediaPolicy, random: Callable[[int], bytes], owner: Owner) -> None:
        self._policy = policy
        self._owner = owner
        usable = policy.level is not EncryptionPolicy.OFF
        self._keys = fresh_keys(random) if policy.sdes and usable else ()
        self._certificate = DtlsCertificate.generate() if policy.dtls and usable else None
        self._association: DtlsAssociation | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._early: deque[tuple[bytes, Address]] = deque(maxlen=EARLY)
        self._begun = False
        self.transform: Transform = ShutTransform()
        self.method = ""

    def protection(self) -> Protection:
        """What may be said in descriptions."""
        running = self._association
        return Protection(
            self._policy.level,
            self._policy.signalling_secure,
            self._policy.sdes_without_tls,
            self._keys,
            self._certificate.fingerprint if self._certificate else None,
            Dtls(running.client, running.fingerprints) if running else None,
        )

    def await_answer(self) -> None:
        """An offer is out and nothing agreed yet: early sound is heard only where none can be protected."""
        protection = self.protection()
        possible = protection.sdes or protection.dtls
        required = protection.policy is EncryptionPolicy.REQUIRED
        self.transform = ShutTransform() if possible or required else PlainTransform()

    def apply(self, keying: Keying) -> None:
        """Use what was negotiated; keys that stay the same keep their counters."""
        if isinstance(keying, Dtls):
            self._associate(keying)
            return
        self._forget_association()
        if isinstance(keying, Sdes):
            self._protect_with(SrtpKeys.from_sdes(keying))
        else:
            self.transform = PlainTransform()
        self._set_method(keying.method)

    def begin(self, peer: Address | None) -> None:
        """The peer can be reached now, at `peer`: start or go on with the handshake.

        What came early is used: the peer's own if there is any, else all (it may sit behind a translator);
        another branch of a forked call may have begun one too.
        """
        if self._association is None or self._begun:
            return
        self._begun = True
        self._association.start()
        own = [data for data, source in self._early if source == peer]
        for data in own or [data for data, _ in self._early]:
            self._association.receive(data)
        self._early.clear()
        self._look()

    def receive(self, data: bytes, source: Address) -> None:
        """A DTLS datagram; the peer may send its first before we know who it is."""
        if self._association is None or not self._begun:
            self._early.append((data, source))
            return
        self._association.receive(data)
        self._look()

    def close(self) -> None:
        """Tell a DTLS peer that this is over."""
        if self._association is not None:
            self._association.close()
        self._forget_association()

    @property
    def rejected(self) -> int:
        """Packets that failed authentication."""
        return self.transform.rejected if isinstance(self.transform, SrtpTransform) else 0

    def _associate(self, keying: Dtls) -> None:
        running = self._association
        alive = running is not None and running.state in (DtlsState.HANDSHAKE, DtlsState.CONNECTED)
        if alive and running is not None and running.fingerprints == keying.fingerprints:
            return
        if self._certificate is None:
            raise AssertionError("DTLS was agreed without a certificate of ours")
        self._forget_association()
        self.transform = ShutTransform()
        self._set_method("")
        self._association = DtlsAssociation(
            self._certificate, keying.fingerprints, client=keying.client, send=self._owner.send_dtls
        )

    def _forget_association(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._association = None
        self._begun = False

    def _look(self) -> None:
        """After every step: take new keys, set the timer, notice failure."""
        association = self._association
        if association is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        if association.state is DtlsState.FAILED:
            self._forget_association()
            self.transform = ShutTransform()
            self._set_method("")
            self._owner.protection_failed()
        elif association.keys is not None and not self.method:
            self._protect_with(association.keys)
            self._set_method("dtls")
        elif (wait := association.timeout) is not None:
            self._timer = asyncio.get_running_loop().call_later(wait, self._repeat)

    def _repeat(self) -> None:
        if self._association is not None:
            self._association.retransmit()
            self._look()

    def _protect_with(self, keys: SrtpKeys) -> None:
        before = self.transform if isinstance(self.transform, SrtpTransform) else None
        self.transform = SrtpTransform(keys, before)

    def _set_method(self, method: str) -> None:
        if method != self.method:
            self.method = method
            self._owner.protection_changed()
