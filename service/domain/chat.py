"""A line of chat as it is kept, with those it was told to."""

from __future__ import annotations

from dataclasses import dataclass, field

LINES_RATE = 1.0
LINES_BURST = 10.0
"""Lines a second and at once, for each session."""

MOST_LINES = 5000
"""Of one meeting."""


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts a meeting's lines from 1. `audience`: the sessions that were told it, beside its writer
    and the hosts. `command`: the id its writer's client sent it under, so that sent again it is one line."""

    id: str
    number: int
    appointment: str
    session: str
    name: str
    text: str = field(repr=False)
    at: float
    command: str
    lobby: bool = False
    to: str = ""
    audience: frozenset[str] = frozenset()
