"""What the headless program stands: many calls, an hour's call, lost servers, sudden ends.

    python -m benchmarks.long_run [--calls 1000] [--minutes 60] [--restarts 50] [--kills 200]
                                  [--only calls,hour,restarts,kills]

Everything is real: Kamailio, baresip phones, PulseAudio, the program as its own process, driven by its
control interface. Prints what it uses as it goes on, at the end what held; the exit code is 1 if something
did not. Growth is a straight line through what was looked at after a warm-up, with its confidence of 95 %.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from benchmarks.endurance import calls as many
from benchmarks.endurance import hour, kills
from benchmarks.endurance.figures import Verdict

Part = Callable[[Path], list[Verdict]]


def tell(line: str) -> None:
    """At once, so that a run in the background can be watched."""
    print(line, flush=True)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the parts asked for."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--calls", type=int, default=1000)
    given.add_argument("--minutes", type=float, default=60.0)
    given.add_argument("--restarts", type=int, default=50)
    given.add_argument("--kills", type=int, default=200)
    given.add_argument("--only", default="calls,hour,restarts,kills", help="parts, with commas between")
    chosen = given.parse_args(argv)
    # Told to end, it ends what it started too.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
    parts: dict[str, Part] = {
        "calls": partial(_calls, calls=chosen.calls),
        "hour": partial(_hour, minutes=chosen.minutes),
        "restarts": partial(_restarts, times=chosen.restarts),
        "kills": partial(_kills, times=chosen.kills),
    }
    verdicts: list[Verdict] = []
    for name in chosen.only.split(","):
        tell(f"--- {name}")
        with tempfile.TemporaryDirectory(prefix="long-run-") as folder:
            verdicts += parts[name](Path(folder))
    for verdict in verdicts:
        tell(str(verdict))
    return 0 if all(verdict.holds for verdict in verdicts) else 1


def _calls(folder: Path, calls: int) -> list[Verdict]:
    course = many.go_on(folder, calls, tell=tell)
    tell(f"{course.calls} calls in {course.seconds / 60:.1f} minutes")
    return many.judged(course)


def _hour(folder: Path, minutes: float) -> list[Verdict]:
    return hour.judged(hour.go_on(folder, 60 * minutes, tell=tell))


def _restarts(folder: Path, times: int) -> list[Verdict]:
    """In a network of its own, where addresses may change."""
    command = ["unshare", "-n", sys.executable, "-m", "benchmarks.endurance.restarts", str(times)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Verdict(**verdict) for verdict in json.loads(done.stdout)]


def _kills(folder: Path, times: int) -> list[Verdict]:
    return kills.judged(kills.go_on(folder, times, tell=tell))


if __name__ == "__main__":
    sys.exit(main())
