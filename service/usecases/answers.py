"""What commands were answered, so that a command sent twice works once."""

from __future__ import annotations

from collections import OrderedDict

from service_api.meeting import Done, Refused

REMEMBERED = 128
"""Commands of one session. A client has a handful under way."""


class Answers:
    """The newest answers of one session, by command id; the oldest is forgotten first."""

    def __init__(self) -> None:
        self._answers: OrderedDict[str, Done | Refused] = OrderedDict()

    def get(self, command: str) -> Done | Refused | None:
        """What this command was answered."""
        return self._answers.get(command)

    def put(self, answer: Done | Refused) -> None:
        """Remember it."""
        self._answers[answer.id] = answer
        while len(self._answers) > REMEMBERED:
            self._answers.popitem(last=False)
