"""Names and messages of others in tool tips and notices."""

from __future__ import annotations

import sys

import pytest
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QSystemTrayIcon, QWidget

from tests.ui.conftest import MakeDesk
from ui.tray.sign import Tray
from ui.widgets.buttons import Button, IconButton
from ui.widgets.labels import ElidedLabel

NAME = '<img src="//server/share/x.png">Casper'


def test_no_tool_tip_draws_a_name_as_markup(make_desk: MakeDesk) -> None:
    look = make_desk().look
    button, small, title = Button(look), IconButton(look, "more"), ElidedLabel()
    button.say("Let in", f"Let {NAME} in")
    small.say(f"Write to {NAME}")
    title.resize(20, 20)
    title.setText(NAME)
    shown = QTextDocument()
    widgets: tuple[QWidget, ...] = (button, small, title)
    for widget, text in zip(widgets, (f"Let {NAME} in", f"Write to {NAME}", NAME), strict=True):
        shown.setHtml(widget.toolTip())
        assert "<img" not in widget.toolTip()
        assert shown.toPlainText() == text


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a notice is no markup")
def test_a_guests_message_is_no_link_in_a_notice(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(Tray, "standing", True)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda _icon, _title, text, *_more: told.append(text))
    make_desk().tray.notify("Casper", '<a href="https://x.example">Your bank</a>')
    assert told == ['&lt;a href="https://x.example"&gt;Your bank&lt;/a&gt;']
