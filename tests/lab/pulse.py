"""A PulseAudio server of a test's own, with virtual devices that can be plugged, fed and recorded."""

from __future__ import annotations

import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from tests.lab.process import PeerFailed, Process, wait_until

Pcm = npt.NDArray[np.int16]
RATE = 48_000
CONFIGURATION = "ALSA_CONFIG_PATH"
SYSTEM_ALSA = "/usr/share/alsa/alsa.conf"

_COMMAND = (
    "--daemonize=no",
    "--exit-idle-time=-1",
    "--disallow-exit",
    "--use-pid-file=no",
    "--disable-shm=yes",
    "--system=no",
    "--high-priority=no",
    "--realtime=no",
)
_RAW = ("--raw", f"--rate={RATE}", "--channels=1", "--format=s16le")


class PulseRig:
    """The running server. `environment` is what a program needs to see it."""

    def __init__(self, directory: Path, name_runtime: str = "run") -> None:
        self._runtime = directory / name_runtime
        self._runtime.mkdir(mode=0o700, parents=True)
        self._state = directory / "state"
        self._state.mkdir()
        self._socket = self._runtime / "native"
        self._script = directory / "default.pa"
        self._script.write_text(
            f".fail\nload-module module-native-protocol-unix auth-anonymous=1 socket={self._socket}\n"
        )
        self._log = directory / "pulse.log"
        self._modules: dict[str, list[str]] = {}
        self._server: Process | None = None

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables for a child process, or for this one."""
        return {
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_RUNTIME_PATH": str(self._runtime),
            "PULSE_STATE_PATH": str(self._state),
            "XDG_RUNTIME_DIR": str(self._runtime),
        }

    def inhabit(self, patch: pytest.MonkeyPatch) -> None:
        """Let this very process see the server, and PortAudio in it what ALSA has by itself."""
        for name, value in self.environment.items():
            patch.setenv(name, value)
        patch.setenv(CONFIGURATION, SYSTEM_ALSA)

    def start(self) -> None:
        """Start the server; also once more after `stop`, then without any device.

        It must find no session bus: there only one sound server may stand at a time.
        """
        self._modules.clear()
        environment = {**self.environment, "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        command = ["pulseaudio", "-n", "-F", str(self._script), *_COMMAND]
        self._server = Process(command, self._log, environment=environment)
        if not wait_until(self._answers):
            raise PeerFailed(f"PulseAudio does not start:\n{self._server.output[-2000:]}")

    def stop(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.stop()

    def pactl(self, *arguments: str) -> str:
        """Run a command of `pactl` and return what it printed."""
        done = subprocess.run(
            ["pactl", *arguments], capture_output=True, text=True, env=self._env(), timeout=10, check=False
        )
        if done.returncode:
            raise PeerFailed(f"pactl {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def plug_speaker(self, name: str, description: str = "", *, rate: int = RATE) -> None:
        """A new sink; without norewinds the callbacks of its streams would stall."""
        self._load(
            name,
            f"module-null-sink sink_name={name} rate={rate} channels=2 norewinds=1 "
            f"sink_properties=\"device.description='{description or name}'\"",
        )

    def plug_microphone(self, name: str, description: str = "") -> None:
        """A new source, fed through a hidden sink named NAME_feed."""
        self._load(
            name,
            f"module-null-sink sink_name={name}_feed rate={RATE} channels=1 norewinds=1",
            f"module-remap-source source_name={name} master={name}_feed.monitor "
            f"source_properties=\"device.description='{description or name}'\"",
        )

    def unplug(self, name: str) -> None:
        """Pull a device out."""
        for module in reversed(self._modules.pop(name)):
            self.pactl("unload-module", module)

    def lose(self, name: str) -> None:
        """Pull a speaker out, and let the server end what plays there instead of moving it elsewhere."""
        console = self._runtime / "console"
        if not console.exists():
            self.pactl("load-module", "module-cli-protocol-unix", f"socket={console}")
        rows = [line.split("\t") for line in self.pactl("list", "short", "sinks").splitlines()]
        sink = next(number for number, called, *_ in rows if called == name)
        playing = [line.split("\t") for line in self.pactl("list", "short", "sink-inputs").splitlines()]
        kills = [f"kill-sink-input {number}" for number, on, *_ in playing if on == sink]
        unloads = [f"unload-module {module}" for module in reversed(self._modules.pop(name))]
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(console))
            peer.sendall("\n".join((*kills, *unloads, "")).encode())
            peer.settimeout(1)
            with suppress(TimeoutError):
                peer.recv(4096)

    def plugged(self, name: str) -> bool:
        """Whether this device is there."""
        return name in self._modules

    def set_default(self, *, speaker: str = "", microphone: str = "") -> None:
        """Make devices the system's default."""
        if speaker:
            self.pactl("set-default-sink", speaker)
        if microphone:
            self.pactl("set-default-source", microphone)

    @contextmanager
    def recording(self, speaker: str) -> Iterator[Recording]:
        """Record what a speaker plays while the block runs."""
        recording = Recording(f"{speaker}.monitor", self._env())
        try:
            recording.wait_running()
            yield recording
        finally:
            recording.stop()

    def record(self, speaker: str, seconds: float) -> Pcm:
        """What a speaker plays during the next `seconds`."""
        with self.recording(speaker) as recording:
            time.sleep(seconds)
        return recording.pcm()

    @contextmanager
    def saying(self, microphone: str, pcm: Pcm) -> Iterator[None]:
        """Say `pcm` into a microphone, from the start of the block, at most until its end."""
        feeder = subprocess.Popen(
            ["pacat", "-d", f"{microphone}_feed", *_RAW, "--latency-msec=20"],
            stdin=subprocess.PIPE,
            env=self._env(),
        )
        writer = threading.Thread(target=_write, args=(feeder, pcm), daemon=True)
        writer.start()
        try:
            yield
        finally:
            feeder.kill()
            feeder.wait()
            writer.join(5)

    def _load(self, name: str, *modules: str) -> None:
        loaded = self._modules.setdefault(name, [])
        for module in modules:
            loaded.append(self.pactl("load-module", *module.split(" ", 1)))

    def _answers(self) -> bool:
        command = ["pactl", "info"]
        asked = subprocess.run(command, capture_output=True, env=self._env(), timeout=10, check=False)
        return asked.returncode == 0

    def _env(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "LC_ALL": "C.UTF-8"}


class Recording:
    """A `parec` on a monitor; each sample's time is known from when it was read."""

    def __init__(self, source: str, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            ["parec", "-d", source, *_RAW, "--latency-msec=10"], stdout=subprocess.PIPE, env=environment
        )
        self._parts: list[tuple[float, bytes]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def wait_running(self) -> None:
        """Return when the first sound (or silence) has come."""
        if not wait_until(lambda: bool(self._parts), 5):
            raise PeerFailed("parec records nothing")

    def stop(self) -> None:
        """End the recording."""
        self._process.kill()
        self._process.wait(5)
        self._thread.join(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def pcm(self, since: float = 0.0, until: float = float("inf")) -> Pcm:
        """Sound read between two times of `time.monotonic`."""
        return np.frombuffer(b"".join(part for at, part in self._parts if since <= at <= until), np.int16)

    @property
    def began(self) -> float:
        """When the first sample came, told from the steady flow of all of them (time.monotonic)."""
        read, begins = 0, []
        for at, part in self._parts:
            read += len(part) // 2
            begins.append(at - read / RATE)
        return float(np.median(begins))

    def first_loud(self, threshold: int = 500, since: float = 0.0) -> float | None:
        """When the first sample above `threshold` came, or None."""
        for at, part in self._parts:
            if (
                at >= since
                and np.abs(np.frombuffer(part, np.int16).astype(np.int32)).max(initial=0) > threshold
            ):
                return at
        return None

    def _read(self) -> None:
        output = self._process.stdout
        assert output is not None
        while part := output.read(960):
            self._parts.append((time.monotonic(), part))


def _write(feeder: subprocess.Popen[bytes], pcm: Pcm) -> None:
    assert feeder.stdin is not None
    with suppress(BrokenPipeError), feeder.stdin as stdin:
        stdin.write(pcm.tobytes())


@contextmanager
def pulse_rig(directory: Path) -> Iterator[PulseRig]:
    """A server with a headset (speaker and microphone, the defaults) and loudspeakers."""
    rig = PulseRig(directory)
    try:
        rig.start()
        rig.plug_speaker("headset", "Headset")
        rig.plug_speaker("speakers", "Laptop Speakers")
        rig.plug_microphone("headset_mic", "Headset Microphone")
        rig.set_default(speaker="headset", microphone="headset_mic")
        yield rig
    finally:
        rig.stop()
