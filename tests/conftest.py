"""Before all tests: the words are compiled, so that every test speaks the catalogues' languages.

Tests with windows share one screen and one application: there can be only one in a process.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import shiboken6
from PySide6.QtWidgets import QApplication

from tests.lab.display import display
from tests.lab.switchboard import Switchboard, switchboard
from tools.words import compile_all

compile_all()

pytest_plugins = ["tests.conformance"]


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Xvfb with openbox, for the whole session."""
    with display(tmp_path_factory.mktemp("display")) as number:
        yield number


@pytest.fixture(scope="session")
def qapp(screen: str) -> Iterator[QApplication]:
    """The application on that screen, gone before the screen goes."""
    application = QApplication(["softphone"])
    application.setQuitOnLastWindowClosed(False)
    yield application
    shiboken6.delete(application)


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    """A server with its people, for the tests of one file."""
    with switchboard(tmp_path_factory.mktemp("board")) as running:
        yield running
