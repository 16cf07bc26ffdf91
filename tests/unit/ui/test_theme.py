"""Colours that can be read, measured rather than seen."""

from __future__ import annotations

from dataclasses import fields

import pytest

from ui.theme import DARK, EDGE_PAIRS, LIGHT, TEXT_PAIRS, Tokens, contrast, style_sheet

THEMES = pytest.mark.parametrize("tokens", [LIGHT, DARK], ids=["light", "dark"])


@THEMES
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_every_text_pair_reaches_4_5_to_1(tokens: Tokens, text: str, ground: str) -> None:
    assert contrast(getattr(tokens, text), getattr(tokens, ground)) >= 4.5


@THEMES
@pytest.mark.parametrize(("edge", "ground"), EDGE_PAIRS)
def test_every_outline_reaches_3_to_1(tokens: Tokens, edge: str, ground: str) -> None:
    assert contrast(getattr(tokens, edge), getattr(tokens, ground)) >= 3.0


@THEMES
def test_the_style_sheet_takes_every_colour_from_the_tokens(tokens: Tokens) -> None:
    sheet = style_sheet(tokens)
    colours = {getattr(tokens, field.name) for field in fields(tokens)}
    written = {word.strip(";,").lower() for word in sheet.split() if word.startswith("#") and ";" in word}
    assert "@" not in sheet
    assert len(written) > 5
    assert written <= colours


def test_contrast_is_that_of_wcag() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
