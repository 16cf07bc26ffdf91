"""Small pieces of view state that several screens share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """How a text is meant; the theme knows its colour."""

    PLAIN = "plain"
    QUIET = "quiet"
    ACCENT = "accent"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Sign:
    """A state as word, icon and tone: never by colour alone."""

    icon: str
    text: str
    tone: Tone = Tone.QUIET


@dataclass(frozen=True, slots=True)
class Option:
    """One line of a drop-down: `id` is stable, `text` is shown."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A drop-down: what can be chosen, what is, and whether a policy has decided it.

    `missing` is shown instead where the chosen one is not among the options.
    """

    options: tuple[Option, ...] = ()
    chosen: str = ""
    locked: bool = False
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something a person should know and do: what happened, and the next step.

    `id` lets the person put it away; `action` names the settings page that helps, "" for none.
    """

    id: str
    tone: Tone
    text: str
    what_to_do: str = ""
    action: str = ""
    action_text: str = ""


@dataclass(frozen=True, slots=True)
class SystemNotice:
    """Told once, by the system's own notices: somebody waits, somebody wrote, a meeting has opened."""

    title: str
    text: str
