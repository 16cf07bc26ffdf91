"""Where the phones stand: a network of their own, Kamailio, PulseAudio's null devices, and a caller."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from benchmarks.phone_caller import NUMBER, Call, Caller
from benchmarks.phone_rivals import RIVALS, Rival, Seat, alsa_names
from benchmarks.phone_tap import Datagram, Tap
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import free_port
from tests.lab.process import PeerFailed, wait_until
from tests.lab.pulse import PulseRig

FIRST_NUMBER, SECRET = 401_000_001, "not-a-secret"
INSIDE = "SOFTPHONE_BENCHMARK_NETWORK"
CGROUPS = (Path("/sys/fs/cgroup/cpuacct"), Path("/sys/fs/cgroup"))
PATIENCE_S = 20.0


def in_own_network(argv: Sequence[str]) -> str:
    """Run this very command once more in a network namespace of its own, with nothing but loopback in it.

    Returns only in there, or where the system permits none, with what to say about it.
    """
    if os.environ.get(INSIDE):
        return "a network namespace of its own"
    if (
        shutil.which("unshare")
        and not subprocess.run(["unshare", "--net", "true"], capture_output=True).returncode
    ):
        os.environ[INSIDE] = "1"
        again = [sys.executable, "-m", "benchmarks.phone", *argv]
        alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh", *again]
        sys.exit(subprocess.run(alone, check=False).returncode)
    return (
        "this machine's loopback: the system permits no network namespace, so others' traffic is among ours"
    )


class Rig:
    """All that is shared. `phones` stand in the order of RIVALS, `copies` of each, at `rigged`."""

    def __init__(
        self, folder: Path, stack: ExitStack, kinds: Sequence[type[Rival]], codec: str, copies: int
    ) -> None:
        self.pulse = PulseRig(folder / "pulse")
        stack.callback(self.pulse.stop)
        self.pulse.start()
        names = [f"{kind.name}{copy}" for kind in kinds for copy in range(copies)]
        numbers = {name: f"0{number}" for number, name in enumerate(names, FIRST_NUMBER)}
        for name in names:
            self.pulse.plug_speaker(name, name)
            self.pulse.plug_microphone(f"{name}_mic", f"{name}_mic")
        alsa = alsa_names(folder, [device for name in names for device in (name, f"{name}_mic")])
        self.caller = stack.enter_context(Caller(free_port()))
        users = tuple(User(number, SECRET) for number in numbers.values())
        self._server = Kamailio(folder / "server", Options(users, routes=((NUMBER, self.caller.port),)))
        stack.callback(self._server.stop)
        self._server.start()
        self.port = self._server.port
        self.caller.through(self.port)
        self.phones: dict[str, Rival] = {}
        for kind in kinds:
            for copy in range(copies):
                name = f"{kind.name}{copy}"
                environment = {**self.pulse.environment, **alsa}
                seat = Seat(
                    folder / name, numbers[name], SECRET, self.port, name, f"{name}_mic", environment, codec
                )
                self.phones[name] = kind(seat)
                stack.callback(self.phones[name].stop)

    def register_all(self) -> None:
        """Start all phones and wait until each is registered. Raises PeerFailed."""
        tap = Tap()
        try:
            for phone in self.phones.values():
                phone.launch()
                self.registered(tap, phone)
        finally:
            tap.stop()

    def stop_all(self) -> None:
        """End all phones."""
        for phone in self.phones.values():
            phone.stop()

    def registered(self, tap: Tap, phone: Rival, since: float = 0.0) -> float:
        """When the server said so, by the system's clock. Raises PeerFailed."""
        found: list[Datagram] = []

        def there() -> bool:
            found[:] = [one for one in tap.noted(since) if self._welcomes(one, phone.seat.number)]
            return bool(found)

        if not wait_until(there, PATIENCE_S, 0.01):
            log = phone.process.output[-2000:] if phone.process is not None else ""
            raise PeerFailed(f"{phone.name} does not register: {log}")
        return found[0].at

    def _welcomes(self, one: Datagram, number: str) -> bool:
        if one.source != self.port or not one.payload.startswith(b"SIP/2.0 200"):
            return False
        return " REGISTER" in one.text and f"<sip:{number}@" in one.text

    def call(self, name: str) -> Call:
        """Ring a phone and let it answer. Raises PeerFailed."""
        phone = self.phones[name]
        call = self.caller.ring(phone.seat.number, phone.seat.codec)
        call.await_status(180, 200)
        phone.answer()
        call.stand()
        return call


@contextmanager
def rigged(kinds: Sequence[type[Rival]] = RIVALS, *, codec: str = "opus", copies: int = 1) -> Iterator[Rig]:
    """A rig while the block runs; nobody is registered yet. Raises PeerFailed."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        yield Rig(Path(folder), stack, kinds, codec, copies)


def scheduled_s(pid: int) -> float:
    """CPU seconds of a process's living threads, as the scheduler counted them."""
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


class Meter:
    """CPU time of whole programs: by a control group of each, else as the scheduler counted each thread's.

    Neither samples: what is counted by ticks aliases with frames of 20 ms.
    """

    def __init__(self, pids: Mapping[str, int]) -> None:
        self._pids = dict(pids)
        self._groups: dict[str, Path] = {}
        for name, pid in self._pids.items():
            for root in CGROUPS:
                group = root / f"softphone-benchmark-{os.getpid()}-{name}"
                with suppress(OSError):
                    group.mkdir()
                    (group / "cgroup.procs").write_text(str(pid))
                    self._groups[name] = group
                    break

    def cpu_s(self, name: str) -> float:
        """So far; only differences mean something."""
        group = self._groups.get(name)
        if group is None:
            return scheduled_s(self._pids[name])
        if (usage := group / "cpuacct.usage").exists():
            return int(usage.read_text()) / 1e9
        rows = dict(row.split() for row in (group / "cpu.stat").read_text().splitlines())
        return int(rows["usage_usec"]) / 1e6

    def close(self) -> None:
        """Leave nothing behind."""
        for group in self._groups.values():
            with suppress(OSError):
                for pid in (group / "cgroup.procs").read_text().split():
                    (group.parent / "cgroup.procs").write_text(pid)
                group.rmdir()

    def minute(self, seconds: float) -> dict[str, float]:
        """CPU seconds a minute of each, measured over `seconds` from now."""
        before = {name: self.cpu_s(name) for name in self._pids}
        began = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        return {name: (self.cpu_s(name) - before[name]) * 60 / passed for name in self._pids}
