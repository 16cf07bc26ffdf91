"""A real SecretService: gnome-keyring on a session bus and in a home folder of its own."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.lab.process import PeerFailed, Process, wait_until

PASSWORD = b"the test keyring's own password"
BUS = """<busconfig>
 <type>session</type>
 <listen>unix:tmpdir=/tmp</listen>
 <auth>EXTERNAL</auth>
 <policy context="default">
  <allow send_destination="*" eavesdrop="true"/>
  <allow eavesdrop="true"/>
  <allow own="*"/>
 </policy>
</busconfig>
"""
"""No service folders: the bus must not start a keyring of its own when ours is away."""

ASK_BUS = ("--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus.NameHasOwner")
ASK_KEYRING = (
    "--dest=org.freedesktop.secrets",
    "/org/freedesktop/secrets/aliases/default",
    "org.freedesktop.DBus.Properties.Get",
)


class SecretService:
    """A running session bus with a keyring; `environment` lets a program reach it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bus: Process | None = None
        self._daemon: subprocess.Popen[bytes] | None = None
        self.environment: dict[str, str] = {}

    def start(self, *, unlocked: bool = True) -> None:
        """Start bus and keyring; a locked one asks for a password nobody is there to give."""
        for name in ("home", "data", "run"):
            (self._folder / name).mkdir(mode=0o700, parents=True, exist_ok=True)
        self.environment = {
            "HOME": str(self._folder / "home"),
            "XDG_DATA_HOME": str(self._folder / "data"),
            "XDG_RUNTIME_DIR": str(self._folder / "run"),
        }
        self._start_bus()
        self.start_keyring(unlocked=unlocked)

    def _start_bus(self) -> None:
        settings = self._folder / "bus.conf"
        settings.write_text(BUS)
        self._bus = bus = Process(
            ["dbus-daemon", f"--config-file={settings}", "--nofork", "--print-address"],
            self._folder / "bus.log",
            environment=self.environment,
        )
        found: list[str] = []

        def address_told() -> bool:
            found[:] = re.findall(r"^unix:\S+", bus.output, re.MULTILINE)
            return bool(found)

        if not wait_until(address_told, 10.0):
            raise PeerFailed(f"no session bus: {bus.output}")
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = found[0]

    def start_keyring(self, *, unlocked: bool = True) -> None:
        """Start the keyring daemon, its login keyring open or locked."""
        command = ["gnome-keyring-daemon", "--foreground", "--components=secrets"]
        with (self._folder / "keyring.log").open("ab") as log:
            self._daemon = daemon = subprocess.Popen(
                [*command, "--unlock"] if unlocked else command,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
            )
        if daemon.stdin is None:
            raise PeerFailed("no way to tell the keyring its password")
        if unlocked:
            daemon.stdin.write(PASSWORD)
        daemon.stdin.close()
        if not wait_until(lambda: self._ready(unlocked), 10.0):
            raise PeerFailed("the keyring does not come up")

    def _ready(self, unlocked: bool) -> bool:
        """Whether somebody answers for org.freedesktop.secrets, with an open keyring where it should be."""
        if b"boolean true" not in self._ask(*ASK_BUS, "string:org.freedesktop.secrets"):
            return False
        locked = self._ask(*ASK_KEYRING, "string:org.freedesktop.Secret.Collection", "string:Locked")
        return not unlocked or b"boolean false" in locked

    def _ask(self, *message: str) -> bytes:
        return subprocess.run(
            ["dbus-send", "--session", "--print-reply", *message],
            env={**os.environ, **self.environment},
            capture_output=True,
            check=False,
            timeout=10,
        ).stdout

    def stop_keyring(self) -> None:
        """End the daemon; the bus stays."""
        if self._daemon is not None:
            self._daemon.terminate()
            try:
                self._daemon.wait(5)
            except subprocess.TimeoutExpired:
                self._daemon.kill()
                self._daemon.wait(5)
            self._daemon = None

    def stop(self) -> None:
        """End everything."""
        self.stop_keyring()
        if self._bus is not None:
            self._bus.stop()
            self._bus = None

    def files(self) -> Iterator[Path]:
        """Every file the keyring wrote."""
        return (path for path in self._folder.rglob("*") if path.is_file())


@contextmanager
def secret_service(folder: Path) -> Iterator[SecretService]:
    """One that runs and is open."""
    service = SecretService(folder)
    try:
        service.start()
        yield service
    finally:
        service.stop()


@contextmanager
def in_environment(values: Mapping[str, str]) -> Iterator[None]:
    """These variables for this process, and the former ones afterwards."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
