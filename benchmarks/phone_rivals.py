"""This program, baresip and linphonec as phones alike: each with its number, its microphone and its speaker.

All three use PulseAudio's null devices (baresip by ALSA's plugin, as Debian builds it), speak SIP over UDP to
the same server and plain RTP, and treat no sound. What is not named here is as each comes from its makers.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from demo.phone import command_line
from softphone.control import client
from softphone.control.protocol import ControlError
from tests.lab.linphone import CONFIG as LINPHONE
from tests.lab.linphone import SOUND as LINPHONE_SOUND
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.process import PeerFailed, Process, wait_until

REALM = "phone.test"
PATIENCE_S = 30.0
QUIT_S = 3.0

BARESIP = """poll_method epoll
sip_listen {host}:{sip_port}
net_interface {host}
call_local_timeout 120
call_max_calls 4
audio_player alsa,{speaker}
audio_source alsa,{microphone}
audio_alert alsa,{speaker}
ausrc_srate 48000
auplay_srate 48000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-160
rtp_tos 184
rtcp_mux no
rtp_ports {rtp_first}-{rtp_last}
jitter_buffer_delay 5-10
module_path /usr/lib/baresip/modules
module opus.so
module g711.so
module alsa.so
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {host}:{control_port}
opus_bitrate 32000
opus_inbandfec yes
opus_packet_loss 10
opus_application voip
"""
"""As `baresip` writes it at its first start, but for addresses, devices, and 32 kb/s with FEC in its Opus."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Whose phone it is. `server` is a port on loopback; devices are PulseAudio's, and by the same names
    ALSA's; `codec` is the only one used, by its SDP name."""

    folder: Path
    number: str
    password: str = field(repr=False)
    server: int
    speaker: str
    microphone: str
    environment: Mapping[str, str]
    codec: str = "opus"


class Rival(ABC):
    """One phone; `launch` returns when its process was started, in seconds of the system's clock."""

    name: ClassVar[str]

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.process: Process | None = None
        seat.folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def launch(self) -> float:
        """Start it, with the account it knows."""

    @abstractmethod
    def answer(self) -> None:
        """Take the call that rings. Raises PeerFailed."""

    def stop(self) -> None:
        """End it; harmless when it does not run."""
        if self.process is not None:
            self.process.stop(QUIT_S)
            self.process = None

    @property
    def pid(self) -> int:
        """Its process id. Raises PeerFailed."""
        if self.process is None:
            raise PeerFailed(f"{self.name} does not run")
        return self.process.pid

    def _start(self, command: Sequence[str], more: Mapping[str, str], *, typed: bool = False) -> float:
        environment = {**self.seat.environment, "HOME": str(self.seat.folder), **more}
        started = time.time()
        self.process = Process(command, self.seat.folder / "log", environment=environment, typed=typed)
        return started


class Ours(Rival):
    """This program without windows."""

    name = "ours"
    mode: ClassVar[tuple[str, ...]] = ("--headless",)

    def __init__(self, seat: Seat) -> None:
        super().__init__(seat)
        self._profile = seat.folder / "profile"

    def launch(self) -> float:
        """The password comes by standard input: there is no keyring here.

        As where it is installed, its modules are compiled once, at the first start, which nobody counts.
        """
        seat = self.seat
        settings = {
            "control.enabled": "true",
            "audio.microphone": f"pulse:{seat.microphone}",
            "audio.speaker": f"pulse:{seat.speaker}",
            "audio.ring": f"pulse:{seat.speaker}",
            "audio.echo_cancel": "off",
            "audio.noise_suppression": "off",
        }
        chosen = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        account = ["--server", f"{LOOPBACK}:{seat.server}", "--user", seat.number, "--transport", "udp"]
        command = [*command_line(), "--profile", str(self._profile), *self.mode, *account, "--password-stdin"]
        installed = {
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": str(seat.folder.parent / "bytecode"),
        }
        quiet = {"DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        started = self._start([*command, *chosen], quiet | installed, typed=True)
        assert self.process is not None
        self.process.type(seat.password)
        return started

    def answer(self) -> None:
        """As a person presses the button, by the control interface."""
        if not wait_until(self._taken, PATIENCE_S, 0.01):
            raise PeerFailed(f"nothing to answer: {self.control('status')}")

    def _taken(self) -> bool:
        try:
            self.control("answer")
        except ControlError:
            return False
        return True

    def control(self, command: str) -> dict[str, Any]:
        """One command, as `ctl` sends it."""
        return client.request(self._profile, command, {}, PATIENCE_S)


class WithWindows(Ours):
    """This program on the screen that DISPLAY names."""

    name = "windows"
    mode = ()


class Baresip(Rival):
    """Answers when told to by its control port."""

    name = "baresip"

    def launch(self) -> float:
        """See Rival."""
        seat, (sip, control) = self.seat, free_ports(2)
        rtp = free_ports(20, consecutive=True)
        self._control = control
        configuration = BARESIP.format(
            host=LOOPBACK, sip_port=sip, control_port=control, speaker=seat.speaker,
            microphone=seat.microphone, rtp_first=rtp[0], rtp_last=rtp[-1],
        )  # fmt: skip
        codecs = {"opus": "opus/48000/2", "PCMA": "PCMA/8000/1"}[seat.codec]
        (seat.folder / "config").write_text(configuration)
        (seat.folder / "contacts").write_text("")
        (seat.folder / "accounts").write_text(
            f"<sip:{seat.number}@{REALM};transport=udp>;auth_pass={seat.password}"
            f';outbound="sip:{LOOPBACK}:{seat.server};transport=udp";regint=300;answermode=manual'
            f";audio_codecs={codecs}\n"
        )
        return self._start(["baresip", "-f", str(seat.folder)], {})

    def answer(self) -> None:
        """Over its control port, in netstrings of JSON."""
        import json
        import socket

        body = json.dumps({"command": "accept"}).encode()
        with socket.create_connection((LOOPBACK, self._control), 5) as connection:
            connection.sendall(b"%d:%s," % (len(body), body))
            connection.recv(4096)


class Linphone(Rival):
    """Answers by itself, as with `-a`, its echo canceller off."""

    name = "linphonec"

    def launch(self) -> float:
        """See Rival."""
        seat, rtp = self.seat, free_ports(20, consecutive=True)
        (seat.folder / ".local" / "share" / "linphone").mkdir(parents=True, exist_ok=True)
        (seat.folder / "config").write_text(
            LINPHONE.format(
                sip_port=rtp[0], host=LOOPBACK, rtp_first=rtp[2], rtp_last=rtp[-1],
                server=f"{LOOPBACK}:{seat.server}", realm=REALM, number=seat.number, password=seat.password,
                encryption="none",
            )
            + LINPHONE_SOUND.replace("echocancellation=1", "echocancellation=0").format(
                speaker=seat.speaker, microphone=seat.microphone
            )
        )  # fmt: skip
        return self._start(["linphonec", "-a", "-c", str(seat.folder / "config")], {}, typed=True)

    def answer(self) -> None:
        """It has by itself."""

    def stop(self) -> None:
        """It keeps its settings only when it is told to go."""
        if self.process is not None and self.process.running:
            self.process.type("quit")
            self.process.wait(QUIT_S)
        super().stop()


RIVALS: tuple[type[Rival], ...] = (Ours, Baresip, Linphone)
"""In the order of the table's columns."""


def resident_mb(pid: int) -> float:
    """Resident memory of a process in MB (millions of bytes)."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def alsa_names(folder: Path, names: Sequence[str]) -> dict[str, str]:
    """ALSA devices that are PulseAudio's of the same names: what a program needs in its environment."""
    file = folder / "asound.conf"
    devices = "".join(f'pcm.{name} {{ type pulse device "{name}" }}\n' for name in names)
    file.write_text(f"</usr/share/alsa/alsa.conf>\n{devices}")
    return {"ALSA_CONFIG_PATH": str(file)}
