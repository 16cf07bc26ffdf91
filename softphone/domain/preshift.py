"""The check before a shift: its steps in order, and what each found."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from softphone.domain.errors import SoftphoneError

Facts = tuple[tuple[str, str], ...]
"""What a person in IT wants to know beside the result: names and values, never a secret."""


class Step(StrEnum):
    """What is checked, in this order."""

    NAME_LOOKUP = "name-lookup"
    CERTIFICATE = "certificate"
    SIGN_IN = "sign-in"
    NAT = "nat"
    RTP = "rtp"
    MICROPHONE = "microphone"
    SPEAKER = "speaker"
    RING = "ring"


USES_SOUND = frozenset({Step.RTP, Step.MICROPHONE, Step.SPEAKER, Step.RING})
"""Steps that would disturb a call, so they wait for another time while one is going on."""


class Outcome(StrEnum):
    """How a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What a step that passed has to tell: `code` "" is nothing but that it is fine."""

    code: str = ""
    facts: Facts = ()


class CheckFailed(SoftphoneError):
    """A step found a fault; `code` names it."""

    code = "failed"

    def __init__(self, code: str, facts: Facts = ()) -> None:
        super().__init__(code, code=code)
        self.facts = facts


class NotChecked(SoftphoneError):
    """A step can't be done now; `code` says why."""

    code = "not-checked"

    def __init__(self, code: str) -> None:
        super().__init__(code, code=code)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One line of the report; `took_ms` once it is done."""

    step: Step
    outcome: Outcome = Outcome.WAITING
    code: str = ""
    facts: Facts = ()
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class CheckReport:
    """All steps. `at` is when the check began (Unix time), 0 where it never did."""

    results: tuple[StepResult, ...] = field(default_factory=lambda: tuple(map(StepResult, Step)))
    at: float = 0.0
    running: bool = False

    @property
    def finished(self) -> bool:
        """Whether every step has an outcome."""
        return all(r.outcome not in (Outcome.WAITING, Outcome.RUNNING) for r in self.results)

    @property
    def ok(self) -> bool:
        """Whether it is finished and nothing failed."""
        return self.finished and all(result.outcome is not Outcome.FAILED for result in self.results)

    def result(self, step: Step) -> StepResult:
        """What one step found."""
        return next(result for result in self.results if result.step is step)
