"""Everything that is measured about sound, in one run: gaps, underflows, echo, and what it all costs.

python -m benchmarks.sound [--seconds 60]
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

import numpy as np

from benchmarks import call_cost, device_gap, echo, underflows
from benchmarks.voice_path import SENTENCES, speak

RUNS = 5
ECHO_GAIN_DB = -6.0


def title(text: str) -> None:
    """Before each part, with what else the machine does now."""
    print(f"\n=== {text} (load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores) ===", flush=True)


def main(argv: Sequence[str] | None = None) -> None:
    """Print all parts. Needs PulseAudio, Kamailio, baresip, linphonec and espeak-ng."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument(
        "--seconds", type=float, default=60.0, help="of talk, and half as many beside busy threads"
    )
    seconds = given.parse_args(argv).seconds
    title("silence in speech when a device goes or comes")
    device_gap.main(["--runs", str(RUNS)])
    title("speech beside two threads that burn CPU")
    underflows.main(["--seconds", str(seconds / 2), "--threads", "2"])
    title("echo and noise out of the microphone")
    (far_voice, far_text), (near_voice, near_text) = SENTENCES
    talk = echo.Talk(np.tile(speak(far_text, far_voice), 3), speak(near_text, near_voice))
    echo.print_costs(talk)
    echo.print_echo(talk, ECHO_GAIN_DB)
    title("a minute of talk")
    call_cost.main(["--seconds", str(seconds)])


if __name__ == "__main__":
    main()
