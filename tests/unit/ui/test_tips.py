"""What somebody else wrote is a text, whatever it looks like."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QTextDocument

from ui.widgets.tips import plain_notice, plain_tip

PICTURE = '<img src="//server/share/x.png">Casper & Co'


@pytest.mark.parametrize("text", [PICTURE, f"Let {PICTURE} in", "<b>Loan</b>\nadvice", "&lt;b>Loan", "3 < 4"])
def test_a_tool_tip_shows_a_name_that_looks_like_markup_as_it_is(text: str) -> None:
    tip = plain_tip(text)
    assert tip.startswith("<span>")
    shown = QTextDocument()
    shown.setHtml(tip)
    assert shown.toPlainText() == text
    assert "\ufffc" not in shown.toRawText(), "a picture"


@pytest.mark.parametrize("text", ["Casper Customer", "Aino & Bertil", ""])
def test_an_ordinary_tool_tip_is_left_alone(text: str) -> None:
    assert plain_tip(text) == text


@pytest.mark.parametrize(
    ("text", "system", "shown"),
    [
        ('<a href="https://x">here & now</a>', "linux", '&lt;a href="https://x"&gt;here &amp; now&lt;/a&gt;'),
        ("Aino & Bertil", "linux", "Aino & Bertil"),
        ("<b>bold</b>", "win32", "<b>bold</b>"),
        ("<b>bold</b>", "darwin", "<b>bold</b>"),
    ],
)
def test_a_notice_holds_no_link_where_its_body_is_markup(text: str, system: str, shown: str) -> None:
    assert plain_notice(text, system) == shown
