"""What the Linux sound server has, asked through `pactl`; PipeWire's PulseAudio side answers the same."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devices.notices import Notice

log = logging.getLogger(__name__)

TIMEOUT_S = 3.0
RETRY_S = 2.0
"""How long after `pactl subscribe` ended it is started again."""

_PLUGGED = re.compile(r"'(new|remove)' on (sink|source) #|'change' on server")


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
        if not isinstance(info, dict) or not isinstance(sinks, list) or not isinstance(sources, list):
            return None
        return (
            *(_endpoint(sink, False, info.get("default_sink_name")) for sink in sinks),
            *(
                _endpoint(source, True, info.get("default_source_name"))
                for source in sources
                if _heard(source)
            ),
        )

    def subscribe(self, changed: Notice) -> Callable[[], None]:
        """Call `changed` from a thread when sinks, sources, the defaults or the server change."""
        subscription = _Subscription(self._program, self._retry_s, changed)
        return subscription.stop

    def _ask(self, *arguments: str) -> Any:
        try:
            answer = subprocess.run(
                [self._program, "--format=json", *arguments],
                capture_output=True,
                timeout=TIMEOUT_S,
                check=True,
                env=_environment(),
            )
            return json.loads(answer.stdout.decode(errors="replace"))
        except (OSError, subprocess.SubprocessError, ValueError) as failure:
            log.debug("pactl %s: %s", " ".join(arguments), failure)
            return None


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
        while not self._stopped.is_set():
            self._follow()
            if not self._stopped.is_set():
                self._changed()
            self._stopped.wait(self._retry_s)

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
        with process:
            self._process = process
            if self._stopped.is_set():
                process.terminate()
            for line in process.stdout or ():
                if _PLUGGED.search(line) and not self._stopped.is_set():
                    self._changed()


def _environment() -> dict[str, str]:
    """pactl's words in English, and figures in its JSON with a point, in UTF-8."""
    return {**os.environ, "LC_ALL": "C.UTF-8", "LANGUAGE": ""}


def _heard(source: dict[str, Any]) -> bool:
    properties = source.get("properties") or {}
    return not source.get("monitor_source") and properties.get("device.class") != "monitor"


def _endpoint(entry: dict[str, Any], is_input: bool, default: object) -> Endpoint:
    name = str(entry.get("name", ""))
    channels = str(entry.get("channel_map", "")).count(",") + 1
    return Endpoint(name, str(entry.get("description") or name), channels, is_input, name == default)
