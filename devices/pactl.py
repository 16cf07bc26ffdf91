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

from devices.notices import Notice

log = logging.getLogger(__name__)

TIMEOUT_S = 3.0
RETRY_S = 1.0
LONGEST_RETRY_S = 15.0
"""How long after `pactl subscribe` ended it is started again: longer each time while there is no server."""

_ENTRY = re.compile(r"(Sink|Source) #\d+$")
_PLUGGED = re.compile(r"'(new|remove)' on (sink|source) #|'change' on server")

SETTLED_S = 0.5
"""Surely connected after so long: then one more notice, for what was plugged before."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A sink or a source as the server names it; `name` is stable, `description` is for people."""

    name: str
    description: str
    channels: int
    is_input: bool
    is_default: bool


class Pactl:
    """Runs `pactl`: each question a short process, one long one for notices."""

    def __init__(self, program: str = "pactl", retry_s: float = RETRY_S) -> None:
        self._program = program
        self._retry_s = retry_s

    def endpoints(self) -> tuple[Endpoint, ...] | None:
        """Sinks and sources without monitors, or None where no server answers."""
        info, sinks, sources = self._ask("info"), self._ask("list", "sinks"), self._ask("list", "sources")
        if info is None or sinks is None or sources is None:
            return None
        default = _fields(info.splitlines(), indent="")
        heard = [source for source in _entries(sources) if source.get("Monitor of Sink", "n/a") == "n/a"]
        return (
            *(_endpoint(sink, False, default.get("Default Sink")) for sink in _entries(sinks)),
            *(_endpoint(source, True, default.get("Default Source")) for source in heard),
        )

    def subscribe(self, changed: Notice) -> Callable[[], None]:
        """Call `changed` from a thread when sinks, sources, the defaults or the server change."""
        subscription = _Subscription(self._program, self._retry_s, changed)
        return subscription.stop

    def _ask(self, *arguments: str) -> str | None:
        try:
            answer = subprocess.run(
                [self._program, *arguments],
                capture_output=True,
                timeout=TIMEOUT_S,
                check=True,
                env=_environment(),
            )
        except (OSError, subprocess.SubprocessError) as failure:
            log.debug("pactl %s: %s", " ".join(arguments), failure)
            return None
        return answer.stdout.decode(errors="replace")


class _Subscription:
    """`pactl subscribe`, started again whenever it ends."""

    def __init__(self, program: str, retry_s: float, changed: Notice) -> None:
        self._program = program
        self._retry_s = retry_s
        self._changed = changed
        self._stopped = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._thread = threading.Thread(target=self._run, name="pactl", daemon=True)
        self._thread.start()

    def stop(self) -> None:
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
                    self._changed()
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
        settled = threading.Timer(SETTLED_S, self._changed)
        settled.start()
        with process:
            self._process = process
            if self._stopped.is_set():
                process.terminate()
            for line in process.stdout or ():
                if _PLUGGED.search(line) and not self._stopped.is_set():
                    self._changed()
        settled.cancel()


def _environment() -> dict[str, str]:
    """pactl's own words in English; names of devices come in UTF-8 all the same."""
    return {**os.environ, "LC_ALL": "C", "LANGUAGE": ""}


def _entries(text: str) -> list[dict[str, str]]:
    """The fields of each "Sink #3" or "Source #3"; deeper levels (properties, ports) are left out."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if _ENTRY.match(line):
            found.append([])
        elif found:
            found[-1].append(line)
    return [_fields(lines, indent="\t") for lines in found]


def _fields(lines: list[str], indent: str) -> dict[str, str]:
    pairs = (line.removeprefix(indent).partition(": ") for line in lines if line.startswith(indent))
    return {name: value.strip() for name, _, value in pairs if not name.startswith("\t")}


def _endpoint(entry: dict[str, str], is_input: bool, default: str | None) -> Endpoint:
    name = entry.get("Name", "")
    channels = entry.get("Channel Map", "").count(",") + 1
    return Endpoint(name, entry.get("Description") or name, channels, is_input, name == default)
