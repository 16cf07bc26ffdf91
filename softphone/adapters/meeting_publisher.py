"""The one connection over which we send."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from concurrent.futures import Executor

from aiortc import RTCPeerConnection, RTCRtpSender, RTCRtpTransceiver, RTCSessionDescription

from softphone.adapters.aiortc_hooks import describe, listen_to, new_connection, send_encoded
from softphone.adapters.meeting_sending import PictureTrack, SoundTrack
from softphone.adapters.meeting_signal import MeetingSignal

log = logging.getLogger(__name__)

OPUS = re.compile(r"a=rtpmap:(\d+) opus/48000/2\r\n", re.IGNORECASE)
CODECS = {"audio": ("audio/opus",), "video": ("video/vp8", "video/rtx")}


class Publisher:
    """Publishes once; for another try there is another publisher. `on_lost` is called when it has failed."""

    def __init__(
        self,
        signal: MeetingSignal,
        executor: Executor,
        on_loss: Callable[[float], None],
        on_lost: Callable[[], None],
    ) -> None:
        self.sound = SoundTrack()
        self.picture = PictureTrack(executor)
        self.heard_at = 0.0
        """When the far end last said anything about what it receives, 0.0 before that."""
        self.sound_lost = 0.0
        """The share of our sound's packets that the far end last said it lost."""
        self._signal = signal
        self._on_loss = on_loss
        self._on_lost = on_lost
        self._connection = new_connection()
        self._closed = False

    @property
    def connected(self) -> bool:
        """Whether something can flow."""
        return self._connection.connectionState == "connected"

    async def open(self) -> None:
        """Offer, and take the engine's answer. Raises MeetingRefused, ServiceUnreachable; then close it."""
        connection = self._connection
        sound = connection.addTransceiver(self.sound, direction="sendonly")
        picture = connection.addTransceiver(self.picture, direction="sendonly")
        for transceiver in (sound, picture):
            _restrict(transceiver)
        send_encoded(sound.sender, self.sound)
        send_encoded(picture.sender, self.picture)
        listen_to(sound.sender, _SoundFeedback(self))
        listen_to(picture.sender, _PictureFeedback(self))
        connection.on("connectionstatechange", self._state_changed)
        await describe(connection, await connection.createOffer())
        answer = await self._signal.publish(with_repeats(connection.localDescription.sdp))
        if not self._closed:
            await connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))

    async def close(self) -> None:
        """Stop sending."""
        self._closed = True
        await close_connection(self._connection)
        self.sound.stop()
        self.picture.stop()

    def _state_changed(self) -> None:
        if self._connection.connectionState in ("failed", "closed") and not self._closed:
            self._on_lost()

    def _sound_report(self, lost: float) -> None:
        self.heard_at = time.monotonic()
        self.sound_lost = lost
        self._on_loss(100 * lost)

    def _picture_report(self, lost: float) -> None:
        self.heard_at = time.monotonic()
        self.picture.report(lost)


class _SoundFeedback:
    """Implements aiortc_hooks.Feedback: of sound only losses matter."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def key_wanted(self) -> None:
        """Sound has none."""

    def estimate(self, bitrate: int) -> None:
        """Sound takes what it needs."""

    def report(self, lost: float) -> None:
        """See Feedback."""
        self._publisher._sound_report(lost)


class _PictureFeedback:
    """Implements aiortc_hooks.Feedback."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self.key_wanted = publisher.picture.key_wanted
        self.estimate = publisher.picture.estimate

    def report(self, lost: float) -> None:
        """See Feedback."""
        self._publisher._picture_report(lost)


def _restrict(transceiver: RTCRtpTransceiver) -> None:
    """Offer Opus and VP8 only: aiortc would choose others it has in common with the far end."""
    wanted = CODECS[transceiver.kind]
    codecs = RTCRtpSender.getCapabilities(transceiver.kind).codecs
    transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType.lower() in wanted])


def with_repeats(offer: str) -> str:
    """The offer saying that sound is sent again on request (RFC 4585 4.2): aiortc does so and keeps quiet."""
    return OPUS.sub(r"\g<0>a=rtcp-fb:\g<1> nack\r\n", offer)


CLOSING_S = 3.0


async def close_connection(connection: RTCPeerConnection) -> None:
    """Close it; one that hangs is left to itself after CLOSING_S."""
    try:
        async with asyncio.timeout(CLOSING_S):
            await connection.close()
    except TimeoutError:
        log.warning("a media connection did not close within %.0f s", CLOSING_S)
