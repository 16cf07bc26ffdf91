"""What is clipped, nameless or too small on a window; as a program, at whatever scale Qt is told to use."""

from __future__ import annotations

import asyncio
import sys

from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QListView,
    QPlainTextEdit,
    QScrollArea,
    QSlider,
    QWidget,
)

from resources.words import LANGUAGES, Words
from tests.doubles.scenes import SCENES
from tests.doubles.stage import views_of
from tests.ui.scenes import arrange
from ui.desk import Desk
from ui.look import Look
from ui.theme import Theme
from ui.widgets.labels import ElidedLabel

CONTROLS = (QAbstractButton, QComboBox, QAbstractSpinBox, QLineEdit, QPlainTextEdit, QSlider, QListView)
SMALLEST = 36


def controls(window: QWidget) -> list[QWidget]:
    """What a person can use there, without Qt's own inner parts."""
    found = [child for kind in CONTROLS for child in window.findChildren(kind)]
    inner = (QComboBox, QAbstractSpinBox, QLineEdit, QScrollArea)
    return [c for c in found if c.isVisible() and not isinstance(c.parentWidget(), inner)]


def clipped(window: QWidget) -> list[str]:
    """Texts that don't fit: labels and buttons smaller than what they say."""
    wrong = []
    for label in window.findChildren(QLabel):
        if not label.isVisible() or not label.text() or isinstance(label.parentWidget(), ElidedLabel):
            continue
        need = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
        too_narrow = not label.wordWrap() and label.width() < label.sizeHint().width()
        if label.height() < need or too_narrow:
            wrong.append(f"{label.text()!r} has {label.size()}, needs {label.sizeHint()}")
    for button in window.findChildren(QAbstractButton):
        if not button.isVisible() or not button.text() or not words_shown(button):
            continue
        if button.width() < button.minimumSizeHint().width() or button.height() < SMALLEST - 4:
            wrong.append(f"button {button.text()!r} has {button.size()}, needs {button.minimumSizeHint()}")
        words = button.fontMetrics().horizontalAdvance(button.text())
        if words > button.width() - 4:
            wrong.append(f"button {button.text()!r} is cut")
    parts: list[QLabel | QAbstractButton] = [
        *window.findChildren(QLabel),
        *window.findChildren(QAbstractButton),
    ]
    for part in parts:
        around = part.parentWidget()
        if part.isVisible() and around is not None and not around.rect().contains(part.geometry()):
            wrong.append(f"{part.text()!r} at {part.geometry()} reaches out of {around.rect()}")
    for box in window.findChildren(QComboBox):
        words = box.fontMetrics().horizontalAdvance(box.currentText())
        if box.isVisible() and words > box.width() - 48:
            wrong.append(f"drop-down {box.currentText()!r} is cut")
    return wrong


def words_shown(button: QAbstractButton) -> bool:
    """Whether the button shows its words whole: the promise gives way, icons in fields show none."""
    return button.property("kind") != "promise" and not isinstance(button.parentWidget(), QLineEdit)


def focus_chain(window: QWidget) -> list[QWidget]:
    """All widgets in tab order."""
    chain: list[QWidget] = []
    at = window.nextInFocusChain()
    while at is not None and at is not window:
        chain.append(at)
        at = at.nextInFocusChain()
    return chain


def main() -> int:
    """Measure every scene in the languages asked for."""
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    theme, wrong, ratio = Theme(application), 0, 0.0
    for scene in SCENES:
        played = asyncio.run(views_of(scene))
        for language in sys.argv[1:] or LANGUAGES:
            desk = Desk(Look(theme, Words(language)))
            window = arrange(desk, scene, played[language])
            ratio = window.devicePixelRatioF()
            for fault in clipped(window):
                wrong += 1
                sys.stdout.write(f"{scene.name} {language}: {fault}\n")
            for top in QApplication.topLevelWidgets():
                top.deleteLater()
            application.processEvents()
    sys.stdout.write(f"measured at {ratio}: {wrong or 'nothing'} is clipped\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
