"""Everything this program takes from aiortc beside its public interface, in one place.

aiortc's own receiver has a jitter buffer for sound that loses speech, asks once for a lost packet of picture,
and holds every picture back until the next one comes. So a receiver of ours stands in its place and hands
the packets on as they arrive; and what the far end reports about what we send is listened to. The names used
are aiortc's private ones: `check` says clearly when they have changed, and aiortc is locked to one version.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aiortc import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCPeerConnection,
    RTCRtpSender,
    RTCRtpTransceiver,
    RTCSessionDescription,
)
from aiortc.mediastreams import MediaStreamTrack
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceParameters, RTCIceTransport
from aiortc.rtcrtpparameters import RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RTCRtpReceiver
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_FIR,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    unpack_remb_fci,
)
from aiortc.stats import RTCStatsReport

from sip_bridge.rtp.receiver import Reception

_RECEIVER = "_RTCRtpTransceiver__receiver"
_ENCODER = "_RTCRtpSender__encoder"
_NAMES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (RTCRtpReceiver, ("_handle_rtp_packet", "_handle_rtcp_packet", "_handle_disconnect", "_set_rtcp_ssrc")),
    (RTCRtpSender, ("_handle_rtcp_packet", "_send_keyframe", "_next_encoded_frame")),
    (RTCDtlsTransport, ("_register_rtp_receiver", "_unregister_rtp_receiver", "_send_rtp")),
)


class HookError(RuntimeError):
    """aiortc is another one than this module was written for."""


def check(connection: RTCPeerConnection) -> None:
    """Raises HookError where a name this module needs is gone. The connection is only looked at; it needs
    a transceiver."""
    for owner, names in _NAMES:
        missing = [name for name in names if not callable(getattr(owner, name, None))]
        if missing:
            raise HookError(f"{owner.__name__} has no {', '.join(missing)}")
    for transceiver in connection.getTransceivers():
        if getattr(transceiver, _RECEIVER, None) is not transceiver.receiver:
            raise HookError(f"a transceiver keeps its receiver elsewhere than in {_RECEIVER}")
        if not isinstance(getattr(transceiver.sender, "_ssrc", None), int):
            raise HookError("a sender has no _ssrc")
        if not hasattr(transceiver.sender, _ENCODER):
            raise HookError(f"a sender keeps its encoder elsewhere than in {_ENCODER}")


def new_connection() -> RTCPeerConnection:
    """A connection that gathers this computer's addresses only, on one transport for all it carries."""
    return RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))


async def describe(connection: RTCPeerConnection, description: RTCSessionDescription) -> None:
    """Set the local description. Who is cancelled meanwhile still waits until the addresses are gathered, a
    few milliseconds: aioice would forget those of its sockets that are open by then."""
    gathering = asyncio.ensure_future(connection.setLocalDescription(description))
    try:
        await asyncio.shield(gathering)
    except asyncio.CancelledError:
        await asyncio.wait([gathering])
        raise


# --- receiving --------------------------------------------------------------------------------------------


class PacketReceiver:
    """Stands where aiortc's receiver stood: `on_packet` gets every packet as it arrives, on the loop.

    Reports, requests for packets and for key frames go out when its owner says so.
    """

    def __init__(self, replaced: RTCRtpReceiver, ssrc: int) -> None:
        self.on_packet: Callable[[RtpPacket], None] = lambda packet: None
        self.on_sender_report: Callable[[int, int], None] = lambda ssrc, middle: None
        """Told the source and the middle 32 bits of its NTP time, for the next report's LSR."""
        self.payload_types: dict[int, str] = {}
        """What was negotiated: payload type → codec name in lower case ("rtx" among them)."""
        self.connected = False
        self._transport: Any = replaced.transport
        self._track = replaced.track
        self._ssrc = ssrc
        self._enabled = True

    # What the connection calls:

    @property
    def track(self) -> MediaStreamTrack:
        """The track nobody reads: what arrives goes to `on_packet`."""
        return self._track

    @property
    def transport(self) -> RTCDtlsTransport:
        """What it receives over."""
        transport: RTCDtlsTransport = self._transport
        return transport

    def setTransport(self, transport: RTCDtlsTransport) -> None:  # noqa: N802 - aiortc calls it so
        """Bundling chose another transport."""
        self._transport = transport

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Negotiated and connected: packets come from now on."""
        if not self.connected:
            self.connected = True
            self.payload_types = {
                codec.payloadType: codec.name.lower()
                for codec in parameters.codecs
                if codec.payloadType is not None
            }
            self._transport._register_rtp_receiver(self, parameters)

    async def stop(self) -> None:
        """No packet is handed on any more."""
        if self.connected:
            self.connected = False
            self._transport._unregister_rtp_receiver(self)

    async def getStats(self) -> RTCStatsReport:  # noqa: N802 - aiortc calls it so
        """Nothing: its owner keeps its own figures."""
        return RTCStatsReport()

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._ssrc = ssrc

    def _handle_disconnect(self) -> None:
        self.connected = False

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            self.on_sender_report(packet.ssrc, packet.sender_info.ntp_timestamp >> 16 & 0xFFFFFFFF)

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if self._enabled:
            self.on_packet(packet)

    # What its owner calls:

    async def report(self, reception: Reception, last_report: int, since_last: int) -> None:
        """Tell what arrived (RFC 3550 6.4.2); `since_last` in 1/65536 s since the sender's own report."""
        info = RtcpReceiverInfo(
            ssrc=reception.ssrc,
            fraction_lost=reception.fraction_lost,
            packets_lost=max(0, min(reception.lost, 0x7FFFFF)),
            highest_sequence=reception.highest_sequence,
            jitter=reception.jitter,
            lsr=last_report,
            dlsr=since_last,
        )
        await self._send(RtcpRrPacket(ssrc=self._ssrc, reports=[info]))

    async def ask_again(self, source: int, sequences: Sequence[int]) -> None:
        """Ask for packets by their numbers (RFC 4585 6.2.1)."""
        packet = RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=self._ssrc, media_ssrc=source)
        packet.lost = list(sequences)
        await self._send(packet)

    async def ask_key(self, source: int) -> None:
        """Ask for a key frame (RFC 4585 6.3.1)."""
        await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._ssrc, media_ssrc=source))

    async def _send(self, packet: AnyRtcpPacket) -> None:
        try:
            await self._transport._send_rtp(bytes(packet))
        except ConnectionError:
            self.connected = False


def take_over(transceiver: RTCRtpTransceiver) -> PacketReceiver:
    """Put a receiver of ours into a transceiver that has not started yet."""
    receiver = PacketReceiver(transceiver.receiver, transceiver.sender._ssrc)
    setattr(transceiver, _RECEIVER, receiver)
    return receiver


def hold(connection: RTCPeerConnection) -> Callable[[], None]:
    """Keep a connection that has transceivers from sending its first checks until the returned function is
    called: what reaches a far end before our answer is lost, and is not repeated for half a second."""
    released = asyncio.Event()
    for transport in {
        transceiver.receiver.transport.transport for transceiver in connection.getTransceivers()
    }:
        _hold(transport, released)
    return released.set


def _hold(transport: RTCIceTransport, released: asyncio.Event) -> None:
    start = transport.start

    async def started(parameters: RTCIceParameters) -> None:
        await released.wait()
        await start(parameters)

    setattr(transport, "start", started)  # noqa: B010 - a method, as far as mypy knows


# --- sending ----------------------------------------------------------------------------------------------


class Packer(Protocol):
    """Makes RTP payloads of what a track gives."""

    def pack(self, data: Any) -> tuple[list[bytes], int]:
        """The payloads, and their RTP timestamp."""
        ...


def send_encoded(sender: RTCRtpSender, packer: Packer) -> None:
    """Have `packer` pack what the sender's track gives, which may be anything but a frame of PyAV's."""
    setattr(sender, _ENCODER, packer)


class Feedback(Protocol):
    """What the far end says about a stream we send."""

    def key_wanted(self) -> None:
        """Somebody can't show the picture without a key frame."""
        ...

    def estimate(self, bitrate: int) -> None:
        """So many bit/s get through, it believes (REMB)."""
        ...

    def report(self, lost: float) -> None:
        """So large a share of the packets did not arrive, 0…1."""
        ...


def listen_to(sender: RTCRtpSender, feedback: Feedback) -> None:
    """Have `feedback` told; packets asked for again are sent by aiortc itself."""
    handle = sender._handle_rtcp_packet

    async def handled(packet: AnyRtcpPacket) -> None:
        _tell(packet, sender._ssrc, feedback)
        await handle(packet)

    setattr(sender, "_handle_rtcp_packet", handled)  # noqa: B010 - a method, as far as mypy knows


def _tell(packet: AnyRtcpPacket, ssrc: int, feedback: Feedback) -> None:
    if isinstance(packet, (RtcpRrPacket, RtcpSrPacket)):
        for report in packet.reports:
            if report.ssrc == ssrc:
                feedback.report(report.fraction_lost / 256)
    elif isinstance(packet, RtcpPsfbPacket):
        if packet.fmt in (RTCP_PSFB_PLI, RTCP_PSFB_FIR):
            feedback.key_wanted()
        elif packet.fmt == RTCP_PSFB_APP:
            _tell_estimate(packet, ssrc, feedback)


def _tell_estimate(packet: RtcpPsfbPacket, ssrc: int, feedback: Feedback) -> None:
    try:
        bitrate, sources = unpack_remb_fci(packet.fci)
    except ValueError:
        return
    if ssrc in sources:
        feedback.estimate(bitrate)
