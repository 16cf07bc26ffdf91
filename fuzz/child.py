"""One target under atheris, in a process of its own: `python -m fuzz.child NAME [options of libFuzzer]`."""

from __future__ import annotations

import os
import sys

import atheris

from fuzz.registry import named

GIVES_WAY = 5
"""Tests that carry sound may run beside it."""


def main() -> None:
    """Fuzz until libFuzzer ends the process; its exit code is not 0 where it found something."""
    os.nice(GIVES_WAY)
    name, *options = sys.argv[1:]
    target = named(name)
    with atheris.instrument_imports(include=[*target.covers, f"fuzz.targets.{name}"]):
        run = target.runner()
    atheris.Setup([name, *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
