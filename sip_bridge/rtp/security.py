"""A session's keys: what it can offer, and the transform that holds now."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Protocol

from sip_bridge.core.media_security import Dtls, EncryptionPolicy, Keying, Protection, Sdes
from sip_bridge.rtp.certificate import DtlsCertificate
from sip_bridge.rtp.dtls import DtlsAssociation, DtlsState, is_client_hello
from sip_bridge.rtp.latch import Address
from sip_bridge.rtp.policy import MediaPolicy, fresh_keys
from sip_bridge.rtp.srtp import SrtpKeys, SrtpTransform
from sip_bridge.rtp.transform import PlainTransform, ShutTransform, Transform

EARLY = 8
"""Handshake datagrams kept that came before the answer which names their sender."""

CANDIDATES = 8
"""Handshakes at a time with who may be the peer behind a translator."""


class Owner(Protocol):
    """Who is told and who moves the bytes."""

    def send_dtls(self, data: bytes, to: Address | None) -> None:
        """A handshake datagram to the peer, or `to` who may be it."""
        ...

    def peer_proved(self, source: Address) -> None:
        """The peer proved itself from an address it did not describe."""
        ...

    def protection_changed(self) -> None:
        """`method` is another one now."""
        ...

    def protection_failed(self) -> None:
        """The peer could not prove itself; nothing will pass."""
        ...


class MediaSecurity:
    """Chooses the transform for what was negotiated. `method` is what protects packets at this moment.

    Anybody can send a datagram that breaks a handshake. So the peer's handshake hears its described address
    alone; who comes from elsewhere, as a peer behind a translator does, gets a handshake of its own, and one
    that fails there means nothing. Where ICE has proved the address nobody else is heard.
    """

    def __init__(self, policy: MediaPolicy, random: Callable[[int], bytes], owner: Owner) -> None:
        self._policy = policy
        self._owner = owner
        usable = policy.level is not EncryptionPolicy.OFF
        self._keys = fresh_keys(random) if policy.sdes and usable else ()
        self._certificate = DtlsCertificate.generate() if policy.dtls and usable else None
        self._association: DtlsAssociation | None = None
        self._candidates: dict[Address, DtlsAssociation] = {}
        self._peer: Address | None = None
        self._sure = False
        self._timer: asyncio.TimerHandle | None = None
        self._protected: SrtpTransform | None = None
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

    def begin(self, peer: Address | None, *, sure: bool) -> None:
        """The peer can be reached now, at `peer`, `sure` where ICE says so: begin or continue the handshake.

        What came early is used: the peer's own if there is any, for another branch of a forked call may have
        begun one too.
        """
        self._peer, self._sure = peer, sure
        if self._association is None or self._begun:
            return
        self._begun = True
        self._association.start()
        own = [one for one in self._early if one[1] == peer]
        for data, source in own or tuple(self._early):
            self._take(data, source)
        self._early.clear()
        self._look()

    def receive(self, data: bytes, source: Address) -> None:
        """A DTLS datagram; the peer may send its first before we know who it is."""
        if self._association is None or not self._begun:
            self._early.append((data, source))
            return
        self._take(data, source)
        self._look()

    def _take(self, data: bytes, source: Address) -> None:
        association = self._association
        if source != self._peer:
            association = self._candidate(data, source)
        if association is not None:
            association.receive(data)

    def _candidate(self, data: bytes, source: Address) -> DtlsAssociation | None:
        """The handshake with who may be the peer; a client knows where to call, a server may not."""
        running = self._association
        if source in self._candidates:
            return self._candidates[source]
        if running is None or running.client or self._sure or running.state is not DtlsState.HANDSHAKE:
            return None
        if not is_client_hello(data) or self._certificate is None:
            return None
        while len(self._candidates) >= CANDIDATES:
            del self._candidates[next(iter(self._candidates))]
        self._candidates[source] = DtlsAssociation(
            self._certificate,
            running.fingerprints,
            client=False,
            send=lambda answer: self._owner.send_dtls(answer, source),
        )
        return self._candidates[source]

    def close(self) -> None:
        """Tell a DTLS peer that this is over."""
        if self._association is not None:
            self._association.close()
        self._forget_association()

    @property
    def rejected(self) -> int:
        """Packets that failed authentication."""
        return self._protected.rejected if self._protected is not None else 0

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
            self._certificate,
            keying.fingerprints,
            client=keying.client,
            send=lambda data: self._owner.send_dtls(data, None),
        )

    def _forget_association(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._association = None
        self._candidates.clear()
        self._begun = False

    def _look(self) -> None:
        """After every step: take new keys, set the timer, notice failure."""
        if self._timer is not None:
            self._timer.cancel()
        self._choose()
        association = self._association
        if association is None:
            return
        if association.state is DtlsState.FAILED:
            self._forget_association()
            self.transform = ShutTransform()
            self._set_method("")
            self._owner.protection_failed()
        elif association.keys is not None and not self.method:
            self._candidates.clear()
            self._protect_with(association.keys)
            self._set_method("dtls")
        else:
            waits = [one.timeout for one in (association, *self._candidates.values())]
            if (soonest := min((wait for wait in waits if wait is not None), default=None)) is not None:
                self._timer = asyncio.get_running_loop().call_later(soonest, self._repeat)

    def _choose(self) -> None:
        """Whoever proved itself is the peer; whoever failed to is nobody."""
        for source, candidate in tuple(self._candidates.items()):
            if candidate.state is DtlsState.FAILED:
                del self._candidates[source]
            elif candidate.keys is not None:
                self._association, self._peer = candidate, source
                self._candidates.clear()
                self._owner.peer_proved(source)
                return

    def _repeat(self) -> None:
        if self._association is not None:
            for one in (self._association, *self._candidates.values()):
                one.retransmit()
            self._look()

    def _protect_with(self, keys: SrtpKeys) -> None:
        """A key that comes back after a time without goes on where it stopped: no keystream is used twice."""
        self._protected = self.transform = SrtpTransform(keys, self._protected)

    def _set_method(self, method: str) -> None:
        if method != self.method:
            self.method = method
            self._owner.protection_changed()
