"""Settings that are no devices: language, look, start, calls, links; and what the program is."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass

from resources.words import LANGUAGE_NAMES, LANGUAGES, Words, marked
from softphone.domain.errors import SoftphoneError
from softphone.domain.events import Event, SettingChanged
from softphone.presenters import sentences
from softphone.presenters.parts import Advice, Choice, Option
from softphone.presenters.presenter import Presenter
from softphone.services.settings import Settings

FLAGS = ("ui.start_with_system", "ui.tray", "call.auto_answer", "call.sdes_without_tls")
CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "ui.theme": (
        ("system", marked("Same as the computer")),
        ("light", marked("Light")),
        ("dark", marked("Dark")),
    ),
    "call.encryption": (
        ("required", marked("Always: no call without it")),
        ("preferred", marked("Whenever the other side can")),
        ("off", marked("Never")),
    ),
}


@dataclass(frozen=True, slots=True)
class Switch:
    """A yes-or-no setting; a locked one is the company's."""

    on: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class GeneralView:
    """Drop-downs and switches by setting key. `popup_screen` is a screen's name, "" for the main one."""

    language: Choice
    choices: tuple[tuple[str, Choice], ...]
    switches: tuple[tuple[str, Switch], ...]
    popup_screen: str
    locked_note: str
    version: str
    advice: Advice | None


class GeneralPresenter(Presenter[GeneralView]):
    """Reads and changes settings; a refused one shows its old value and why."""

    def __init__(
        self,
        settings: Settings,
        version: str,
        words: Words,
        emit: Callable[[GeneralView], None],
    ) -> None:
        super().__init__(words, emit)
        self._settings, self._version = settings, version
        self._error: SoftphoneError | None = None

    def compose(self) -> GeneralView:
        """The pages as things stand."""
        shown = ("ui.language", "ui.popup_screen", *CHOICES, *FLAGS)
        locked = any(self._settings.locked(key) for key in shown)
        return GeneralView(
            language=self._language(),
            choices=tuple((key, self._choice(key)) for key in CHOICES),
            switches=tuple(
                (key, Switch(self._settings.flag(key), self._settings.locked(key))) for key in FLAGS
            ),
            popup_screen=self._settings.text("ui.popup_screen"),
            locked_note=self._("Settings that can't be changed here are decided by your company.")
            if locked
            else "",
            version=self._("Version {version} · Python {python} · {system}").format(
                version=self._version, python=platform.python_version(), system=platform.system()
            ),
            advice=sentences.failure(self.words, self._error) if self._error is not None else None,
        )

    def _language(self) -> Choice:
        key = "ui.language"
        named = (Option(language, LANGUAGE_NAMES[language]) for language in LANGUAGES)
        system = Option("auto", self._("Same as the computer"))
        return Choice((system, *named), self._settings.text(key), self._settings.locked(key))

    def _choice(self, key: str) -> Choice:
        options = tuple(Option(value, self._(text)) for value, text in CHOICES[key])
        return Choice(options, self._settings.text(key), self._settings.locked(key))

    def hear(self, event: Event) -> None:
        """Follow changes made elsewhere."""
        if isinstance(event, SettingChanged):
            self.render()

    async def change(self, key: str, value: object) -> None:
        """Change a setting."""
        self._error = None
        try:
            await self._settings.set(key, value)
        except SoftphoneError as error:
            self._error = error
        self.view = None  # a control that was refused must show the old value again
        self.render()
