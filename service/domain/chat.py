"""A line of chat as it is kept, with those it was told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from service_api.meeting import ChatLine

LINES_RATE = 1.0
LINES_BURST = 10.0
"""Lines a second and at once, for each person."""

MOST_LINES = 5000
"""Of one meeting."""

MOST_LINES_WAITING = MOST_LINES // 2
"""Where a meeting has so many, those who wait add none: nobody in the lobby ends the chat of those inside."""


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
    told: ChatLine = field(init=False, repr=False, compare=False)
    """The line as it travels, made once: it is in every picture of everybody."""
    weight: int = field(init=False, repr=False, compare=False)
    """Bytes it takes in a message."""

    def __post_init__(self) -> None:
        told = ChatLine(
            id=self.id,
            session=self.session,
            name=self.name,
            text=self.text,
            at=datetime.fromtimestamp(self.at, UTC),
            lobby=self.lobby,
            to=self.to,
        )
        object.__setattr__(self, "told", told)
        object.__setattr__(self, "weight", len(told.model_dump_json().encode()) + 1)
