"""Personal links, and the places they are opened at: one place is one invited person on one device."""

from __future__ import annotations

from dataclasses import dataclass, field

from service_api.states import Assurance

MOST_PLACES = 16
"""Where one link is opened; whoever needs more is given a new link."""


@dataclass(frozen=True, slots=True)
class Link:
    """`secret` is a fingerprint."""

    secret: str = field(repr=False)
    participant_id: str
    made_at: float
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """`token` and `link` are fingerprints. `device` joins the places of one browser or program.

    A place is good for as long as the link it was opened with.
    """

    place_id: str
    participant_id: str
    link: str = field(repr=False)
    token: str = field(repr=False)
    device: str
    device_name: str
    client: str
    made_at: float
    assurance: Assurance = Assurance.LINK
    other_device: bool = False
