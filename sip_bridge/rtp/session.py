"""One call's audio: negotiated with the peer, carried over UDP, handed over as packets and frames."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
from collections.abc import Callable
from dataclasses import replace

from media.types import AudioFrame, AudioPacket, CodecSpec
from sip_bridge.core.audio_formats import CODECS, EVENTS, AudioCodec
from sip_bridge.core.offer_answer import LocalAudio, NegotiatedAudio
from sip_bridge.core.sdp import SessionDescription
from sip_bridge.core.sdp_values import Direction, rtpmaps
from sip_bridge.rtp.hearing import Hearing
from sip_bridge.rtp.negotiation import Negotiation
from sip_bridge.rtp.negotiation import NotNegotiated as NotNegotiated
from sip_bridge.rtp.path import MediaPath
from sip_bridge.rtp.policy import MediaPolicy
from sip_bridge.rtp.reach import Reach
from sip_bridge.rtp.resolve import resolved
from sip_bridge.rtp.rtcp import Feedback
from sip_bridge.rtp.security import MediaSecurity
from sip_bridge.rtp.sending import Sending
from sip_bridge.rtp.sockets import Address
from sip_bridge.rtp.stream import MediaStatistics, RtpStream
from sip_bridge.tasks import Tasks

log = logging.getLogger(__name__)

SETTLING_S = 2.0
"""For so long after something was agreed, checks and handshakes may still be under way."""


class AudioSession:
    """Sound of one call.

    The caller: `create_offer`, then `accept_answer` for every answer that comes. A forked call answers the
    one offer several times; the last answer given here holds, so the one of the confirmed dialog must
    come last. The callee: `create_answer`. Within the call either again. `start` lets our sound out.
    Everything runs on the loop that opened it.
    """

    def __init__(self, policy: MediaPolicy, random: Callable[[int], bytes] = os.urandom) -> None:
        self._policy = policy
        self._loop = asyncio.get_running_loop()
        self._tasks = Tasks()
        self._session_id = int.from_bytes(random(8)) >> 2
        self._stream = RtpStream(random, base64.b64encode(random(12)).decode())
        self._security = MediaSecurity(policy, random, self)
        self._path: MediaPath
        self._next_path: MediaPath | None = None
        self._negotiation = Negotiation()
        self._sending = Sending(self._stream, self._security, lambda: self._path, self._tasks, random)
        self._hearing = Hearing(self._stream, self._security, self._sending.wall_time)
        self._reach = Reach(self._security, self._tasks, self._fail)
        self._started = False
        self._settled_at = 0.0
        self.on_protection: Callable[[], None] | None = None
        """Called when `encryption` says something else than before."""
        self.on_failure: Callable[[str], None] | None = None
        """Called with dtls, ice or consent when no sound can pass any more."""

    @classmethod
    async def open(
        cls, policy: MediaPolicy, local_ip: str, random: Callable[[int], bytes] = os.urandom
    ) -> AudioSession:
        """Bind ports at `local_ip`. Raises NoMediaPort."""
        session = cls(policy, random)
        session._path = await session._open_path(local_ip)
        return session

    # --- negotiation ---------------------------------------------------------------------------------

    async def create_offer(self, direction: str = Direction.SENDRECV) -> bytes:
        """An offer with our whole wish. Raises EncryptionRequired."""
        path = self._next_path or self._path
        if path.ice is None and self._offers_ice:
            await path.gather_ice(self._policy.stun_server, controlling=True)
        offer = self._negotiation.offer(self._local(path, Direction(direction)))
        if self.negotiated is None:
            self._hear_early(offer)
        return bytes(offer)

    async def reoffer(self, direction: str) -> bytes:
        """An offer within the call: sendonly holds, sendrecv resumes."""
        return await self.create_offer(direction)

    async def move(self, local_ip: str) -> bytes:
        """An offer from another local address; the old one goes on receiving until this is answered.

        Raises NoMediaPort."""
        await self._drop_next_path()
        self._next_path = await self._open_path(local_ip)
        return await self.create_offer(self._negotiation.wish)

    async def accept_answer(self, sdp: bytes) -> NegotiatedAudio:
        """The answer to our offer, also a further one of a forked call.

        Raises NotNegotiated, BadAnswer, NoCommonCodec, EncryptionRequired."""
        agreed = self._negotiation.accept(SessionDescription.parse(sdp))
        if self._next_path is not None:
            old, self._path, self._next_path = self._path, self._next_path, None
            await old.close()
        await self._agree(agreed, controlling=True)
        return agreed

    async def create_answer(self, offer: bytes) -> bytes:
        """Answer the peer's offer. Raises NoCommonCodec, EncryptionRequired, EncryptionUnavailable."""
        described = SessionDescription.parse(offer)
        await self._prepare_ice_for(described)
        answer = self._negotiation.answer(described, self._local(self._path, self._negotiation.wish))
        if self.negotiated is not None:
            await self._agree(self.negotiated, controlling=False)
        return bytes(answer)

    async def abandon_offer(self) -> None:
        """Our later offer was refused: what was agreed before goes on (RFC 3264 section 8)."""
        await self._drop_next_path()
        self._negotiation.abandon()

    def hold_locally(self, held: bool) -> None:
        """Our wish for answers we give from now on."""
        self._negotiation.wish = Direction.SENDONLY if held else Direction.SENDRECV

    @property
    def local_ip(self) -> str:
        """The address our sound uses."""
        return self._path.local_ip

    @property
    def negotiated(self) -> NegotiatedAudio | None:
        """What holds now."""
        return self._negotiation.agreed

    # --- sound ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Let our sound and reports out; harmless when already started.

        Until then an answerer sends no handshake and no check: the peer may not know its answer before
        somebody has picked up, and every try would only make the next one later.
        """
        if not self._started:
            self._started = True
            reporting = self._sending.report_forever(
                self._policy.rtcp_interval, lambda: self.negotiated is not None
            )
            self._tasks.spawn(reporting, "rtcp")
            self._update_sending()
            self._wake()
            self._reach_peer()

    @property
    def codec(self) -> CodecSpec | None:
        """The codec to encode and decode with."""
        return None if self.negotiated is None else _spec(self.negotiated.codec)

    @property
    def other_codecs(self) -> tuple[CodecSpec, ...]:
        """Codecs that may stand on packets too: the peer's answer named several."""
        return () if self.negotiated is None else tuple(_spec(codec) for codec in self.negotiated.others)

    @property
    def encryption(self) -> tuple[str, bool]:
        """Method ("", sdes, dtls) in force at this moment, and whether its keys came under TLS."""
        method = self._security.method
        return method, bool(method) and self.negotiated is not None and self.negotiated.keyed_over_tls

    def send(self, frame: AudioFrame) -> None:
        """Send one frame; while held, not started or pressing a key, only its time passes."""
        self._sending.frame(frame)

    def fetch(self) -> None:
        """Take in what has come, for who is about to play it and looks again soon: so it wakes nobody by
        itself. Where pairs are being checked or hands shaken, everything is heard as it comes."""
        if self._loop.time() >= self._settled_at:
            self._path.fetch()

    def send_dtmf(self, digits: str) -> None:
        """Press keys 0-9 * # A-D one after another. Raises NotNegotiated, UnknownDigit."""
        if self.negotiated is None or self.negotiated.dtmf is None:
            raise NotNegotiated("the peer takes no telephone events")
        self._sending.press(digits, self.negotiated.dtmf)

    def statistics(self) -> MediaStatistics:
        """Counters so far."""
        return self._stream.statistics(self._path.latch.refused, self._security.rejected)

    @property
    def on_packet(self) -> Callable[[AudioPacket], None] | None:
        """Called for every packet of sound, in arrival order."""
        return self._stream.on_packet

    @on_packet.setter
    def on_packet(self, callback: Callable[[AudioPacket], None] | None) -> None:
        self._stream.on_packet = callback

    @property
    def on_dtmf(self) -> Callable[[str], None] | None:
        """Called once for every key the peer presses."""
        return self._stream.on_dtmf

    @on_dtmf.setter
    def on_dtmf(self, callback: Callable[[str], None] | None) -> None:
        self._stream.on_dtmf = callback

    @property
    def on_feedback(self) -> Callable[[Feedback], None] | None:
        """Called for every report of the peer's about our sound."""
        return self._stream.on_feedback

    @on_feedback.setter
    def on_feedback(self, callback: Callable[[Feedback], None] | None) -> None:
        self._stream.on_feedback = callback

    async def close(self) -> None:
        """Say goodbye and give the ports back, also when the waiting for it is cancelled."""
        if self._started and self.negotiated is not None:
            self._sending.report(goodbye=True)
        self._security.close()
        self._path.shut()
        if self._next_path is not None:
            self._next_path.shut()
        await self._tasks.close()
        await self._drop_next_path()
        await self._path.close()

    # --- what the keys tell --------------------------------------------------------------------------

    def send_dtls(self, data: bytes, to: Address | None) -> None:
        """A handshake datagram to the peer, or to who may be it."""
        self._path.send_dtls(data, to)

    def peer_proved(self, source: Address) -> None:
        """The peer is somewhere else than it said."""
        self._path.proved(source)

    def protection_changed(self) -> None:
        """`encryption` says something else now."""
        if self.on_protection is not None:
            self.on_protection()

    def protection_failed(self) -> None:
        """The peer's certificate is not the one it described, or the handshake broke."""
        self._fail("dtls")

    # --- inside --------------------------------------------------------------------------------------

    async def _open_path(self, local_ip: str) -> MediaPath:
        path = MediaPath(local_ip, self._hearing)
        await path.open(self._policy.ports)
        return path

    async def _drop_next_path(self) -> None:
        if self._next_path is not None:
            path, self._next_path = self._next_path, None
            await path.close()

    @property
    def _offers_ice(self) -> bool:
        wish = self._policy.ice
        return self._policy.signalling_secure if wish is None else wish

    async def _prepare_ice_for(self, offer: SessionDescription) -> None:
        """Candidates for our answer; fresh ones where the peer restarts ICE (RFC 8839 section 4.4.3)."""
        names = [name for media in offer.media if (name := offer.effective(media, "ice-ufrag"))]
        if not names or self._policy.ice is False:
            return
        link = self._path.ice
        if link is None or (link.remote is not None and link.remote.username not in names):
            await self._path.gather_ice(self._policy.stun_server, controlling=False)

    def _local(self, path: MediaPath, direction: Direction) -> LocalAudio:
        return LocalAudio(
            path.address,
            path.port,
            self._session_id,
            path.rtcp_port,
            self._policy.codecs,
            direction,
            self._policy.ptime_ms,
            self._security.protection(),
            path.ice.description if path.ice else None,
        )

    def _hear_early(self, offer: SessionDescription) -> None:
        """Sound may come before the answer that describes it (RFC 3264 section 5.1)."""
        named = rtpmaps(offer.media[0])
        audio = [one for one in named if any(codec.fits(one) for codec in CODECS.values())]
        events = [one.payload_type for one in named if EVENTS[8_000].fits(one)]
        self._stream.expect({one.payload_type: one.payload_type for one in audio}, (events or [-1])[0])
        self._security.await_answer()

    async def _agree(self, agreed: NegotiatedAudio, *, controlling: bool) -> None:
        self._wake()
        rtp = await resolved(agreed.remote_rtp, self.local_ip)
        rtcp = await resolved(agreed.remote_rtcp, self.local_ip)
        self._security.apply(agreed.keying)
        self._stream.agree(agreed)
        self._update_sending()
        found = replace(agreed, remote_rtp=rtp, remote_rtcp=rtcp)
        await self._reach.describe(self._path, found, controlling=controlling)
        if self._started:
            self._reach_peer()

    def _wake(self) -> None:
        self._settled_at = self._loop.time() + SETTLING_S
        self._path.wake()

    def _reach_peer(self) -> None:
        if self.negotiated is not None:
            self._reach.begin(self._path, self.negotiated)

    def _fail(self, reason: str) -> None:
        log.warning("media failed: %s", reason)
        if self.on_failure is not None:
            self.on_failure(reason)

    def _update_sending(self) -> None:
        agreed = self.negotiated
        self._sending.allowed = self._started and agreed is not None and agreed.direction.sends


def _spec(codec: AudioCodec) -> CodecSpec:
    return CodecSpec(
        codec.name,
        codec.payload_type,
        codec.clock_rate,
        codec.channels,
        codec.ptime_ms,
        codec.parameters,
    )
