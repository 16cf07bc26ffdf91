"""Calls to PJSIP on loopback, many at a time, each fed with given packets on the dot."""

from __future__ import annotations

import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from media.types import AudioPacket, CodecSpec, Pcm
from sip_bridge.core.message import Request, Response, parse_message
from sip_bridge.core.sdp import SessionDescription
from sip_bridge.rtp.packet import RtpPacket
from tests.lab.ports import LOOPBACK, free_port, free_ports
from tests.lab.speech import read_wav

ANSWER_S = 5.0
START_S = 15.0
TAIL_S = 0.5
CALLS_EACH = 4
"""What PyPI's build of PJSIP takes at a time."""
ANSWERER = Path(__file__).with_name("pjsip_answerer.py")
EOL = "\r\n"


class PjsipFailed(Exception):
    """PJSIP is not there, or did not do what it should; the text says what to do about it."""


def version(python: str) -> str:
    """PJSIP's version. Raises PjsipFailed."""
    command = "import pjsua2; print(pjsua2.Endpoint().libVersion().full)"
    try:
        done = subprocess.run(
            [python, "-c", command], capture_output=True, text=True, timeout=START_S, check=False
        )
    except OSError as error:
        raise PjsipFailed(f"{python}: {error}") from error
    if done.returncode:
        raise PjsipFailed(
            f"{python} has no pjsua2. Make it an environment of its own, for comparison only:\n"
            "    python3 -m venv DIRECTORY && DIRECTORY/bin/pip install pjsua2-python\n"
            "and give its interpreter: --pjsip-python DIRECTORY/bin/python"
        )
    return done.stdout.strip()


class Caller:
    """One call, by hand: INVITE, ACK, RTP, BYE."""

    def __init__(self, name: str, spec: CodecSpec, rtp_port: int, sip_port: int) -> None:
        self._name, self._spec, self._rtp_port, self._server = name, spec, rtp_port, (LOOPBACK, sip_port)
        self._sip, self._rtp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        self._sip.bind((LOOPBACK, 0))
        self._sip.settimeout(ANSWER_S)
        self._rtp.bind((LOOPBACK, rtp_port))
        self._rtp.setblocking(False)
        self._from = f"<sip:bench@{LOOPBACK}>;tag={secrets.token_hex(4)}"
        self._to = f"<sip:{name}@{LOOPBACK}>"
        self._target = f"sip:{name}@{LOOPBACK}:{sip_port}"
        self._call_id, self._ssrc = secrets.token_hex(8), secrets.randbits(32)

    def _request(self, method: str, number: int, body: str = "") -> None:
        request = Request(method, self._target, body=body.encode())
        host, port = self._sip.getsockname()
        values = {
            "Via": f"SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(6)};rport",
            "From": self._from, "To": self._to, "Call-ID": self._call_id, "CSeq": f"{number} {method}",
            "Contact": f"<sip:bench@{host}:{port}>", "Max-Forwards": "70",
        }  # fmt: skip
        for field, value in values.items():
            request.headers.add(field, value)
        if body:
            request.headers.add("Content-Type", "application/sdp")
        self._sip.sendto(bytes(request), self._server)

    def _final(self) -> Response:
        while True:
            message = parse_message(self._sip.recv(65_535))
            if isinstance(message, Response) and message.status >= 200:
                return message

    def _offer(self) -> str:
        spec = self._spec
        lines = [
            "v=0", f"o=- 1 1 IN IP4 {LOOPBACK}", "s=-", f"c=IN IP4 {LOOPBACK}", "t=0 0",
            f"m=audio {self._rtp_port} RTP/AVP {spec.payload_type}",
            f"a=rtpmap:{spec.payload_type} {spec.name}/{spec.clock_rate}", "a=ptime:20", "a=sendrecv",
        ]  # fmt: skip
        return EOL.join(lines) + EOL

    def dial(self) -> None:
        """Call and be answered. Raises PjsipFailed."""
        self._request("INVITE", 1, self._offer())
        try:
            answer = self._final()
        except TimeoutError as error:
            raise PjsipFailed(f"{self._name}: no answer") from error
        if answer.status != 200:
            raise PjsipFailed(f"{self._name}: {answer.status} {answer.reason}")
        self._to = answer.headers.get("To") or ""
        self._target = str(answer.contacts[0].uri)
        self._request("ACK", 1)
        self._far = (LOOPBACK, SessionDescription.parse(answer.body).media[0].port)

    def send(self, packet: AudioPacket) -> None:
        """One RTP packet, now."""
        rtp = RtpPacket(
            packet.payload_type,
            packet.sequence & 0xFFFF,
            packet.timestamp & 0xFFFF_FFFF,
            self._ssrc,
            packet.payload,
            packet.sequence == 0,
        )
        self._rtp.sendto(bytes(rtp), self._far)

    def hang_up(self) -> None:
        """End it and wait until PJSIP has."""
        self._request("BYE", 2)
        self._final()

    def close(self) -> None:
        """Let go of the ports."""
        self._sip.close()
        self._rtp.close()


@contextmanager
def _answerer(python: str, spec: CodecSpec, rate: int, directory: Path) -> Iterator[int]:
    """PJSIP waiting for calls; gives its SIP port."""
    port = free_port()
    command = [python, str(ANSWERER), str(port), str(rate), spec.name, str(directory)]
    with (directory / f"pjsip{port}.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        _wait_until_ready(process.stdout)
        yield port
        process.communicate(timeout=START_S)
    finally:
        process.kill()
        process.wait()


def _wait_until_ready(output: IO[bytes]) -> None:
    for line in output:
        if line.startswith(b"ready"):
            return
    raise PjsipFailed("PJSIP did not start")


def _talk(callers: Mapping[str, Caller], calls: Mapping[str, Sequence[AudioPacket]]) -> None:
    """Send everything at its time; calls are spread over a packet's 20 ms."""
    plan = sorted(
        (packet.arrival + 0.020 * index / len(calls), name, packet)
        for index, (name, packets) in enumerate(calls.items())
        for packet in packets
    )  # fmt: skip
    start = time.monotonic() + 0.1
    for when, name, packet in plan:
        if (wait := start + when - time.monotonic()) > 0:
            time.sleep(wait)
        callers[name].send(packet)
    time.sleep(TAIL_S)


def heard(
    python: str, spec: CodecSpec, rate: int, calls: Mapping[str, Sequence[AudioPacket]]
) -> dict[str, Pcm]:
    """What is heard (48 kHz) of all `calls`, each the packets that get through, by arrival."""
    with tempfile.TemporaryDirectory() as place:
        directory = Path(place)
        with ExitStack() as processes:
            sip_ports = [
                processes.enter_context(_answerer(python, spec, rate, directory))
                for _ in range(0, len(calls), CALLS_EACH)
            ]
            _carry_out(calls, spec, sip_ports)
        return {name: read_wav(directory / f"{name}.wav") for name in calls}


def _carry_out(calls: Mapping[str, Sequence[AudioPacket]], spec: CodecSpec, sip_ports: Sequence[int]) -> None:
    rtp_ports = free_ports(2 * len(calls), consecutive=True)[::2]
    with ExitStack() as open_calls:
        callers: dict[str, Caller] = {}
        for index, name in enumerate(calls):
            callers[name] = Caller(name, spec, rtp_ports[index], sip_ports[index // CALLS_EACH])
            open_calls.callback(callers[name].close)
            callers[name].dial()
        _talk(callers, calls)
        for caller in callers.values():
            caller.hang_up()
