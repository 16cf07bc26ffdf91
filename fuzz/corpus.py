"""What is kept of the inputs found so far: one text file for each target, an input a line, smallest first.

Text, so that a change of it can be read and no system's line ends get into the inputs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from fuzz.registry import Target

KEPT = Path(__file__).parent / "corpus"
WORDS = Path(__file__).parent / "dictionaries"


def kept(target: Target) -> list[bytes]:
    """What the repository holds for this target, its seeds first."""
    path = KEPT / f"{target.name}.txt"
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    return [*target.load().seeds(), *(_read(line) for line in lines)]


def keep(target: Target, inputs: Iterable[bytes]) -> None:
    """Write what the repository is to hold for this target."""
    lines = [_written(data) for data in sorted(set(inputs), key=lambda data: (len(data), data))]
    text = "".join(f"{line}\n" for line in lines)
    (KEPT / f"{target.name}.txt").write_text(text, encoding="ascii", newline="\n")


def unpack(inputs: Iterable[bytes], folder: Path) -> None:
    """As files, which libFuzzer reads."""
    folder.mkdir(parents=True, exist_ok=True)
    for data in inputs:
        (folder / hashlib.sha256(data).hexdigest()[:16]).write_bytes(data)


def packed(folder: Path) -> list[bytes]:
    """The inputs in a folder of libFuzzer's."""
    return [path.read_bytes() for path in sorted(folder.glob("*")) if path.is_file()]


def _written(data: bytes) -> str:
    return data.decode("latin-1").encode("unicode_escape").decode("ascii")


def _read(line: str) -> bytes:
    return line.encode("ascii").decode("unicode_escape").encode("latin-1")
