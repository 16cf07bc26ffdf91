"""What the engine thread does with its time: every callback of its loop, registered and in a call.

The program runs as people run it: on PulseAudio, registered by TLS, then in an Opus call with DTLS-SRTP.
Beside it in the same minutes run a bare asyncio loop with a timer of 10 ms, for what this machine does to any
loop, and baresip at the other end of the same call, for what such a call costs a program in C. Callbacks are
judged by the CPU time of their thread, which other programs on the machine don't lengthen.

    python -m benchmarks.engine_loop [--seconds 60]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from softphone.control import client
from softphone.control.protocol import ControlError
from tests.lab.baresip import Baresip, Phone
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import LOOPBACK
from tests.lab.process import PeerFailed, Process, wait_until
from tests.lab.pulse import PulseRig, pulse_rig
from tests.lab.sound import tone, write_wav

US, THEM, SECRET = "0401000001", "0401000002", "not-a-secret"
SETTLE_S = 5.0
TICKS = os.sysconf("SC_CLK_TCK")
LIMITS_MS = (1, 10, 50)
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used: CPU in seconds, resident memory in MB."""

    cpu_s: float
    resident_mb: float


def usage(pid: int) -> Usage:
    """Of this process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return Usage((int(fields[11]) + int(fields[12])) / TICKS, pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000)


class Probed:
    """A process under `benchmarks.loop_probe`."""

    def __init__(self, folder: Path, *arguments: str, environment: dict[str, str] | None = None) -> None:
        folder.mkdir()
        self._folder = folder
        self._window = 0
        command = [sys.executable, "-m", "benchmarks.loop_probe", str(folder), *arguments]
        self._process = Process(command, folder / "output", environment=environment)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def noted(self) -> dict[str, Any]:
        """End a window of time; what was noted in it. Raises PeerFailed."""
        self._window += 1
        report = self._folder / f"{self._window}.json"
        self._process.signal(signal.SIGUSR1)
        if not wait_until(report.exists):
            raise PeerFailed(f"no report: {self._process.output[-2000:]}")
        noted: dict[str, Any] = json.loads(report.read_text())
        return noted

    def stop(self) -> None:
        """End it."""
        self._process.stop(10.0)


class Desk:
    """The program, the server, the other phone and the bare loop; whatever was started ends with `stack`."""

    def __init__(self, folder: Path, rig: PulseRig, stack: ExitStack, seconds: float) -> None:
        folder.mkdir()
        self._folder, self._stack = folder, stack
        self._authority = Authority(folder / "authority")
        self._port = self._start_server()
        self.phone = self._start_phone(seconds)
        self._profile = folder / "profile"
        self.program = self._start_program(rig)
        self.bare = Probed(folder / "bare")
        stack.callback(self.bare.stop)
        self._sign_in()

    def _start_server(self) -> int:
        people = (User(US, SECRET), User(THEM, SECRET))
        certificate = self._authority.issue("localhost", LOOPBACK)
        server = Kamailio(self._folder / "server", Options(people, certificate=certificate))
        self._stack.callback(server.stop)
        server.start()
        return server.tls_port

    def _start_phone(self, seconds: float) -> Baresip:
        far_end = Phone(
            THEM,
            SECRET,
            f"{LOOPBACK}:{self._port}",
            write_wav(self._folder / "says.wav", tone(800, seconds, -20)),
            "tls",
            "dtls_srtp",
            ("opus/48000/2",),
            ca_file=self._authority.ca_file,
        )
        phone = Baresip(self._folder / "phone", far_end)
        self._stack.callback(phone.stop)
        phone.start()
        return phone

    def _start_program(self, rig: PulseRig) -> Probed:
        chosen = {
            "control.enabled": "true",
            "audio.microphone": "pulse:headset_mic",
            "audio.speaker": "pulse:headset",
            "audio.ring": "pulse:speakers",
        }
        settings = [part for key, value in chosen.items() for part in ("--set", f"{key}={value}")]
        apart = {"HOME": str(self._folder), "DBUS_SESSION_BUS_ADDRESS": "disabled:"}
        program = Probed(
            self._folder / "program",
            *("--profile", str(self._profile), "--headless", *settings),
            environment={**rig.environment, **apart},
        )
        self._stack.callback(program.stop)
        return program

    def _sign_in(self) -> None:
        if not wait_until(self._answers, 30.0):
            raise PeerFailed("the program does not answer")
        self.control(
            "sign-in",
            server=f"localhost:{self._port}",
            user=US,
            password=SECRET,
            transport="tls",
            ca_file=str(self._authority.ca_file),
        )

    def control(self, command: str, **arguments: object) -> dict[str, Any]:
        """One command to the program."""
        return client.request(self._profile, command, dict(arguments), 40.0)

    def _answers(self) -> bool:
        try:
            self.control("status")
        except ControlError:
            return False
        return True

    def call(self) -> None:
        """Talk with the other phone. Raises PeerFailed."""
        self.phone.dial(US)
        if not wait_until(lambda: bool(self.control("status")["calls"])):
            raise PeerFailed("no call arrives")
        self.control("answer")
        self.phone.wait_for("CALL_ESTABLISHED")

    def still_talking(self) -> None:
        """Raises PeerFailed when the call has ended meanwhile: its minute was none."""
        states = [call["state"] for call in self.control("status")["calls"]]
        if states != ["active"]:
            raise PeerFailed(f"the call has ended: {states}")


def shares(values: Sequence[float], scale: float) -> str:
    """p50, p99 and the longest, in ms."""
    if not values:
        return f"{'-':>8} {'-':>8} {'-':>8}"
    p50, p99, longest = (float(np.percentile(values, share)) * scale for share in (50, 99, 100))
    return f"{p50:8.3f} {p99:8.3f} {longest:8.3f}"


def show(title: str, noted: dict[str, Any], seconds: float) -> None:
    """One loop's minute."""
    cpu = noted["cpu"]
    print(f"\n{title}: {len(cpu) / seconds:.0f} callbacks a second, in ms      p50      p99      max")
    print(f"    CPU time of a callback                     {shares(cpu, 1e-6)}")
    print(
        f"    all callbacks together                     {sum(cpu) * 6e-8 / seconds:8.2f} s of CPU a minute"
    )
    print(f"    wall time of a callback                    {shares(noted['wall'], 1e-6)}")
    print(f"    lateness of a timer                        {shares(noted['late'], 1e3)}")
    over = ", ".join(f"{sum(one > limit * 1e6 for one in cpu)} over {limit} ms" for limit in LIMITS_MS)
    collected = noted["collections"]
    longest = max(collected, default=0) / 1e6
    print(f"    callbacks by CPU: {over}; {len(collected)} garbage collections, longest {longest:.1f} ms")
    by_name: dict[str, list[int]] = defaultdict(list)
    for name, took in noted["named"]:
        if took > LIMITS_MS[0] * 1e6:
            by_name[name].append(took)
    for name, times in sorted(by_name.items(), key=lambda item: -sum(item[1]))[:SHOWN]:
        print(f"      {len(times):5d} × over 1 ms, longest {max(times) / 1e6:6.2f} ms: {name}")


def minute(desk: Desk, title: str, seconds: float) -> None:
    """Watch for so long and print."""
    time.sleep(SETTLE_S)
    watched = {"the program": desk.program.pid, "baresip": desk.phone.pid, "the bare loop": desk.bare.pid}
    for probed in (desk.program, desk.bare) * 2:  # writing the first report belongs to no minute
        probed.noted()
    before = {name: usage(pid) for name, pid in watched.items()}
    started = time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - started
    after = {name: usage(pid) for name, pid in watched.items()}
    print(f"\n=== {title}, {passed:.0f} s ===")
    for name in watched:
        used = (after[name].cpu_s - before[name].cpu_s) * 60 / passed
        print(
            f"{name:14s} {used:6.2f} s of CPU a minute ({used / 0.6:.1f} % of one core), "
            f"{after[name].resident_mb:.0f} MB"
        )
    show("the engine's loop", desk.program.noted(), passed)
    show("the bare loop", desk.bare.noted(), passed)


def main(argv: Sequence[str] | None = None) -> None:
    """Registered, then talking."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--seconds", type=float, default=60.0)
    seconds = given.parse_args(argv).seconds
    spoken = seconds + 6 * SETTLE_S  # the other phone hangs up at the end of its file
    with (
        tempfile.TemporaryDirectory() as folder,
        pulse_rig(Path(folder) / "pulse") as rig,
        ExitStack() as stack,
    ):
        desk = Desk(Path(folder) / "desk", rig, stack, spoken)
        minute(desk, "registered by TLS", seconds)
        desk.call()
        stack.enter_context(rig.saying("headset_mic", tone(600, spoken, -20)))
        minute(desk, "in a call (Opus, DTLS-SRTP)", seconds)
        desk.still_talking()


if __name__ == "__main__":
    main()
