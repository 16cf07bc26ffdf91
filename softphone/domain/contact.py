"""A person in the user's own list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """`numbers` hold phone numbers or SIP addresses in the order the user keeps them."""

    id: str
    name: str
    numbers: tuple[str, ...]
    company: str = ""
    email: str = ""
    note: str = ""
