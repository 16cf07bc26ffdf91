"""The phones' caller: a scripted user agent that sends given packets at their times, and notes what comes."""

from __future__ import annotations

import gc
import secrets
import select
import socket
import struct
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.phone_rivals import REALM
from media.types import AudioPacket
from sip_bridge.core.message import Request, Response, parse_message
from sip_bridge.core.sdp import SessionDescription
from sip_bridge.rtp.packet import RtpPacket
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.process import PeerFailed

NUMBER = "0409999999"
ANSWER_S = 10.0
EOL = "\r\n"
RTP_HEADER, RTP_VERSION = 12, 2
TIMESTAMPS = 35
"""SO_TIMESTAMPNS, which Python has no name for."""
FORMATS = {
    "opus": (96, "opus/48000/2", "useinbandfec=1;maxaveragebitrate=32000"),
    "PCMA": (8, "PCMA/8000", ""),
}
"""Payload type, rtpmap and fmtp of each codec."""


def is_speech(data: bytes, codec: str) -> bool:
    """Whether a datagram is RTP of this codec: phones send other things first, to open ways."""
    return len(data) > RTP_HEADER and data[0] >> 6 == RTP_VERSION and data[1] & 0x7F == FORMATS[codec][0]


@dataclass(frozen=True, slots=True)
class Heard:
    """A packet of the phone's; `at` by the system's clock in seconds."""

    at: float
    packet: RtpPacket


class Call:
    """One call to one phone. `send` may be called from another thread than the rest."""

    def __init__(self, caller: Caller, number: str, codec: str) -> None:
        self.number, self.codec = number, codec
        self.id = secrets.token_hex(8)
        self._caller = caller
        self._from = f"<sip:{NUMBER}@{REALM}>;tag={secrets.token_hex(4)}"
        self._to = f"<sip:{number}@{REALM}>"
        self._target = f"sip:{number}@{REALM}"
        self._routes: tuple[str, ...] = ()
        self._ssrc = secrets.randbits(32)
        self._far = (LOOPBACK, 0)
        self._rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._rtp.setsockopt(socket.SOL_SOCKET, TIMESTAMPS, 1)
        self._rtp.bind((LOOPBACK, free_ports(2, consecutive=True)[0]))
        self.rtp_port: int = self._rtp.getsockname()[1]
        self.heard: list[Heard] = []
        self._over = False
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def invite(self) -> None:
        """Ring the phone; returns at once."""
        kind, name, parameters = FORMATS[self.codec]
        lines = [
            "v=0", f"o=- 1 1 IN IP4 {LOOPBACK}", "s=-", f"c=IN IP4 {LOOPBACK}", "t=0 0",
            f"m=audio {self.rtp_port} RTP/AVP {kind} 101", f"a=rtpmap:{kind} {name}",
            *([f"a=fmtp:{kind} {parameters}"] if parameters else []),
            "a=rtpmap:101 telephone-event/8000", "a=ptime:20", "a=sendrecv",
        ]  # fmt: skip
        self._request("INVITE", 1, EOL.join(lines) + EOL)

    def await_status(self, *wanted: int) -> Response:
        """The first answer with one of these. Raises PeerFailed."""
        return self._caller.answer_to(self.id, wanted)

    def stand(self) -> None:
        """Wait for the 200, and acknowledge it. Raises PeerFailed."""
        answer = self.await_status(200)
        self._to = answer.headers.get("To") or ""
        self._target = str(answer.contacts[0].uri)
        self._routes = tuple(reversed(answer.headers.get_all("Record-Route")))
        self._request("ACK", 1)
        self._far = (LOOPBACK, SessionDescription.parse(answer.body).media[0].port)
        self._thread.start()

    def send(self, packet: AudioPacket) -> None:
        """One RTP packet, now."""
        rtp = RtpPacket(
            FORMATS[self.codec][0],
            packet.sequence & 0xFFFF,
            packet.timestamp & 0xFFFF_FFFF,
            self._ssrc,
            packet.payload,
            packet.sequence == 0,
        )
        self._rtp.sendto(bytes(rtp), self._far)

    def hang_up(self) -> None:
        """End it, and wait until the phone has. Raises PeerFailed."""
        self._request("BYE", 2)
        self._caller.answer_to(self.id, (200,), "BYE")
        self.close()

    def close(self) -> None:
        """Let go of the port; harmless twice."""
        self._over = True
        if self._thread.is_alive():
            self._thread.join(2)
        self._rtp.close()

    def _listen(self) -> None:
        while not self._over:
            if not select.select([self._rtp], [], [], 0.1)[0]:
                continue
            data, ancillary, _, _ = self._rtp.recvmsg(65_535, 64)
            seconds, nanoseconds = struct.unpack("qq", ancillary[0][2])
            if is_speech(data, self.codec):
                self.heard.append(Heard(seconds + nanoseconds / 1e9, RtpPacket.parse(data)))

    def _request(self, method: str, number: int, body: str = "") -> None:
        request = Request(method, self._target, body=body.encode())
        host, port = LOOPBACK, self._caller.port
        branch = f"z9hG4bK{secrets.token_hex(6)}"
        values = [
            ("Via", f"SIP/2.0/UDP {host}:{port};branch={branch};rport"),
            ("From", self._from), ("To", self._to), ("Call-ID", self.id),
            ("CSeq", f"{number} {method}"), ("Max-Forwards", "70"),
            ("Contact", f"<sip:{NUMBER}@{host}:{port}>"), *(("Route", route) for route in self._routes),
            *([("Content-Type", "application/sdp")] if body else []),
        ]  # fmt: skip
        for field, value in values:
            request.headers.add(field, value)
        self._caller.transmit(bytes(request))


class Caller:
    """One SIP port that the server trusts; as a context manager."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._server = (LOOPBACK, 0)
        self._sip = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sip.bind((LOOPBACK, port))
        self._answers: list[Response] = []
        self._calls: list[Call] = []

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        for call in self._calls:
            call.close()
        self._sip.close()

    def through(self, server: int) -> None:
        """Calls go by way of this port from now on."""
        self._server = (LOOPBACK, server)

    def ring(self, number: str, codec: str) -> Call:
        """Begin a call."""
        call = Call(self, number, codec)
        self._calls.append(call)
        call.invite()
        return call

    def transmit(self, data: bytes) -> None:
        """To the server."""
        self._sip.sendto(data, self._server)

    def answer_to(self, call_id: str, wanted: Sequence[int], method: str = "INVITE") -> Response:
        """Raises PeerFailed when none of these statuses comes, or another final one does."""
        deadline = time.monotonic() + ANSWER_S
        while (left := deadline - time.monotonic()) > 0:
            for answer in self._answers:
                if answer.headers.get("Call-ID") == call_id and (answer.headers.get("CSeq") or "").endswith(
                    method
                ):
                    if answer.status in wanted:
                        return answer
                    if answer.status >= 300:
                        raise PeerFailed(f"the phone says {answer.status} {answer.reason}")
            if select.select([self._sip], [], [], left)[0]:
                message = parse_message(self._sip.recv(65_535))
                if isinstance(message, Response):
                    self._answers.append(message)
        raise PeerFailed(f"no answer {wanted} to {method}")


def talk(calls: Mapping[str, Call], packets: Mapping[str, Sequence[AudioPacket]]) -> float:
    """Send everything at its time; returns when time 0 was, by the system's clock in seconds."""
    plan = sorted(
        ((packet.arrival, index, packet) for index, name in enumerate(calls) for packet in packets[name]),
        key=lambda one: one[:2],
    )
    lines = list(calls.values())
    with undisturbed():
        begin, began = time.monotonic() + 0.1, time.time() + 0.1
        for when, index, packet in plan:
            if (wait := begin + when - time.monotonic()) > 0:
                time.sleep(wait)
            lines[index].send(packet)
    return began


@contextmanager
def undisturbed() -> Iterator[None]:
    """Look for no garbage meanwhile: among all that is kept here this would hold up everything by 80 ms."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
