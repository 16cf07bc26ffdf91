"""Numbers whose calls fail, each in its own way: refused by a status, or answered and then gone."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from sip_bridge.core.errors import MessageError
from sip_bridge.core.message import Request, Response, parse_message
from tests.lab.ports import LOOPBACK

GONE = "gone"
"""The number that answers, sends nothing, and does not even hear that one hangs up."""

STATUSES = (404, 480, 486, 488, 500, 503, 603)
LOOK_UP_S = 0.2
BODY = (
    "v=0\r\no=gone 1 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
    "m=audio {port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n"
)


class OddNumber:
    """A user agent at a port of loopback that plays one part to whoever calls; nobody hears their sound."""

    def __init__(self, port: int, part: str) -> None:
        self._part = part
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, port))
        self._socket.settimeout(LOOK_UP_S)
        self._port = port
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, name=f"number {part}")
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stopped.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._stopped.is_set():
            with suppress(TimeoutError, MessageError):
                data, source = self._socket.recvfrom(65_535)
                message = parse_message(data)
                if isinstance(message, Request) and message.method == "INVITE":
                    self._socket.sendto(bytes(self._answer(message)), source)

    def _answer(self, request: Request) -> Response:
        answer = Response(200 if self._part == GONE else int(self._part))
        for name, value in request.headers:
            if name in ("Via", "From", "Call-ID", "CSeq", "Record-Route"):
                answer.headers.add(name, value)
        answer.headers.add("To", f"{request.headers.get('To')};tag=odd")
        if self._part == GONE:
            answer.headers.add("Contact", f"<sip:gone@{LOOPBACK}:{self._port}>")
            answer.headers.add("Content-Type", "application/sdp")
            answer.body = BODY.format(host=LOOPBACK, port=self._port + 1).encode()
        return answer
