"""Texts for places that read markup: what somebody else wrote stays a text there."""

from __future__ import annotations

import html
import sys


def plain_tip(text: str) -> str:
    """A tool tip that shows `text` as it is: a name or a title that looks like markup would be drawn as such,
    and a picture in it fetched.
    """
    if not ("<" in text or "&lt;" in text):
        return text
    return f"<span>{html.escape(text)}</span>".replace("\n", "<br>")


def plain_notice(text: str, system: str = sys.platform) -> str:
    """The body of a system's notice, which is markup on Linux: no word of a guest becomes a link.

    A text without a tag is left alone: not every desktop writes entities out.
    """
    return html.escape(text, quote=False) if system == "linux" and "<" in text else text
