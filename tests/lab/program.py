"""The product itself as a peer: `main.py --headless` with a profile of its own, driven from outside."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from demo.phone import command_line
from softphone.control import client
from softphone.control.protocol import ControlError
from tests.lab.process import PeerFailed, Process, wait_until

START_S = 30.0
ANSWER_S = 40.0
END_S = 15.0


class Program:
    """One program. Methods block; commands it refuses raise ControlError with its code.

    `environment` comes on top of this process's own; the person's session bus is hidden unless given there.
    """

    def __init__(
        self,
        profile: Path,
        environment: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.profile = profile
        self._home = profile.with_name(f"{profile.name}-home")
        self._environment = {
            "HOME": str(self._home),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            **(environment or {}),
        }
        self._settings = {"control.enabled": "true", **(settings or {})}
        self._process: Process | None = None
        self._listener: threading.Thread | None = None
        self._events: list[dict[str, Any]] = []
        self._changed = threading.Condition()

    # --- its life ---------------------------------------------------------------------------------------

    def start(self, *arguments: str) -> None:
        """Start it and wait until it answers. Raises PeerFailed."""
        started_before = len(self.events("listening"))
        self.launch(*arguments)
        if not wait_until(lambda: not self.running or self._answers(), START_S) or not self.running:
            end = self.output[-3000:]
            self.kill()
            raise PeerFailed(f"the program did not start:\n{end}")
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.wait_for(lambda _: len(self.events("listening")) > started_before)

    def launch(self, *arguments: str) -> None:
        """Start it and wait for nothing."""
        self._home.mkdir(exist_ok=True)
        chosen = [part for key, value in self._settings.items() for part in ("--set", f"{key}={value}")]
        command = [*command_line(), "--profile", str(self.profile), "--headless", *chosen, *arguments]
        self._process = Process(command, self._home / "output", environment=self._environment)

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.running

    @property
    def pid(self) -> int:
        """Its process id. Raises PeerFailed."""
        if self._process is None:
            raise PeerFailed("the program does not run")
        return self._process.pid

    @property
    def folders(self) -> tuple[Path, Path]:
        """Everywhere it may write: its profile, and its person's home."""
        return self.profile, self._home

    @property
    def output(self) -> str:
        """What it has printed."""
        return _text(self._home / "output")

    @property
    def logged(self) -> str:
        """What it has written into its log."""
        return _text(self.profile / "log" / "softphone.log")

    def terminate(self, number: signal.Signals = signal.SIGTERM) -> int | None:
        """Ask it to end by a signal; its exit status, or None when it does not end."""
        if self._process is None:
            return None
        self.wake()
        self._process.signal(number)
        return self.wait()

    def wait(self, timeout_s: float = END_S) -> int | None:
        """Its exit status once it has ended, or None."""
        return None if self._process is None else self._process.wait(timeout_s)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        if self._process is not None:
            self._process.kill()

    def sleep(self) -> None:
        """Stop its time, as a closed lid does."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def wake(self) -> None:
        """Go on after `sleep`."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it cleanly, or in any case; harmless when it does not run."""
        self.terminate()
        self.kill()

    def _answers(self) -> bool:
        try:
            self.control("status")
        except ControlError:
            return False
        return True

    # --- what it is told and tells ----------------------------------------------------------------------

    def control(self, command: str, **arguments: object) -> dict[str, Any]:
        """One command, as `ctl` sends it."""
        return client.request(self.profile, command, dict(arguments), ANSWER_S)

    def sign_in(
        self,
        server: str,
        user: str,
        password: str,
        *,
        transport: str,
        ca_file: Path | None = None,
        **more: object,
    ) -> dict[str, Any]:
        """Sign in; the account as `status` tells it."""
        trusted = "" if ca_file is None else str(ca_file)
        given = {
            "server": server,
            "user": user,
            "password": password,
            "transport": transport,
            "ca_file": trusted,
        }
        account: dict[str, Any] = self.control("sign-in", **given, **more)["account"]
        return account

    def account(self) -> dict[str, Any]:
        """The account as `status` tells it."""
        told: dict[str, Any] = self.control("status")["account"]
        return told

    def calls(self) -> list[dict[str, Any]]:
        """The calls as `status` tells them."""
        told: list[dict[str, Any]] = self.control("status")["calls"]
        return told

    def call_in(self, state: str, timeout_s: float = 10.0) -> dict[str, Any]:
        """The first call in this state. Raises PeerFailed when there is none in time."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [call for call in self.calls() if call["state"] == state]
            return bool(found)

        if not wait_until(there, timeout_s, 0.05):
            raise PeerFailed(f"no call is {state}, but {self.calls()}")
        return found[0]

    def no_calls(self, timeout_s: float = 10.0) -> None:
        """Wait until the line is free. Raises PeerFailed."""
        if not wait_until(lambda: not self.calls(), timeout_s, 0.05):
            raise PeerFailed(f"the call does not end: {self.calls()}")

    def line_is(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until the account is in this state. Raises PeerFailed."""
        if not wait_until(lambda: self.account()["state"] == state, timeout_s, 0.05):
            raise PeerFailed(f"the line is not {state} but {self.account()}")

    def line_stays(self, state: str, seconds: float = 1.0) -> None:
        """Look for a while whether the account leaves this state. Raises PeerFailed when it does."""
        if wait_until(lambda: self.account()["state"] != state, seconds, 0.05):
            raise PeerFailed(f"the line is not {state} any more but {self.account()}")

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Events of a kind since the start (account, call, notice, devices…); `at` is when they came."""
        with self._changed:
            return [event for event in self._events if event["event"] == kind]

    def wait_for(self, wanted: Callable[[dict[str, Any]], bool], timeout_s: float = 10.0) -> dict[str, Any]:
        """The first event, past or to come, that `wanted` accepts. Raises PeerFailed."""
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [event for event in self._events if wanted(event)]
            return bool(found)

        with self._changed:
            if not self._changed.wait_for(there, timeout_s):
                raise PeerFailed(f"it did not happen, but {self._events}")
        return found[0]

    def _listen(self) -> None:
        try:
            for event in client.events(self.profile):
                with self._changed:
                    self._events.append({**event, "at": time.monotonic()})
                    self._changed.notify_all()
        except ControlError:
            return


def _text(file: Path) -> str:
    return file.read_text(errors="replace") if file.exists() else ""
