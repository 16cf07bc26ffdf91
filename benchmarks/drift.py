"""Hours of a call whose clocks differ, in virtual time: does delay grow, and how often is something adjusted?

Microphone, speaker and network run up to 100 ppm apart. The sound comes through VoiceStream and its jitter
buffer (PCMA, 2 ms of jitter), is played by VoicePath, heard by the microphone 60 ms later, and the distance
of near and far end as an echo canceller sees it is looked at every ten seconds.

    python -m benchmarks.drift [--hours 8] [--rows 5]
"""

from __future__ import annotations

import argparse
import time

from media.types import RATE
from tests.doubles.long_call import Drift, LongCall, Moment
from tests.doubles.room import talk

DRIFTS = (Drift(100, -100, 100), Drift(-100, 100, -100), Drift(100, 100, -100), Drift(0, 100, 0), Drift())
LOOK_S = 60.0


def run(drift: Drift, seconds: float) -> None:
    """Print one row."""
    started = time.process_time()
    call = LongCall(talk(9.9), drift)
    moments = list(call.run(seconds + LOOK_S / 2, every=LOOK_S))
    last, delays = moments[-1], [moment.delay_ms for moment in moments]
    hour = len(moments) // 8 or 1
    begin, end = (sum(part) / len(part) for part in (delays[:hour], delays[-hour:]))
    moved = last.changed - last.concealed
    expected = (drift.network - drift.speaker) * 1e-6 * last.now * RATE
    print(
        f"{drift.network:+5.0f} {drift.speaker:+5.0f} {drift.microphone:+5.0f}"
        f"{begin:9.1f}{end:6.1f}{max(delays):7.1f}{moved / RATE:10.2f}{expected / RATE:7.2f}"
        f"{100 * concealed(last):9.4f}{last.underflows:7d}{last.starved:8d}{last.waiting * 1000 / RATE:8.0f}"
        f"{min(call.distance.ms):9.1f}{max(call.distance.ms):6.1f}{time.process_time() - started:8.0f}",
        flush=True,
    )


def concealed(moment: Moment) -> float:
    """Share of what was played that was made up."""
    return moment.concealed / (moment.now * RATE)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=8.0)
    parser.add_argument("--rows", type=int, default=len(DRIFTS))
    arguments = parser.parse_args()
    print(f"{arguments.hours:g} hours. ppm: network, speaker, microphone. Delay of the jitter buffer in ms:")
    print("means of the first and last eighth, and most. Seconds taken out by stretching, and by the clocks.")
    print("Made up: share in percent. Low: speaker's queue found empty; starved: blocks it really lacked.")
    print("Ring: most that waited, ms. Echo: ms between far block and its echo, 60 in truth. CPU seconds.")
    print(
        f"{'ppm':17s}{'delay':>9s}{'end':>6s}{'most':>7s}{'taken out':>10s}{'clocks':>7s}{'made up':>9s}"
        f"{'low':>7s}{'starved':>8s}{'ring':>8s}{'echo':>9s}{'to':>6s}{'CPU':>8s}"
    )
    for drift in DRIFTS[: arguments.rows]:
        run(drift, 3600 * arguments.hours)


if __name__ == "__main__":
    main()
