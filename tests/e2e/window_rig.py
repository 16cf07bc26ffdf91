"""The whole program with its windows: composed as by main.py, worked by hand, read by its widgets."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, ParamSpec

import qasync
from babel.messages.pofile import read_po
from PySide6.QtCore import QCoreApplication, QEvent, QPoint
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QLabel, QLineEdit, QWidget

from resources import LOCALES
from resources.words import LANGUAGE_NAMES, LANGUAGES
from softphone.assemble import Options, build
from softphone.control import client
from softphone.runtime.instance_lock import InstanceLock
from tests.lab.sound import tone, write_wav
from ui.app import Windows

PATIENCE_S = 10.0
P = ParamSpec("P")


def story(test: Callable[P, Awaitable[None]]) -> Callable[P, None]:
    """A test that runs on the loop of the windows."""

    @functools.wraps(test)
    def told(*arguments: P.args, **named: P.kwargs) -> None:
        with qasync.QEventLoop(QApplication.instance()) as loop:
            asyncio.set_event_loop(loop)
            try:
                loop.run_until_complete(test(*arguments, **named))
            finally:
                asyncio.set_event_loop(None)

    return told


async def until(condition: Callable[[], object], what: str = "", timeout_s: float = PATIENCE_S) -> None:
    """Let the windows live until something is so; fails when it never is."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        await asyncio.sleep(0.02)


async def beside(work: Callable[..., Any], *arguments: object) -> Any:
    """Blocking work in a thread, while the windows live."""
    return await asyncio.get_running_loop().run_in_executor(None, functools.partial(work, *arguments))


async def xdo(*words: str) -> str:
    """What a hand does: mouse and keys of the X server, to whatever is in the way."""
    done = await beside(functools.partial(_xdotool, words))
    await asyncio.sleep(0.05)
    return str(done)


def _xdotool(words: tuple[str, ...]) -> str:
    done = subprocess.run(["xdotool", *words], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


async def click(widget: QWidget) -> None:
    """Press a widget with the mouse, where it stands on the screen."""
    await until(widget.isVisible, f"{widget.accessibleName()} to press")
    await asyncio.sleep(0.05)
    middle: QPoint = widget.mapToGlobal(widget.rect().center())
    await xdo("mousemove", str(middle.x()), str(middle.y()), "click", "1")


async def type_text(text: str) -> None:
    """Write on the keyboard."""
    await xdo("type", "--delay", "4", text)


async def keys(*names: str) -> None:
    """Press keys one after another."""
    await xdo("key", *names)


async def fill(editor: QLineEdit, text: str) -> None:
    """Click into a field and write over what is there."""
    await click(editor)
    await keys("ctrl+a")
    await type_text(text)
    await until(lambda: editor.text() == text, f"{text} typed, not {editor.text()}")


def words_in(widget: QWidget) -> list[str]:
    """Every text a person can read there now."""
    return [label.text() for label in widget.findChildren(QLabel) if label.isVisible() and label.text()]


@cache
def catalogue(language: str) -> dict[str, str]:
    """English texts and what they are in a language, as the catalogue file has them."""
    with (LOCALES / language / "LC_MESSAGES" / "softphone.po").open("rb") as file:
        messages = [message for message in read_po(file, language) if isinstance(message.id, str)]
    return {str(message.id): str(message.string or message.id) for message in messages if message.id}


def in_language(text: str, language: str) -> str:
    """A sentence as the catalogue file has it."""
    return catalogue(language)[text]


def foreign_words(widget: QWidget, language: str) -> list[str]:
    """Texts seen there that are another language's words for something this language says otherwise."""
    here = set(catalogue(language).values())
    foreign = {word for other in LANGUAGES for word in catalogue(other).values()} - here
    labels = {label.text() for label in widget.findChildren(QLabel) if label.isVisible()}
    buttons = {button.text() for button in widget.findChildren(QAbstractButton) if button.isVisible()}
    return sorted((labels | buttons) & foreign)


def save(widget: QWidget, picture: Path) -> Path:
    """Keep what a window looks like."""
    picture.parent.mkdir(parents=True, exist_ok=True)
    assert widget.grab().save(str(picture))
    return picture


class Windowed:
    """One running program. Use as an async context manager inside a `story`."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None, **options: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.profile = folder, folder / "profile"
        self.ear, self.ring = folder / "ear.wav", folder / "ring.wav"
        mouth = write_wav(folder / "mouth.wav", tone(600.0, 2.0))
        chosen = {
            "audio.microphone": f"file:{mouth}?loop",
            "audio.speaker": f"file:{self.ear}",
            "audio.ring": f"file:{self.ring}",
            "audio.echo_cancel": "off",
            "audio.noise_suppression": "off",
            "phone.region": "FI",
            **(settings or {}),
        }
        self._lock = InstanceLock(self.profile / "lock")
        self._options = Options(profile=self.profile, overrides=chosen, **options)
        self._life: asyncio.Task[int] | None = None

    async def __aenter__(self) -> Windowed:
        qt = QApplication.instance()
        assert isinstance(qt, QApplication)
        self.application = build(self._options)
        self._lock = InstanceLock(self.application.profile.lock)
        assert self._lock.take()
        self.windows = Windows(qt, self.application)
        self.desk = self.windows.desk
        self._life = asyncio.get_running_loop().create_task(self.windows.run())
        await until(lambda: self.desk.open or self.over, "the windows")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.windows.stop()
        try:
            assert self._life is not None and await self._life == 0
        finally:
            self._lock.release()
            self.desk.look.deleteLater()
            for window in QApplication.topLevelWidgets():
                window.deleteLater()
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)

    @property
    def over(self) -> bool:
        """Whether the program has ended."""
        return self._life is not None and self._life.done()

    async def control(self, command: str, **arguments: object) -> dict[str, Any]:
        """One command, as `ctl` sends it."""
        told: dict[str, Any] = await beside(client.request, self.profile, command, arguments, PATIENCE_S)
        return told

    async def account(self) -> dict[str, Any]:
        """The account as `status` tells it."""
        told: dict[str, Any] = (await self.control("status"))["account"]
        return told

    async def calls(self) -> list[dict[str, Any]]:
        """The calls as `status` tells them."""
        told: list[dict[str, Any]] = (await self.control("status"))["calls"]
        return told

    async def registered(self) -> None:
        """Wait until the line says so in its window."""
        await until(
            lambda: (
                self.desk.main.line.label.text()
                == in_language("Available · Registered", self.desk.look.words.language)
            ),
            "a registered line",
        )

    async def ask(self, command: Coroutine[Any, Any, Any]) -> Any:
        """Something the core does on its own thread."""
        return await self.windows.bridge.ask(command)

    def picture(self, name: str, widget: QWidget) -> Path:
        """Keep what a window looks like, under this name."""
        return save(widget, self.folder / "pictures" / f"{name}.png")


@dataclass(frozen=True, slots=True)
class Form:
    """What a person types; a password here is nobody's."""

    server: str
    user: str
    password: str = field(repr=False)
    ca_file: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What the window says in each language, what the form still holds, where the cursor is."""

    sentences: Mapping[str, tuple[str, ...]]
    kept: Form
    ready: bool
    focus: str
    reason: str
    pictures: Mapping[str, str]


async def refused(program: Windowed, form: Form, name: str = "refused") -> Refused:
    """Fill the form, press Sign in, and read the refusal in every language the form offers."""
    window = program.desk.sign_in
    await fill_form(program, form)
    await click(window.submit)
    await until(window.refusal.isVisible, "a refusal", 30.0)
    await until(window.isActiveWindow, "the form in front")
    focus, ready = _named(program, QApplication.focusWidget()), window.submit.isEnabled()
    sentences, pictures = {}, {}
    for language in LANGUAGES:
        await choose_language(program, language)
        sentences[language] = tuple(words_in(window.refusal))
        pictures[language] = str(program.picture(f"{name}.{language}", window))
    kept = Form(*(editor.text() for editor in _editors(program)))
    account = await program.account()
    return Refused(sentences, kept, ready, focus, account["reason"], pictures)


async def fill_form(program: Windowed, form: Form) -> None:
    """Type everything there is to type."""
    window = program.desk.sign_in
    await until(window.isVisible, "the form")
    if form.ca_file:
        await click(window.more)
        await fill(window.ca_file.editor, form.ca_file)
    typed = (form.server, form.user, form.password)
    for editor, text in zip(_editors(program), typed, strict=False):
        await fill(editor, text)


def _editors(program: Windowed) -> tuple[QLineEdit, ...]:
    window = program.desk.sign_in
    return (window.server.editor, window.user.editor, window.password.editor, window.ca_file.editor)


def _named(program: Windowed, widget: QWidget | None) -> str:
    window = program.desk.sign_in
    places = {
        "server": window.server.editor,
        "user": window.user.editor,
        "password": window.password.editor,
        "submit": window.submit,
    }
    return next((name for name, place in places.items() if place is widget), str(widget))


async def pick(down: QComboBox, text: str) -> None:
    """Open a drop-down with the mouse and choose a line with the arrow keys."""
    await click(down)
    await until(lambda: down.view().isVisible(), "the drop-down open")
    await keys("Home", *["Down"] * down.findText(text), "Return")
    await until(lambda: down.currentText() == text, text)


async def choose_language(program: Windowed, language: str) -> None:
    """Pick a language from the form's drop-down, by mouse and arrow keys."""
    await pick(program.desk.sign_in.language, LANGUAGE_NAMES[language])
    await until(lambda: program.desk.look.words.language == language, f"words in {language}")
    await asyncio.sleep(0.2)
