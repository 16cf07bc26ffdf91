"""The catalogues say everything, in three languages."""

from __future__ import annotations

import pytest

from resources import ICONS, ROOT
from resources.words import DOMAIN, LANGUAGES, SERVICE, Words, choose_language
from tools import words as tool

VOCABULARY = (
    ("Server address", "Palvelimen osoite", "Serveradress"),
    ("User name (phone number)", "Käyttäjätunnus (puhelinnumero)", "Användarnamn (telefonnummer)"),
    ("Password", "Salasana", "Lösenord"),
    ("Sign in", "Kirjaudu", "Logga in"),
    ("Sign out", "Kirjaudu ulos", "Logga ut"),
    ("Tools", "Työkalut", "Verktyg"),
    ("Settings", "Asetukset", "Inställningar"),
    ("Audio", "Ääni", "Ljud"),
    ("Headset", "Kuulokkeet", "Headset"),
    ("Alert place", "Hälytyspaikka", "Ringsignalen hörs i"),
    ("Transfer", "Siirrä", "Koppla"),
)


def test_no_message_is_missing_unused_fuzzy_or_untranslated() -> None:
    assert tool.faults() == []


def test_a_message_nobody_has_translated_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    source, other = tool.extract(), tool.extract(SERVICE)
    source.add("Something new")
    monkeypatch.setattr(tool, "extract", lambda domain: source if domain == DOMAIN else other)
    assert [fault for fault in tool.faults() if fault.endswith("missing 'Something new'")] == [
        f"{language}: missing 'Something new'" for language in LANGUAGES
    ]


def test_a_translation_that_forgets_a_placeholder_is_a_fault() -> None:
    catalogue = tool.read("fi")
    message = catalogue.get("The server {server} was not found.")
    assert message is not None
    message.string = "Palvelinta ei löytynyt."
    assert list(tool.message_faults(message)) == ["other placeholders in"]


@pytest.mark.parametrize(("english", "finnish", "swedish"), VOCABULARY)
def test_the_words_are_those_agreed_on(english: str, finnish: str, swedish: str) -> None:
    assert Words("en")._(english) == english
    assert Words("fi")._(english) == finnish
    assert Words("sv")._(english) == swedish


def test_plural_forms() -> None:
    finnish = Words("fi")
    forms = [finnish.n("{count} missed call", "{count} missed calls", count) for count in (1, 2)]
    assert forms == ["{count} vastaamaton puhelu", "{count} vastaamatonta puhelua"]


@pytest.mark.parametrize(
    ("setting", "system", "default", "chosen"),
    [
        ("sv", ["fi-FI"], "en", "sv"),
        ("auto", ["de-DE", "sv-FI", "fi-FI"], "en", "sv"),
        ("auto", ["fi_FI.UTF-8"], "en", "fi"),
        ("auto", ["de-DE"], "fi", "fi"),
        ("auto", [], "xx", "en"),
    ],
)
def test_language_follows_setting_then_the_systems_order_then_policy(
    setting: str, system: list[str], default: str, chosen: str
) -> None:
    assert choose_language(setting, system, default) == chosen


def test_no_icon_is_drawn_for_nothing() -> None:
    rooms = [ROOT.parent / room for room in ("ui", "softphone/presenters")]
    source = "".join(path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py"))
    drawn = [path.stem for path in ICONS.glob("*.svg")]
    assert len(drawn) > 10
    assert [name for name in drawn if f'"{name}"' not in source] == []
