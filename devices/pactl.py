"""What the Linux sound server has, asked through `pactl`; PipeWire's PulseAudio side answers the same.

Its text is read and not its JSON: that of version 16 gives "(null)" for every name that is not plain ASCII.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from devices.kinds import from_pulse
from devices.pactl_text import Entry, entries, information

log = logging.getLogger(__name__)

TIMEOUT_S = 3.0
RETRY_S = 1.0
LONGEST_RETRY_S = 15.0
"""How long after `pactl subscribe` ended it is started again: longer each time while there is no server."""

_PLUGGED = re.compile(r"'(new|remove)' on (sink|source) #(\d+)|'change' on (server|sink|source|card)\b")

SETTLED_S = 0.5
"""Surely connected after so long: then one more notice, for what was plugged before."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a notice tells: this one has gone, the defaults may be others, something about a device (its name,
    its port, mostly its volume), or else look at everything."""

    gone: int = -1
    is_input: bool = False
    defaults: bool = False
    detail: bool = False


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A sink or a source as the server names it; `name` is stable, `description` is for people."""

    name: str
    description: str
    channels: int
    is_input: bool
    is_default: bool
    kind: str = ""
    system_id: str = ""
    number: int = -1
    """What the server's notices call it, until it goes."""


class Pactl:
    """Runs `pactl`: each question a short process, one long one for notices."""

    def __init__(self, program: str = "pactl", retry_s: float = RETRY_S) -> None:
        self._program = program
        self._retry_s = retry_s
        self.address = ""
        """Where the server is that answered last."""

    def endpoints(self) -> tuple[Endpoint, ...] | None:
        """Sinks and sources without monitors and without channels, or None where no server answers."""
        asked = [self._asking("info"), self._asking("list", "sinks"), self._asking("list", "sources")]
        info, sinks, sources = [self._answer(process) for process in asked]
        if info is None or sinks is None or sources is None:
            self.address = ""
            return None
        default = information(info)
        self.address = default.text("Server String")
        heard = [source for source in entries(sources) if source.text("Monitor of Sink", "n/a") == "n/a"]
        found = (
            *(_endpoint(sink, False, default.text("Default Sink")) for sink in entries(sinks)),
            *(_endpoint(source, True, default.text("Default Source")) for source in heard),
        )
        return tuple(endpoint for endpoint in found if endpoint.channels)

    def defaults(self) -> tuple[str, str] | None:
        """The names of the default sink and source, or None where no server answers."""
        info = self._answer(self._asking("info"))
        if info is None:
            return None
        found = information(info)
        return found.text("Default Sink"), found.text("Default Source")

    def subscribe(self, changed: Callable[[Change], None]) -> Subscription:
        """Call `changed` from a thread when sinks, sources, the defaults or the server change."""
        return Subscription(self._program, self._retry_s, changed)

    def _asking(self, *arguments: str) -> subprocess.Popen[bytes] | None:
        """Begin a question: several are answered in the time of one."""
        try:
            return subprocess.Popen(
                [self._program, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
            )
        except OSError as failure:
            log.debug("pactl %s: %s", " ".join(arguments), failure)
            return None

    def _answer(self, process: subprocess.Popen[bytes] | None) -> str | None:
        if process is None:
            return None
        with process:
            try:
                said, _ = process.communicate(timeout=TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                log.debug("the sound server does not answer")
                return None
        return said.decode(errors="replace") if process.returncode == 0 else None


class Subscription:
    """`pactl subscribe`, started again whenever it ends."""

    def __init__(self, program: str, retry_s: float, changed: Callable[[Change], None]) -> None:
        self._program = program
        self._retry_s = retry_s
        self._changed = changed
        self.connected = False
        """Whether nothing can have been missed: it has run for long enough, and runs."""
        self._stopped = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="pactl", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more notices."""
        self._stopped.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(TIMEOUT_S)

    def _run(self) -> None:
        wait_s = self._retry_s
        while not self._stopped.is_set():
            began = time.monotonic()
            self._follow()
            if time.monotonic() - began > SETTLED_S:  # it was connected: the server has gone
                wait_s = self._retry_s
                if not self._stopped.is_set():
                    self._changed(Change())
            self._stopped.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_RETRY_S)

    def _follow(self) -> None:
        try:
            process = subprocess.Popen(
                [self._program, "subscribe"],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                errors="replace",
                env=_environment(),
            )
        except OSError as failure:
            log.debug("pactl subscribe: %s", failure)
            return
        settled = threading.Timer(SETTLED_S, self._settle)
        settled.start()
        with process:
            self._process = process
            if self._stopped.is_set():
                process.terminate()
            for line in process.stdout or ():
                if (change := _change(line)) and not self._stopped.is_set():
                    self._changed(change)
        settled.cancel()
        settled.join()
        self.connected = False

    def _settle(self) -> None:
        self.connected = True
        self._changed(Change())


def _change(line: str) -> Change | None:
    """What a line of `pactl subscribe` means, None for what is no plugging."""
    found = _PLUGGED.search(line)
    if found is None:
        return None
    if found[1] == "remove":
        return Change(int(found[3]), found[2] == "source")
    return Change(defaults=found[4] == "server", detail=found[4] in ("sink", "source", "card"))


def _environment() -> dict[str, str]:
    """pactl's own words in English; names of devices come in UTF-8 all the same."""
    return {**os.environ, "LC_ALL": "C", "LANGUAGE": ""}


def _endpoint(entry: Entry, is_input: bool, default: str) -> Endpoint:
    name = entry.text("Name")
    properties = entry.properties
    return Endpoint(
        name,
        entry.text("Description") or name,
        sum(bool(channel.strip()) for channel in entry.text("Channel Map").split(",")),
        is_input,
        name == default,
        from_pulse(properties.get("device.form_factor", ""), entry.port, entry.port_type, is_input=is_input),
        properties.get("device.serial") or properties.get("device.bus_path", ""),
        entry.number,
    )
