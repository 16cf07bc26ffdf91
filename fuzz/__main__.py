"""`python -m fuzz`: every target for a while, two at a time; `--merge` keeps as little of it as does."""

from __future__ import annotations

import argparse
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fuzz.registry import TARGETS, Target
from fuzz.running import Outcome, fuzz

AT_ONCE = 2
TOLD = 40
"""Lines of a broken run that are printed."""


def main() -> int:
    """What the command line asks for; the exit code is 1 where something was found."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=60, help="for each target")
    parser.add_argument("--target", choices=[target.name for target in TARGETS], action="append")
    parser.add_argument("--merge", action="store_true", help="keep what earlier runs found, and fuzz nothing")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="one input, with the target's traceback")
    chosen = parser.parse_args()
    targets = [target for target in TARGETS if target.name in (chosen.target or [target.name])]
    if chosen.replay is not None:
        return _replay(targets, chosen.replay.read_bytes())
    if chosen.merge:
        return _merge(targets)
    if importlib.util.find_spec("atheris") is None:
        print("fuzz: atheris is not to be had for this Python or system; nothing is fuzzed", flush=True)
        return 0
    return _fuzz(targets, chosen.seconds)


def _fuzz(targets: list[Target], seconds: int) -> int:
    print(f"{'target':<16}{'executions':>11}{'edges':>7}{'features':>10}{'inputs':>8}", flush=True)
    with ThreadPoolExecutor(AT_ONCE) as workers:
        outcomes = []
        for outcome in workers.map(lambda target: fuzz(target, seconds), targets):
            _tell(outcome)
            outcomes.append(outcome)
    return 0 if all(outcome.good for outcome in outcomes) else 1


def _tell(outcome: Outcome) -> None:
    print(
        f"{outcome.target:<16}{outcome.executions:>11}{outcome.edges:>7}{outcome.features:>10}{outcome.inputs:>8}"
        f"{'' if outcome.good else f'  BROKEN by {outcome.broken}'}",
        flush=True,
    )
    if not outcome.good:
        told = [line for line in outcome.said.splitlines() if not line.startswith(("#", "INFO:"))]
        print("\n".join(told[-TOLD:]), flush=True)


def _replay(targets: list[Target], data: bytes) -> int:
    for target in targets:
        target.runner()(data)
    return 0


def _merge(targets: list[Target]) -> int:
    from fuzz.merging import merge

    for target in targets:
        before, after, edges = merge(target)
        print(f"{target.name:<16}{before:>6} inputs, {after} kept, {edges} edges", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
