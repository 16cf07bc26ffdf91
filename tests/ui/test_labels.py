"""Texts that wrap take the height they need: no line is cut off, and none is left empty behind them."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from ui.widgets.labels import Label

SHORT, LONG = "Talking", "On hold: they don't hear you, and this goes on for more than one line of the window"


def test_a_shorter_text_needs_less_height_again(qapp: QApplication) -> None:
    label = Label("side", wrap=True)
    label.resize(150, 20)
    label.setText(SHORT)
    one_line = label.minimumHeight()
    label.setText(LONG)
    assert label.minimumHeight() > one_line
    label.setText(SHORT)
    assert label.minimumHeight() == one_line
