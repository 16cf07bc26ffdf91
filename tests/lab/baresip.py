"""baresip as the other phone: plays a WAV file as its microphone and records what it hears."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.lab.ports import LOOPBACK, free_ports, listening
from tests.lab.process import PeerFailed, Process, wait_until
from tests.lab.sound import Pcm, read_growing_wav

STALE_S = 0.25
MODULES = "/usr/lib/baresip/modules"
CODECS = ("opus/48000/2", "G722/16000/1", "PCMA/8000/1", "PCMU/8000/1")

CONFIG = """poll_method epoll
sip_listen {host}:{sip_port}
{certificate}
call_local_timeout 60
call_max_calls 4
audio_player aubridge,nowhere
snd_path {recordings}
net_interface {host}
audio_source aufile,{microphone}
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 1
auplay_channels 1
audio_telev_pt 101
rtp_ports {rtp_first}-{rtp_last}
rtcp_mux yes
jitter_buffer_delay 2-5
module_path {modules}
module opus.so
module g722.so
module g711.so
module sndfile.so
module aubridge.so
module aufile.so
module stun.so
module turn.so
module ice.so
module srtp.so
module dtls_srtp.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control_port}
opus_bitrate 40000
"""


@dataclass(frozen=True, slots=True)
class Phone:
    """How this phone is set up. `server` is host:port; `media_encryption` is "", "srtp", "srtp-mand" or
    "dtls_srtp"; `answer` is "manual" or "auto"; `microphone` is a WAV file of 48 kHz mono."""

    number: str
    password: str = field(repr=False)
    server: str
    microphone: Path
    transport: str = "udp"
    media_encryption: str = ""
    codecs: tuple[str, ...] = CODECS
    answer: str = "auto"
    ca_file: Path | None = None
    realm: str = "phone.test"


class Baresip:
    """One running phone, driven over its control port. Methods block: call them from a thread in asyncio."""

    def __init__(self, folder: Path, phone: Phone) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.phone = phone
        self.recordings = folder / "sound"
        self.recordings.mkdir()
        self.port, self._control_port = free_ports(2)
        self._folder = folder
        self._process: Process | None = None
        self._socket: socket.socket | None = None
        self._events: list[dict[str, Any]] = []
        self._answers: dict[str, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._token = 0
        self._write_configuration()

    def _write_configuration(self) -> None:
        phone = self.phone
        rtp = free_ports(40, consecutive=True)
        (self._folder / "config").write_text(
            CONFIG.format(
                host=LOOPBACK,
                sip_port=self.port,
                certificate="" if phone.ca_file is None else f"sip_cafile {phone.ca_file}",
                recordings=self.recordings,
                microphone=phone.microphone,
                rtp_first=rtp[0],
                rtp_last=rtp[-1],
                modules=MODULES,
                control_port=self._control_port,
            )
        )
        outbound = f"sip:{LOOPBACK}:{phone.server.rpartition(':')[2]};transport={phone.transport}"
        encryption = f";mediaenc={phone.media_encryption}" if phone.media_encryption else ""
        (self._folder / "accounts").write_text(
            f"<sip:{phone.number}@{phone.realm};transport={phone.transport}>;auth_pass={phone.password}"
            f';outbound="{outbound}";regint=300;answermode={phone.answer};dtmfmode=rtpevent'
            f";audio_codecs={','.join(phone.codecs)}{encryption}\n"
        )
        (self._folder / "contacts").write_text("")

    @property
    def pid(self) -> int:
        """Its process id. Raises PeerFailed."""
        if self._process is None:
            raise PeerFailed("baresip does not run")
        return self._process.pid

    @property
    def log(self) -> str:
        """What the phone has written so far."""
        return (self._folder / "log").read_text(errors="replace")

    def start(self, *, registered: bool = True) -> None:
        """Start it, and wait until the registrar accepted it. Raises PeerFailed."""
        self._process = Process(["baresip", "-f", str(self._folder)], self._folder / "log")
        if not wait_until(lambda: listening(self._control_port)):
            self._fail("no control port")
        self._socket = socket.create_connection((LOOPBACK, self._control_port))
        threading.Thread(target=self._read, args=(self._socket,), daemon=True).start()
        if registered and not wait_until(lambda: "200 OK" in self.log):
            self._fail("not registered")

    def _fail(self, what: str) -> None:
        end = self.log[-2000:]
        self.stop()
        raise PeerFailed(f"baresip: {what}: {end}")

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.stop()
            self._process = None

    def _read(self, connection: socket.socket) -> None:
        buffer = b""
        while True:
            try:
                data = connection.recv(65536)
            except OSError:
                return
            if not data:
                return
            buffer += data
            while b":" in buffer:
                length, _, rest = buffer.partition(b":")
                if len(rest) < int(length) + 1:
                    break
                self._take(json.loads(rest[: int(length)]))
                buffer = rest[int(length) + 1 :]

    def _take(self, message: dict[str, Any]) -> None:
        with self._changed:
            if message.get("event"):
                self._events.append(message)
            else:
                self._answers[str(message.get("token", ""))] = message
            self._changed.notify_all()

    def command(self, name: str, parameters: str = "", timeout_s: float = 15.0) -> str:
        """Run one command and return its text. Raises PeerFailed when it is refused."""
        if self._socket is None:
            raise PeerFailed("baresip does not run")
        self._token += 1
        token = str(self._token)
        body = json.dumps({"command": name, "params": parameters, "token": token}).encode()
        self._socket.sendall(b"%d:%s," % (len(body), body))
        with self._changed:
            if not self._changed.wait_for(lambda: token in self._answers, timeout_s):
                raise PeerFailed(f"baresip did not answer {name}")
            answer = self._answers.pop(token)
        if not answer.get("ok"):
            raise PeerFailed(f"baresip refused {name}: {answer.get('data')}")
        return str(answer.get("data", ""))

    def events(self, kind: str = "") -> list[dict[str, Any]]:
        """Everything that has happened, or only events of one kind (CALL_ESTABLISHED…)."""
        with self._changed:
            return [event for event in self._events if not kind or event.get("type") == kind]

    def wait_for(self, kind: str, count: int = 1, timeout_s: float = 15.0) -> dict[str, Any]:
        """The `count`-th event of this kind. Raises PeerFailed when it does not come."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                found = [event for event in self._events if event.get("type") == kind]
                if len(found) >= count:
                    return found[count - 1]
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    kinds = [event.get("type") for event in self._events]
                    raise PeerFailed(f"baresip: no {kind} #{count} in {kinds}")

    def dial(self, target: str) -> None:
        """Call a number or SIP URI."""
        uri = target if ":" in target else f"sip:{target}@{self.phone.realm}"
        self.command("dial", uri)

    def accept(self) -> None:
        """Answer the incoming call."""
        self.command("accept")

    def hang_up(self) -> None:
        """End or refuse the current call."""
        self.command("hangup")

    def hold(self) -> None:
        """Put the current call on hold."""
        self.command("hold")

    def resume(self) -> None:
        """Take the current call off hold."""
        self.command("resume")

    def transfer(self, target: str) -> None:
        """Blind transfer of the current call."""
        self.command("transfer", target if ":" in target else f"sip:{target}@{self.phone.realm}")

    def dtmf(self, digits: str) -> None:
        """Press keys."""
        for digit in digits:
            self.command("sndcode", digit)
            self.command("sndcode", "\x04")

    def heard_digits(self) -> str:
        """Keys heard from the far end so far."""
        return "".join(str(event.get("param", "")) for event in self.events("CALL_DTMF_START"))

    def received_bps(self) -> int:
        """Bits a second of speech that arrive, as the phone itself counted them over its last seconds."""
        counts = re.findall(r"audio=\d+/(\d+) \(bit/s\)", self.log)
        return int(counts[-1]) if counts else 0

    def heard(self, last_s: float | None = None) -> tuple[Pcm, int]:
        """Sound received so far, mono, and its rate in Hz; only the last seconds when asked: none where
        nothing is being written. Its recording ends for good with the first hold."""
        files = sorted(self.recordings.glob("*-dec.wav"), key=lambda path: path.stat().st_mtime)
        if not files or (last_s is not None and time.time() - files[-1].stat().st_mtime > STALE_S):
            return np.zeros(0, dtype=np.int16), 48_000
        pcm, rate = read_growing_wav(files[-1])
        return (pcm if last_s is None else pcm[-int(last_s * rate) :]), rate
