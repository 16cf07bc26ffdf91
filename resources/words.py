"""Words of the screen, from gettext catalogues. English is the source, Finnish and Swedish beside it."""

from __future__ import annotations

import gettext
from collections.abc import Sequence

from resources import LOCALES

DOMAIN = "softphone"
SERVICE = "service"
"""The catalogues: what the program shows, and what the company service writes to invited people."""

LANGUAGES = ("fi", "sv", "en")
LANGUAGE_NAMES = {"fi": "Suomi", "sv": "Svenska", "en": "English"}
DEFAULT_LANGUAGE = "en"


def marked(text: str) -> str:
    """Mark `text` for the catalogues where it stands in a table; it is looked up later with `Words._`."""
    return text


class Words:
    """One language's words. Immutable, so every thread may use it."""

    def __init__(self, language: str = DEFAULT_LANGUAGE, domain: str = DOMAIN) -> None:
        self.language = language
        self._catalogue = gettext.translation(domain, LOCALES, [language], fallback=True)

    def _(self, text: str) -> str:
        """The words for `text`, or `text` itself."""
        return self._catalogue.gettext(text)

    def n(self, one: str, many: str, count: int) -> str:
        """The plural form for `count`; the caller formats the number in."""
        return self._catalogue.ngettext(one, many, count)


def choose_language(setting: str, system: Sequence[str], default: str = DEFAULT_LANGUAGE) -> str:
    """The language to use: the setting, else the first of the system's ordered list that we speak.

    `system` holds tags like "sv-FI" or "fi_FI"; `default` is what a policy says where none fits.
    """
    if setting in LANGUAGES:
        return setting
    for tag in system:
        language = tag.replace("_", "-").split("-")[0].lower()
        if language in LANGUAGES:
            return language
    return default if default in LANGUAGES else DEFAULT_LANGUAGE
