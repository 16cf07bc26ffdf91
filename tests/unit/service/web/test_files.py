"""What can be said of the guest page's files without a browser."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from importlib.resources import files

import pytest

from service.adapters.http.pages import load
from service_api.states import Assurance
from ui.theme import DARK, LIGHT, Tokens

SITE = load().files
SCRIPTS = {path: content.decode() for path, content in SITE.items() if path.endswith(".js")}
LANGUAGES = ("en", "fi", "sv")
WORDS = {language: json.loads(SITE[f"words/{language}.json"]) for language in LANGUAGES}
KINDS = ("camera", "microphone", "speaker")
TROUBLES = ("denied", "dismissed", "system", "missing", "busy", "insecure", "failed")
CODES = (
    "unreachable server-error too-many-tries too-early lost code-in-chat code-expired no-code not-allowed "
    "changed"
).split()
ENDS = (
    "left ended declined removed taken-over link-unknown link-expired meeting-over meeting-cancelled "
    "no-link unreachable too-many-tries too-old other"
).split()
BROWSERS = ("chrome", "edge", "firefox", "safari", "ios", "other")
MADE = {
    *(f"{kind}.name" for kind in KINDS),
    *(f"{move}.{kind}" for kind in KINDS for move in ("moved", "gone")),
    *(f"{kind}.{trouble}" for kind in ("camera", "microphone") for trouble in TROUBLES),
    *(f"link.blocked.{at}" for at in ("network", "browser")),
    "camera.black",
    "microphone.silent",
    *(f"status.{status}" for status in ("on", "off", "asking", *TROUBLES)),
    *(f"advice.{trouble}" for trouble in (*TROUBLES[1:], "black", "silent")),
    *(f"allow.{browser}" for browser in BROWSERS),
    *(f"assurance.{level.value}" for level in Assurance),
    *(f"refused.{code}" for code in CODES),
    *(f"bye.{end}.{part}" for end in ENDS for part in ("title", "text")),
}
"""Keys that scripts put together."""
NO_WORDS = {"softphone.link", "softphone.place", "softphone.choices", "softphone.meeting.v1"}
OWN = ("answer", "stage", "speaking")
"""Tokens of the desktop's windows that the page need not have, and those of the ground behind pictures."""


def used() -> set[str]:
    """Every key that scripts name, those that go by number in both forms."""
    text = "\n".join(SCRIPTS.values())
    literal = set(re.findall(r'"([a-z]+(?:\.[a-z-]+)+)"', text)) | {"again", "yes", "no", "leave"}
    counted = set(re.findall(r'\.count\("([a-z.-]+)"', text))
    literal = {key for key in literal if not key.endswith(".js")} - counted
    return literal | MADE | {f"{key}.{form}" for key in counted for form in ("one", "other")}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_is_there_and_is_used(language: str) -> None:
    known = set(WORDS[language])
    assert used() - known - NO_WORDS == set()
    assert known - used() == set()


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_places_for_values_are_the_same_in_every_language(language: str) -> None:
    for key, text in WORDS["en"].items():
        assert set(re.findall(r"\{\w+\}", WORDS[language][key])) == set(re.findall(r"\{\w+\}", text)), key


@pytest.mark.parametrize("language", LANGUAGES[1:])
def test_nothing_was_left_untranslated(language: str) -> None:
    assert not [key for key, text in WORDS["en"].items() if WORDS[language][key] == text]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nobody_is_told_to_call_where_no_number_may_stand(language: str) -> None:
    call = re.compile(r"\b(call|soita|ring)\b|numeroon|numret", re.IGNORECASE)
    calls = {key for key, text in WORDS[language].items() if call.search(text)}
    tones = {key for key in calls if key.startswith("speaker.")}  # Finnish has one word for both
    assert calls - tones == {"link.call", "trouble.call"}


def test_terms_are_those_of_the_program() -> None:
    assert WORDS["fi"]["lobby.title"].endswith("odotustilassa")
    assert WORDS["fi"]["code.label"] == "Vahvistuskoodi"
    assert WORDS["sv"]["code.label"] == "Bekräftelsekod"
    assert WORDS["sv"]["invitation.join"] == "Anslut dig till mötet"
    assert WORDS["fi"]["code.identified"] == "Henkilöllisyytesi on vahvistettu."


def test_colours_are_the_programs_own() -> None:
    light, dark = SITE["tokens.css"].decode().split("@media")
    for part, tokens in ((light, LIGHT), (dark, DARK)):
        found = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", part))
        ours = {name: colour for name, colour in found.items() if not name.startswith(OWN)}
        assert ours == {
            field.name.replace("_", "-"): getattr(tokens, field.name)
            for field in fields(Tokens)
            if not field.name.startswith(OWN)
        }


def test_no_style_uses_a_colour_that_is_not_there() -> None:
    known = set(re.findall(r"--([a-z-]+):", SITE["tokens.css"].decode())) | {"level"}
    for name in ("page.css", "meeting.css"):
        assert set(re.findall(r"var\(--([a-z-]+)", SITE[name].decode())) <= known


def test_no_script_makes_markup_or_keeps_anything_for_good() -> None:
    for path, text in SCRIPTS.items():
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|Function\(", text
        ), path
        assert not re.search(r"localStorage|indexedDB|document\.cookie|console\.", text), path
        assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", text), path


def test_scripts_import_only_each_other() -> None:
    for path, text in SCRIPTS.items():
        for name in re.findall(r'from "([^"]+)"', text):
            assert name.startswith("."), path
            parts = path.split("/")[:-1]
            for step in name.split("/"):
                parts = parts[:-1] if step == ".." else parts if step == "." else [*parts, step]
            assert "/".join(parts) in SITE, (path, name)


def test_icons_that_are_named_are_drawn() -> None:
    drawn = set(re.findall(r'^  "?([a-z-]+)"?:', SCRIPTS["icons.js"], re.MULTILINE)) | {"camera"}
    named = set(re.findall(r'icon\("([a-z-]+)"\)', "\n".join(SCRIPTS.values())))
    assert named <= drawn


def test_the_page_is_part_of_the_package() -> None:
    assert files("service").joinpath("web", "index.html").is_file()
