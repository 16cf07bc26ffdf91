"""linphonec as the other phone: another maker's SIP stack, driven by typing; speaks and records WAV files.

liblinphone follows REFER with Replaces, is itself replaced, and transfers one of its calls to another, which
baresip 1.0 does not do. With sound cards instead of files it is what people use, its echo canceller included.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.process import PeerFailed, Process, wait_until
from tests.lab.sound import Pcm, read_growing_wav

STALE_S = 1.0
QUIT_S = 3.0
UNKNOWN = "Cannot understand this"
CODEC = re.compile(r"^ *(\d+): (\S+) \(\d+\) (enabled|disabled)$", re.MULTILINE)

CONFIG = """[sip]
sip_port={sip_port}
sip_tcp_port=0
sip_tls_port=0
bind_address={host}
default_proxy=0
use_ipv6=0
media_encryption={encryption}
register_only_when_network_is_up=0
[rtp]
audio_rtp_port={rtp_first}-{rtp_last}
[net]
firewall_policy=0
[video]
enabled=0
[misc]
contacts-vcard-list=
[proxy_0]
reg_proxy=<sip:{server};transport=udp>
reg_route=<sip:{server};transport=udp;lr>
reg_identity=sip:{number}@{realm}
reg_expires=300
reg_sendregister=1
publish=0
[auth_info_0]
username={number}
passwd={password}
realm={realm}
"""

SOUND = """[sound]
echocancellation=1
playback_dev_id=PulseAudio Unknown: {speaker}
ringer_dev_id=PulseAudio Unknown: {speaker}
capture_dev_id=PulseAudio Unknown: {microphone}
"""


@dataclass(frozen=True, slots=True)
class Cards:
    """PulseAudio's devices by their descriptions; `environment` is how to reach the server."""

    speaker: str
    microphone: str
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """Whose phone it is. `server` is host:port; `microphone` a WAV file, or cards; `encryption` is none or
    srtp; `codecs` are the only ones it uses, all where none is named."""

    number: str
    password: str = field(repr=False)
    server: str
    microphone: Path | Cards
    realm: str = "phone.test"
    encryption: str = "none"
    codecs: tuple[str, ...] = ()


class Linphone:
    """One running phone. Methods block: call them from a thread in asyncio."""

    def __init__(self, folder: Path, line: Line) -> None:
        self.line = line
        self._folder = folder
        self._ear = folder / "heard.wav"
        self._process: Process | None = None
        (folder / ".local" / "share" / "linphone").mkdir(parents=True)
        self._write_configuration()

    def _write_configuration(self) -> None:
        line, rtp = self.line, free_ports(40, consecutive=True)
        cards = line.microphone
        sound = ""
        if isinstance(cards, Cards):
            sound = SOUND.format(speaker=cards.speaker, microphone=cards.microphone)
        (self._folder / "config").write_text(
            CONFIG.format(
                sip_port=rtp[0],
                host=LOOPBACK,
                rtp_first=rtp[2],
                rtp_last=rtp[-1],
                server=line.server,
                realm=line.realm,
                number=line.number,
                password=line.password,
                encryption=line.encryption,
            )
            + sound
        )

    @property
    def log(self) -> str:
        """What it has shown so far."""
        return "" if self._process is None else self._process.output

    def told(self, status: int) -> bool:
        """Whether a NOTIFY with this outcome of a transfer (message/sipfrag) went from or to it."""
        trace = (self._folder / "trace").read_text(errors="replace")
        return any(
            re.search(rf"message/sipfrag.*?\n\s*\n\s*SIP/2\.0 {status} ", notify[:2000], re.DOTALL)
            for notify in re.split(r"^NOTIFY sip", trace, flags=re.MULTILINE)[1:]
        )

    def start(self) -> None:
        """Start it, registered, answering by itself. Raises PeerFailed."""
        config = ["linphonec", "-c", str(self._folder / "config")]
        home = {"HOME": str(self._folder), "PULSE_SERVER": f"unix:{self._folder}/nowhere"}
        if isinstance(self.line.microphone, Cards):
            home |= self.line.microphone.environment
        else:
            config += ["-d", "5", "-l", str(self._folder / "trace")]
        self._process = Process(config, self._folder / "log", environment=home, typed=True)
        if isinstance(self.line.microphone, Path):
            self._type("soundcard use files")
            self._type(f"play {self.line.microphone}")
            self._type(f"record {self._ear}")
        if self.line.codecs:
            self._use_codecs(self.line.codecs)
        self._type("autoanswer enable")
        if not wait_until(self._registered, step_s=0.2):
            end = self.log[-2000:]
            self.stop()
            raise PeerFailed(f"linphonec: not registered: {end}")

    def _use_codecs(self, codecs: tuple[str, ...]) -> None:
        self._type("codec list")
        if not wait_until(lambda: bool(CODEC.search(self.log))):
            raise PeerFailed(f"linphonec lists no codecs: {self.log[-2000:]}")
        for index, name, state in CODEC.findall(self.log):
            if state == "enabled" and name not in codecs:
                self._type(f"codec disable {index}")

    def cancels_echo(self) -> bool:
        """Whether its echo canceller is on, as it says itself."""
        self._type("ec show")
        return wait_until(lambda: "echo cancellation is on" in self.log)

    @property
    def pid(self) -> int:
        """Its process id. Raises PeerFailed."""
        if self._process is None:
            raise PeerFailed("linphonec does not run")
        return self._process.pid

    def _registered(self) -> bool:
        self._type("status register")
        return "registered, identity" in self.log

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self._process is not None:
            if self._process.running:
                with suppress(PeerFailed):
                    self._type("quit")
                self._process.wait(QUIT_S)
            self._process.stop()
            self._process = None

    def _type(self, line: str) -> None:
        if self._process is None:
            raise PeerFailed("linphonec does not run")
        self._process.type(line)

    def wait_for(self, text: str, count: int = 1, timeout_s: float = 15.0) -> None:
        """Wait until it has shown this for the `count`-th time. Raises PeerFailed."""
        if not wait_until(lambda: self.log.count(text) >= count, timeout_s):
            raise PeerFailed(f"linphonec: no {text!r} #{count}: {self.log[-2000:]}")

    def calls(self) -> dict[int, str]:
        """Its calls and their states (StreamsRunning, Paused…), as it lists them now."""
        answered = self.log.count(UNKNOWN)
        self._type("calls")
        # What it does not know is answered after the list.
        self._type("listed?")
        if not wait_until(lambda: self.log.count(UNKNOWN) > answered):
            raise PeerFailed(f"linphonec does not list its calls: {self.log[-2000:]}")
        rows = re.findall(r"^(\d+) *\|.*\| (\w+) +\|", self.log.rpartition("> calls\n")[2], re.MULTILINE)
        return {int(number): state for number, state in rows}

    def dial(self, number: str) -> None:
        """Call a number."""
        self._type(f"call sip:{number}@{self.line.realm}")

    def pause(self) -> None:
        """Put the current call on hold."""
        self._type("pause")

    def hang_up(self) -> None:
        """End all calls."""
        self._type("terminate all")

    def transfer(self, call: int, other: int) -> None:
        """Attended transfer: send the far end of `call` to the far end of `other`. Raises PeerFailed.

        Asked before `other` stands at its own end, linphonec says yes and sends nothing.
        """
        if not wait_until(lambda: self.calls().get(other) == "StreamsRunning", step_s=0.2):
            raise PeerFailed(f"linphonec: call {other} does not stand: {self.log[-2000:]}")
        self._type(f"transfer {call} --to-call {other}")

    def heard(self, last_s: float) -> tuple[Pcm, int]:
        """The last seconds of sound received, mono, and its rate in Hz: none where nothing is written."""
        if not self._ear.exists() or time.time() - self._ear.stat().st_mtime > STALE_S:
            return np.zeros(0, dtype=np.int16), 48_000
        pcm, rate = read_growing_wav(self._ear)
        return pcm[-int(last_s * rate) :], rate
