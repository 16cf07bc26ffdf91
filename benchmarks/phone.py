"""This program beside baresip and linphonec, each figure in the same run on one rig.

The phones stand in a network namespace of their own with Kamailio and PulseAudio's null devices; what they
do is read from the wire and from their speakers, by the kernel's clock. Nobody treats sound: no echo
canceller, no noise suppression. Loss and delay are the sender's, who sends to all phones the same packets at
the same times.

    python -m benchmarks.phone [--only start,invite,delay,loss,spikes,pcma,cpu,memory,growth] [--brief]

Wants root or the right to watch the network (CAP_NET_RAW), and Debian's kamailio, baresip, linphone-cli,
pulseaudio, espeak-ng, xvfb, openbox and x11-utils.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import phone_cost, phone_signalling, phone_sound
from benchmarks.phone_rig import in_own_network
from benchmarks.phone_sound import Course
from benchmarks.phone_tap import NoTap

STARTS, CALLS, WINDOWS = 7, 15, 5
CPU_S, IDLE_S = 45.0, 30.0


@dataclass(frozen=True, slots=True)
class Effort:
    """How often and how long is measured."""

    starts: int = STARTS
    windows: int = WINDOWS
    calls: int = CALLS
    cpu_s: float = CPU_S
    idle_s: float = IDLE_S


BRIEF = Effort(starts=2, windows=1, calls=3, cpu_s=10.0, idle_s=10.0)


@dataclass(frozen=True, slots=True)
class Bound:
    """What binds ours."""

    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.limit:g}"

    def kept(self, value: float) -> bool:
        """Whether this figure holds it."""
        return value >= self.limit if self.at_least else value <= self.limit


def title(text: str) -> None:
    """Before each part, with what else the machine does now."""
    print(f"\n=== {text} (load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores) ===")
    print(f"{'':52s}{'ours':>9s}{'bound':>10s}{'':14s}{'baresip':>9s}{'linphonec':>11s}", flush=True)


def show(what: str, figures: Mapping[str, float], bound: Bound | None = None, digits: int = 1) -> None:
    """One line; programs that have no such figure are left out."""
    ours = figures["ours"]
    verdict = "" if bound is None else ("reached" if bound.kept(ours) else "NOT REACHED")
    others = [figures.get(name) for name in ("baresip", "linphonec")]
    told = ["-" if value is None else f"{value:.{digits}f}" for value in others]
    print(
        f"{what:52s}{ours:9.{digits}f}{bound or ''!s:>10s}  {verdict:12s}{told[0]:>9s}{told[1]:>11s}",
        flush=True,
    )


def start(effort: Effort) -> None:
    """Start to registered."""
    title("start")
    found = phone_signalling.starts(effort.starts)
    show("start → registered, ms", {name: one.wall for name, one in found.items()}, Bound(800), 0)
    show("of it CPU time, ms", {name: one.cpu for name, one in found.items()}, None, 0)
    window = phone_signalling.first_window(effort.windows)
    show("start → registered, first window on the screen, ms", {"ours": window}, Bound(1500), 0)


def invite(effort: Effort) -> None:
    """What a caller waits for."""
    title("a call comes")
    found = phone_signalling.reactions(effort.calls)
    show("INVITE → 180, ms", {name: one.ringing for name, one in found.items()}, Bound(5))
    show("answer → first RTP, ms", {name: one.first_rtp for name, one in found.items()}, Bound(30))


def cpu(effort: Effort) -> None:
    """What a call costs."""
    title("CPU of a call, nothing treated")
    for codec, limit in (("opus", 3.4), ("PCMA", 2.2)):
        used = phone_cost.call_cost(codec, effort.cpu_s)
        show(f"{codec}, CPU s a minute", used, Bound(limit), 2)


def memory(effort: Effort) -> None:
    """What a phone costs that waits."""
    title("registered, idle")
    found = phone_cost.idle(effort.idle_s)
    show("resident, MB", {name: one.memory_mb for name, one in found.items()}, Bound(110))
    show("resident with windows, MB", {"ours": found["windows"].memory_mb}, Bound(180))
    show("CPU s a minute", {name: one.cpu_s for name, one in found.items()}, Bound(0.3), 2)
    show("CPU s a minute with windows", {"ours": found["windows"].cpu_s}, Bound(0.3), 2)


def delay(effort: Effort) -> None:
    """From mouth to ear."""
    title("delay, Opus, a network that delays nothing")
    found = phone_sound.measured_delays()
    show("microphone → wire, ms", {name: there for name, (there, _) in found.items()}, None, 0)
    show("wire → speaker, ms", {name: back for name, (_, back) in found.items()}, None, 0)
    show("together, ms", {name: there + back for name, (there, back) in found.items()}, Bound(95), 0)


def qualities(
    codec: str,
    networks: Sequence[tuple[str, phone_sound.Carry]],
    limits: Sequence[float],
    course: phone_sound.Course,
) -> dict[str, dict[str, phone_sound.Result]]:
    """PESQ lines of one codec."""
    found = phone_sound.qualities(codec, networks, course)
    for (name, _), limit in zip(networks, limits, strict=True):
        figures = {kind: one.pesq for kind, one in found[name].items()}
        show(f"{name} (the codec alone {figures['codec']:.2f})", figures, Bound(limit, at_least=True), 2)
    return found


def losing(*shares: float) -> list[tuple[str, phone_sound.Carry]]:
    """Networks by the share they lose."""
    return [(f"{share:.0%} loss", phone_sound.lossy(share)) for share in shares]


def loss(effort: Effort) -> None:
    """Opus over networks that lose."""
    title("PESQ-WB, Opus up to 32 kb/s with FEC")
    qualities("opus", losing(0.0, 0.03, 0.05, 0.1), (3.65, 3.55, 3.5, 3.25), Course.short())


def spikes(effort: Effort) -> None:
    """Opus over a network that holds up."""
    title("PESQ-WB, Opus, delay spikes to 180 ms")
    network = "spikes, 4 ms of jitter"
    found = qualities("opus", [(network, phone_sound.spiky)], (3.4,), Course.long())[network]
    show("wire → speaker, median, ms", {name: one.delay_ms for name, one in found.items()}, Bound(200), 0)


def pcma(effort: Effort) -> None:
    """G.711 over networks that lose."""
    title("PESQ-NB, PCMA (PJSIP, by itself: 2.94, 2.76, 2.65)")
    qualities("PCMA", losing(0.03, 0.05, 0.1), (2.94, 2.76, 2.65), Course.short())


def growth(effort: Effort) -> None:
    """What calls leave behind."""
    title("memory over calls")
    show("growth from the 50th to the 200th call, KB a call", phone_cost.growth(), Bound(5))


PARTS: dict[str, Callable[[Effort], None]] = {
    "start": start,
    "invite": invite,
    "delay": delay,
    "loss": loss,
    "spikes": spikes,
    "pcma": pcma,
    "cpu": cpu,
    "memory": memory,
    "growth": growth,
}


def main(argv: Sequence[str]) -> None:
    """Print all parts, or those named."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    given.add_argument("--brief", action="store_true", help="less often and shorter: whether it runs at all")
    options = given.parse_args(argv)
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        given.error(f"no such part: {', '.join(sorted(unknown))}")
    print(f"The phones stand in {in_own_network(argv)}.")
    began = time.monotonic()
    try:
        for name in chosen:
            PARTS[name](BRIEF if options.brief else Effort())
    except NoTap as error:
        given.exit(2, f"{error}\n")
    print(f"\n{time.monotonic() - began:.0f} s in all")


if __name__ == "__main__":
    main(sys.argv[1:])
