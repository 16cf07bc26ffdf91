"""The targets by name, and what coverage of each is looked at."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, cast


class TargetModule(Protocol):
    """What a module in `fuzz.targets` holds."""

    def run(self, data: bytes) -> None:
        """Raises for a finding; everything a peer may cause is caught here by name."""
        ...

    def seeds(self) -> Iterable[bytes]:
        """Inputs from real traffic."""
        ...


@dataclass(frozen=True, slots=True)
class Target:
    """`covers`: packages and modules whose branches guide the fuzzer. `words`: a dictionary's name, or ""."""

    name: str
    covers: tuple[str, ...]
    words: str = ""
    longest: int = 4096

    def load(self) -> TargetModule:
        """Import it, and with it what it covers."""
        return cast(TargetModule, importlib.import_module(f"fuzz.targets.{self.name}"))

    def runner(self) -> Callable[[bytes], None]:
        """Its `run`, with everything else looked at that would be a finding."""
        from fuzz.judge import judged

        return judged(self.load().run)


TARGETS = (
    Target("sip_stream", ("sip_bridge.core.framing", "sip_bridge.io.stream"), "sip", 2048),
    Target("sip_message", ("sip_bridge.core",), "sip"),
    Target("sip_agent", ("sip_bridge.core",), "sip", 2048),
    Target("phone", ("sip_bridge",), "sip", 2048),
    Target("sdp", ("sip_bridge.core",), "sdp"),
    Target("rtp", ("sip_bridge.rtp", "media"), "", 2048),
    Target("media_path", ("sip_bridge.rtp", "aioice"), "", 4096),
    Target("engine_port", ("service.media_engine",), "", 2048),
    Target("engine_media", ("service.media_engine",), "", 4096),
    Target("engine_sdp", ("service.media_engine",), "sdp"),
    Target("control", ("softphone.control", "softphone.services"), "json"),
    Target("meeting_socket", ("service.adapters.http", "service.usecases", "service.domain"), "json"),
    Target("meeting_events", ("softphone.adapters.meeting_socket", "softphone.services"), "json"),
    Target("long_inputs", ("sip_bridge.core", "service.media_engine", "softphone.control"), "sip", 256),
)


def named(name: str) -> Target:
    """The target of that name. Raises KeyError."""
    return {target.name: target for target in TARGETS}[name]
