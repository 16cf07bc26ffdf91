"""Who asks."""

from __future__ import annotations

from dataclasses import dataclass

from service_api.states import AccountRole, Assurance


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in account on one of its devices."""

    user_id: str
    number: str
    name: str
    role: AccountRole
    device_id: str


@dataclass(frozen=True, slots=True)
class Guest:
    """An invited person on one device (`place_id`), who opened a personal link there.

    `other_device`: the link had been opened on another device before. `assurance` is never above what the
    link and an earlier identification prove.
    """

    place_id: str
    participant_id: str
    appointment_id: str
    name: str
    language: str
    assurance: Assurance
    other_device: bool = False


Principal = User | Guest
