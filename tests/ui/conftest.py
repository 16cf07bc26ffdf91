"""Window tests run on a screen of their own with a window manager; any unexpected Qt warning fails them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from resources.words import Words
from ui.desk import Desk
from ui.look import Look
from ui.theme import Theme, ThemeChoice

MakeDesk = Callable[..., Desk]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the screen."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.peer)


@pytest.fixture(scope="session")
def theme(qapp: QApplication) -> Theme:
    """One theme, as in the program."""
    return Theme(qapp)


@pytest.fixture
def make_desk(theme: Theme) -> Iterator[MakeDesk]:
    """Makes the program's windows in a language and a theme, and takes them away afterwards."""
    desks: list[Desk] = []

    def make(language: str = "en", choice: ThemeChoice = ThemeChoice.LIGHT) -> Desk:
        theme.choose(choice)
        desk = Desk(Look(theme, Words(language)))
        desk.open = True
        desks.append(desk)
        return desk

    yield make
    for desk in desks:
        desk.tray.stand(False)
        desk.look.deleteLater()
    for window in QApplication.topLevelWidgets():
        window.hide()
        window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()
