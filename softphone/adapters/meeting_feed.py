"""What arrives of one feed: its sound to the ear, its picture to the slot."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

import av
from aiortc.rtp import RtpPacket as WirePacket

from media.errors import CodecError
from media.video.assembly import FrameAssembler
from media.video.convert import ToScreen
from media.video.decoder import Vp8Decoder
from media.video.figures import PictureFlow
from media.video.types import CLOCK_RATE, EncodedPicture, VideoPacket
from sip_bridge.rtp.packet import RtpPacket
from sip_bridge.rtp.receiver import Receiver
from softphone.adapters.aiortc_hooks import PacketReceiver
from softphone.adapters.meeting_voice import Voice
from softphone.domain.picture import Frame, PictureSlot
from softphone.runtime.tasks import Tasks

log = logging.getLogger(__name__)

LOOK_S = 0.010
"""How often a hole is looked at while there is one."""
BACKLOG = 60
"""Pictures that may wait for the decoder, two seconds; then it goes on with a key frame."""


class Reports:
    """The receiver's reports of one stream (RFC 3550 6.4.2)."""

    def __init__(self, receiver: PacketReceiver) -> None:
        self.loss = 0.0
        """Percent of the packets of the last second that did not come."""
        self._receiver = receiver
        self._heard: tuple[int, int, float] = 0, 0, 0.0
        receiver.on_sender_report = self._sender_report

    def _sender_report(self, source: int, middle: int) -> None:
        self._heard = source, middle, time.monotonic()

    async def send(self, stream: Receiver | Voice) -> None:
        """Report what came since the last time."""
        reception = stream.report() if isinstance(stream, Receiver) else stream.reception()
        if reception is None:
            return
        self.loss = round(100 * reception.fraction_lost / 256, 1)
        source, middle, at = self._heard
        if source != reception.ssrc:
            middle = 0
        waited = min(round(65_536 * (time.monotonic() - at)), 0xFFFFFFFF) if middle else 0
        await self._receiver.report(reception, middle, waited)


class SoundFeed:
    """Hands a feed's sound to its voice, and asks for what is missing."""

    def __init__(self, receiver: PacketReceiver, voice: Voice, tasks: Tasks) -> None:
        self.voice = voice
        self.packets = 0
        self._receiver = receiver
        self._tasks = tasks
        self._reports = Reports(receiver)
        receiver.on_packet = self._packet

    def _packet(self, packet: WirePacket) -> None:
        if self._receiver.payload_types.get(packet.payload_type) == "opus":
            self.packets += 1
            now = time.monotonic()
            self.voice.receive(packet, now)
            missing = self.voice.missing(now)
            if missing:
                self._tasks.spawn(self._receiver.ask_again(packet.ssrc, missing), "sound feedback")

    async def report(self) -> None:
        """Tell the sender what arrived; once a second."""
        await self._reports.send(self.voice)

    @property
    def loss(self) -> float:
        """Percent of the packets of the last second that did not come."""
        return self._reports.loss


@dataclass(slots=True)
class _Decoding:
    """One stream's decoder, used by one executor thread at a time. Writes the slot."""

    decoder: Vp8Decoder
    to_screen: ToScreen
    slot: PictureSlot
    frame: av.VideoFrame | None = None

    def decode(self, pictures: list[EncodedPicture], shown: int | None) -> tuple[int, int]:
        """Decode all, show the last one (None: none); its size. Raises CodecError."""
        last = None
        for picture in pictures:
            last = self.decoder.decode(picture) or last
        if last is None:
            return 0, 0
        if shown is not None:
            self.slot.put(Frame(self.to_screen.convert(last, shown)))
        return last.width, last.height


class PictureFeed:
    """Puts a feed's picture together, decodes it in the executor, and asks for what is missing.

    `shown`: how tall it is shown, 0 where nobody said, None while hidden.
    """

    def __init__(
        self,
        receiver: PacketReceiver,
        slot: PictureSlot,
        executor: Executor,
        tasks: Tasks,
        on_size: Callable[[], None],
    ) -> None:
        """Raises CodecError."""
        self.shown: int | None = 0
        self.flow = PictureFlow()
        self.size = 0, 0
        self.packets = 0
        self._assembler = FrameAssembler()
        self._stream = Receiver(CLOCK_RATE)
        self._receiver = receiver
        self._reports = Reports(receiver)
        self._decoding = _Decoding(Vp8Decoder(), ToScreen(), slot)
        self._executor = executor
        self._tasks = tasks
        self._on_size = on_size
        self._waiting: deque[EncodedPicture] = deque()
        self._work: asyncio.Task[None] | None = None
        self._look: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._closed = False
        receiver.on_packet = self._packet

    @property
    def assembler(self) -> FrameAssembler:
        """Its figures."""
        return self._assembler

    async def close(self) -> None:
        """Nothing more is decoded, shown or asked for."""
        self._closed = True
        self._receiver.on_packet = lambda packet: None
        self._waiting.clear()
        if self._look is not None:
            self._look.cancel()
        if self._work is not None:
            await asyncio.wait([self._work])

    async def report(self) -> None:
        """Tell the sender what arrived; once a second."""
        await self._reports.send(self._stream)

    @property
    def loss(self) -> float:
        """Percent of the packets of the last second that did not come."""
        return self._reports.loss

    def look(self, shown: int | None) -> None:
        """How tall it is shown now; while hidden it does not freeze."""
        if shown is None:
            self.flow.pause()
        self.shown = shown

    def need_key(self) -> None:
        """The picture stands still although packets come: start it anew."""
        self._assembler.need_key()
        self._soon()

    # --- packets -----------------------------------------------------------------------------------------

    def _packet(self, packet: WirePacket) -> None:
        now = time.monotonic()
        kind = self._receiver.payload_types.get(packet.payload_type)
        if kind == "rtx":
            self._resent(packet, now)
        elif kind == "vp8":
            self.packets += 1
            self._stream.receive(
                RtpPacket(packet.payload_type, packet.sequence_number, packet.timestamp, packet.ssrc, b""),
                now,
            )
            if packet.payload:
                self._push(packet, packet.sequence_number, packet.payload, now)

    def _resent(self, packet: WirePacket, now: float) -> None:
        """A packet that was asked for comes with its own number in front (RFC 4588 section 4)."""
        if len(packet.payload) > 2:
            self._push(packet, int.from_bytes(packet.payload[:2], "big"), packet.payload[2:], now)

    def _push(self, packet: WirePacket, sequence: int, payload: bytes, now: float) -> None:
        came = VideoPacket(sequence, packet.timestamp, bool(packet.marker), payload)
        pictures = self._assembler.push(came, now)
        if pictures:
            self._waiting.extend(pictures)
            self._decode()
        if self._assembler.incomplete:
            self._soon()

    def _soon(self) -> None:
        if self._look is None and not self._closed:
            self._look = self._loop.call_later(LOOK_S, self._ask)

    def _ask(self) -> None:
        self._look = None
        wanted = self._assembler.wanted(time.monotonic())
        source = self._stream.ssrc
        if source is not None and (wanted.packets or wanted.key):
            self._tasks.spawn(self._request(source, wanted.packets, wanted.key), "picture feedback")
        if self._assembler.incomplete:
            self._soon()

    async def _request(self, source: int, packets: tuple[int, ...], key: bool) -> None:
        if packets:
            await self._receiver.ask_again(source, packets)
        if key:
            await self._receiver.ask_key(source)

    # --- pictures ----------------------------------------------------------------------------------------

    def _decode(self) -> None:
        if len(self._waiting) > BACKLOG:
            log.info("the decoder is %d pictures behind: it goes on with a key frame", len(self._waiting))
            self._waiting.clear()
            self.need_key()
        elif self._work is None and self._waiting and not self._closed:
            self._work = self._tasks.spawn(self._decode_waiting(), "picture decoding")

    async def _decode_waiting(self) -> None:
        try:
            while self._waiting and not self._closed:
                pictures = list(self._waiting)
                self._waiting.clear()
                await self._decode_these(pictures)
        finally:
            self._work = None

    async def _decode_these(self, pictures: list[EncodedPicture]) -> None:
        try:
            size = await self._loop.run_in_executor(
                self._executor, self._decoding.decode, pictures, self.shown
            )
        except CodecError as failure:
            log.info("a picture could not be decoded: %s", failure)
            self.need_key()
            return
        if size != (0, 0):
            self.flow.picture(time.monotonic())
            if size != self.size:
                self.size = size
                self._on_size()
