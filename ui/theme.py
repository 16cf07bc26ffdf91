"""One set of tokens for light and dark, and the style sheet made from them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import StrEnum
from string import Template

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from resources import ROOT

CONTROL = 36
BODY_PX, SIDE_PX = 15, 13


class ThemeChoice(StrEnum):
    """What the setting `general.theme` can say."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Tokens:
    """Colours by role. `*_soft` are fills behind text of the same role; `*_text` stands on that fill.

    `stage*` are pictures' ground and what stands on it, the same dark by day and by night.
    """

    background: str
    surface: str
    raised: str
    line: str
    edge: str
    text: str
    text_quiet: str
    accent: str
    accent_hover: str
    accent_text: str
    accent_soft: str
    good: str
    good_soft: str
    warn: str
    warn_soft: str
    bad: str
    bad_hover: str
    bad_text: str
    bad_soft: str
    answer: str
    answer_hover: str
    answer_text: str
    stage: str
    stage_raised: str
    stage_text: str
    speaking: str


LIGHT = Tokens(
    background="#f3f6f7",
    surface="#ffffff",
    raised="#e9eff1",
    line="#d6dfe2",
    edge="#7b8b92",
    text="#14232a",
    text_quiet="#4c5f68",
    accent="#0b6b75",
    accent_hover="#085660",
    accent_text="#ffffff",
    accent_soft="#d9eef0",
    good="#17693b",
    good_soft="#def2e5",
    warn="#7a4e00",
    warn_soft="#fcefd2",
    bad="#b3261e",
    bad_hover="#931d16",
    bad_text="#ffffff",
    bad_soft="#fce4e2",
    answer="#1a7a45",
    answer_hover="#136237",
    answer_text="#ffffff",
    stage="#11191d",
    stage_raised="#2c3a41",
    stage_text="#f2f7f8",
    speaking="#6fdc9d",
)
DARK = Tokens(
    background="#11181b",
    surface="#182125",
    raised="#232f34",
    line="#2f3d43",
    edge="#72858d",
    text="#e8eff1",
    text_quiet="#a6b6bd",
    accent="#4cc3ca",
    accent_hover="#74d5da",
    accent_text="#04262a",
    accent_soft="#143c41",
    good="#71d39b",
    good_soft="#163626",
    warn="#efbd5b",
    warn_soft="#3b2e12",
    bad="#ff8f85",
    bad_hover="#ffaaa2",
    bad_text="#3a0704",
    bad_soft="#44201d",
    answer="#5fd08f",
    answer_hover="#86deab",
    answer_text="#04260f",
    stage="#1e292e",
    stage_raised="#384850",
    stage_text="#f2f7f8",
    speaking="#6fdc9d",
)

TEXT_PAIRS: tuple[tuple[str, str], ...] = (
    *((text, ground) for text in ("text", "text_quiet") for ground in ("background", "surface", "raised")),
    *((text, "surface") for text in ("accent", "good", "warn", "bad")),
    *((text, "background") for text in ("accent", "good", "warn", "bad")),
    *((role, f"{role}_soft") for role in ("accent", "good", "warn", "bad")),
    *(("text", f"{role}_soft") for role in ("accent", "good", "warn", "bad")),
    *((f"{role}_text", role) for role in ("accent", "bad", "answer")),
    *((f"{role}_text", f"{role}_hover") for role in ("accent", "bad", "answer")),
    ("text_quiet", "accent_soft"),
    *((text, ground) for text in ("stage_text", "speaking") for ground in ("stage", "stage_raised")),
)
"""Every (text, ground) pair that meets on a screen: each at least 4.5:1."""

EDGE_PAIRS: tuple[tuple[str, str], ...] = (
    *((edge, ground) for edge in ("edge", "accent") for ground in ("background", "surface")),
)
"""Outlines by which a control is recognised: each at least 3:1 (WCAG 1.4.11)."""


def luminance(colour: str) -> float:
    """Relative luminance after WCAG 2.2, 0 black … 1 white."""

    def linear(channel: int) -> float:
        share = channel / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue)


def contrast(one: str, other: str) -> float:
    """Contrast ratio after WCAG 2.2, 1 … 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


class Sheet(Template):
    """A style sheet whose `@name` is a token."""

    delimiter = "@"


def style_sheet(tokens: Tokens) -> str:
    """The style sheet of the whole program."""
    template = Sheet((ROOT / "style" / "softphone.qss").read_text(encoding="utf-8"))
    return template.substitute({field.name: getattr(tokens, field.name) for field in fields(tokens)})


def palette(tokens: Tokens) -> QPalette:
    """The same tokens for what Qt draws itself: selection, placeholder, tool tips, links."""
    made = QPalette()
    roles = {
        QPalette.ColorRole.Window: tokens.background,
        QPalette.ColorRole.WindowText: tokens.text,
        QPalette.ColorRole.Base: tokens.surface,
        QPalette.ColorRole.AlternateBase: tokens.raised,
        QPalette.ColorRole.Text: tokens.text,
        QPalette.ColorRole.Button: tokens.raised,
        QPalette.ColorRole.ButtonText: tokens.text,
        QPalette.ColorRole.Highlight: tokens.accent,
        QPalette.ColorRole.HighlightedText: tokens.accent_text,
        QPalette.ColorRole.PlaceholderText: tokens.text_quiet,
        QPalette.ColorRole.ToolTipBase: tokens.raised,
        QPalette.ColorRole.ToolTipText: tokens.text,
        QPalette.ColorRole.Link: tokens.accent,
        QPalette.ColorRole.Mid: tokens.line,
    }
    for role, colour in roles.items():
        made.setColor(role, QColor(colour))
    return made


class Theme(QObject):
    """The tokens in force. `changed` tells every painter to fetch its colours again."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._choice = ThemeChoice.SYSTEM
        self.tokens = LIGHT
        application.setStyle("Fusion")
        application.styleHints().colorSchemeChanged.connect(self._follow)
        self._follow()

    def choose(self, choice: ThemeChoice) -> None:
        """Set the person's choice and repaint."""
        if choice is not self._choice:
            self._choice = choice
            self._follow()

    def _follow(self) -> None:
        dark = self._choice is ThemeChoice.DARK
        if self._choice is ThemeChoice.SYSTEM:
            dark = self._application.styleHints().colorScheme() is Qt.ColorScheme.Dark
        self.tokens = DARK if dark else LIGHT
        self._application.setPalette(palette(self.tokens))
        self._application.setStyleSheet(style_sheet(self.tokens))
        self.changed.emit()
