"""Keeping as few and as small inputs as reach everything that was reached; needs no atheris.

Reached is a step from one line to the next within a function of what the target covers.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import CodeType, FrameType
from typing import Any

from fuzz.corpus import keep, kept
from fuzz.judge import Finding
from fuzz.registry import Target
from fuzz.running import found

Step = tuple[CodeType, int, int]

LARGEST_KEPT = 1500
"""Bytes: what only a larger input reaches is left to the fuzzer to find again."""


def merge(target: Target) -> tuple[int, int, int]:
    """Rewrite what is kept; returns how many inputs there were and are, and the steps they reach."""
    seeds = list(target.load().seeds())
    inputs = sorted({*kept(target), *found(target)} - set(seeds), key=lambda data: (len(data), data))
    chosen, reached = chosen_from(target, seeds, [data for data in inputs if len(data) <= LARGEST_KEPT])
    keep(target, chosen)
    return len(inputs), len(chosen), reached


def chosen_from(target: Target, seeds: Iterable[bytes], inputs: Iterable[bytes]) -> tuple[list[bytes], int]:
    """Those of `inputs`, in their order, that reach what nothing before them did; and all steps reached."""
    run = target.runner()
    reached: set[Step] = set()
    for seed in seeds:
        reached |= steps_of(run, seed, target.covers)
    chosen = []
    for data in inputs:
        new = steps_of(run, data, target.covers) - reached
        if new:
            chosen.append(data)
            reached |= new
    return chosen, len(reached)


def steps_of(run: Callable[[bytes], None], data: bytes, covers: tuple[str, ...]) -> set[Step]:
    """What one input reaches. An input that is a finding reaches nothing."""
    steps: set[Step] = set()
    before = sys.gettrace()
    sys.settrace(_tracer(steps, covers))
    try:
        run(data)
    except Finding:
        return set()
    finally:
        sys.settrace(before)
    return steps


def _tracer(steps: set[Step], covers: tuple[str, ...]) -> Callable[[FrameType, str, Any], Any]:
    inside = tuple(f"{name}." for name in covers)

    def called(frame: FrameType, event: str, argument: object) -> Callable[[FrameType, str, Any], Any] | None:
        name = f"{frame.f_globals.get('__name__', '')}."
        if not name.startswith(inside):
            return None
        last = frame.f_lineno

        def line(frame: FrameType, event: str, argument: object) -> Any:
            nonlocal last
            if event == "line":
                steps.add((frame.f_code, last, frame.f_lineno))
                last = frame.f_lineno
            return line

        return line

    return called
