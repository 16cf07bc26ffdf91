"""One run of a target under atheris, and what libFuzzer tells of it."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzz.corpus import WORDS, kept, packed, unpack
from fuzz.registry import Target

ROOT = Path(__file__).resolve().parent.parent
FOUND = ROOT / "build" / "fuzz"
"""Inputs that earlier runs found and nobody has merged yet, and inputs that broke something."""

HUNG_S = 25
"""One input may take so long by the clock on a busy machine; what it may cost is judged in the process."""

MOST_MB = 1500

_STATUS = re.compile(r"^#\d+\s+\w+\s+cov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)
_EXECUTED = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
_ARTIFACT = re.compile(r"Test unit written to (\S+)")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one target. `edges`: branches covered; `inputs`: how many do; `broken`: the finding's file."""

    target: str
    executions: int
    edges: int
    features: int
    inputs: int
    broken: str
    said: str

    @property
    def good(self) -> bool:
        """Whether nothing was found, and the run came to its end."""
        return not self.broken and self.executions > 0


def fuzz(target: Target, seconds: int) -> Outcome:
    """Run for that long, from what is kept and what earlier runs found."""
    folder = FOUND / target.name
    broken = FOUND / "broken" / target.name
    for path in (folder, broken):
        path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as seeds:
        unpack(kept(target), Path(seeds))
        command = [sys.executable, "-m", "fuzz.child", target.name, *_options(target, seconds, broken)]
        finished = subprocess.run(
            [*command, str(folder), seeds], cwd=ROOT, capture_output=True, text=True, errors="replace"
        )
    return _outcome(target.name, finished.stdout + finished.stderr, finished.returncode)


def found(target: Target) -> list[bytes]:
    """What runs have added to what is kept."""
    return packed(FOUND / target.name)


def _options(target: Target, seconds: int, broken: Path) -> list[str]:
    words = [f"-dict={WORDS / target.words}.txt"] if target.words else []
    return [
        f"-max_total_time={seconds}",
        f"-max_len={target.longest}",
        f"-timeout={HUNG_S}",
        f"-rss_limit_mb={MOST_MB}",
        f"-artifact_prefix={broken}/",
        f"-report_slow_units={HUNG_S}",
        "-print_final_stats=1",
        "-reload=0",
        *words,
    ]


def _outcome(name: str, said: str, code: int) -> Outcome:
    status = _STATUS.findall(said)
    edges, features, inputs = map(int, status[-1]) if status else (0, 0, 0)
    executed = _EXECUTED.search(said)
    artifact = _ARTIFACT.findall(said)
    broken = "" if code == 0 else artifact[-1] if artifact else f"exit code {code}"
    return Outcome(name, int(executed[1]) if executed else 0, edges, features, inputs, broken, said)
