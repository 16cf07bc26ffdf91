"""What people read where two devices of a sound server are called the same: "Headset" and "Headset (2)"."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from devices.pactl import Endpoint

Group = tuple[bool, str]
"""Whether they record, and what they are called."""


class Titles:
    """Numbers within each group, kept as long as the device is there: no number changes meanwhile."""

    def __init__(self) -> None:
        self._numbers: dict[Group, dict[str, int]] = {}

    def of(self, endpoints: Iterable[Endpoint]) -> dict[tuple[bool, str], str]:
        """Titles by direction and the server's own name."""
        groups: dict[Group, list[Endpoint]] = {}
        for endpoint in endpoints:
            groups.setdefault((endpoint.is_input, endpoint.description), []).append(endpoint)
        self._numbers = {group: self._numbered(group, there) for group, there in groups.items()}
        return {
            (is_input, name): f"{title} ({number})" if number > 1 else title
            for (is_input, title), numbers in self._numbers.items()
            for name, number in numbers.items()
        }

    def _numbered(self, group: Group, there: list[Endpoint]) -> dict[str, int]:
        before = self._numbers.get(group, {})
        numbers = {one.name: before[one.name] for one in there if one.name in before}
        taken = set(numbers.values())
        free = (number for number in count(1) if number not in taken)
        newcomers = [one.name for one in there if one.name not in numbers]
        return {**numbers, **dict(zip(newcomers, free, strict=False))}
