"""Runs the program with windows: Qt and asyncio in one thread, the engine in its own."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import qasync
from PySide6.QtCore import QLocale, QObject, QSocketNotifier, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from resources.words import Words, choose_language
from softphone.presenters.board import Board, Program
from softphone.presenters.general import GeneralView
from softphone.runtime.collector import spare_what_stays
from ui import start_with_system
from ui.bridge import Bridge
from ui.desk import Desk
from ui.icons import application_icon
from ui.look import Look
from ui.pictures import WindowPictures
from ui.theme import Theme, ThemeChoice
from ui.wiring import Wiring

log = logging.getLogger(__name__)


def run(application: Program, options: object = None) -> int:
    """Start everything, show the windows until the person quits, end everything. Returns the exit code."""
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    if not isinstance(qt, QApplication):
        raise TypeError("windows need a QApplication")
    with qasync.QEventLoop(qt) as loop:
        asyncio.set_event_loop(loop)
        return int(loop.run_until_complete(Windows(qt, application).run()))


class Windows(QObject):
    """The life of the windows, from the first word to the last goodbye."""

    quit_asked = Signal()

    def __init__(self, qt: QApplication, application: Program) -> None:
        super().__init__()
        self._qt, self._application = qt, application
        qt.setApplicationName("Softphone")
        qt.setDesktopFileName("softphone")
        qt.setQuitOnLastWindowClosed(False)
        qt.setWindowIcon(application_icon())
        self.look = Look(Theme(qt), Words(system_language("auto")))
        self.desk = Desk(self.look)
        self.bridge = Bridge(application.engine, self._show)
        self._pictures = WindowPictures(self.desk.windows, self.desk.ground)
        self._over: asyncio.Future[None] | None = None
        self.board: Board | None = None
        self._starts_with_system: bool | None = None

    async def run(self) -> int:
        """Start, wait for the end, close."""
        self._over = asyncio.get_running_loop().create_future()
        self.quit_asked.connect(self.stop)
        self._qt.commitDataRequest.connect(self.stop)
        self._application.screenshot = self._pictures
        self._application.on_quit = self.quit_asked.emit
        self._application.engine.start()
        with terminated(self.stop):
            try:
                await self._open()
                await self._over
            finally:
                await self._close()
        return 0

    async def _open(self) -> None:
        self.board = await self.bridge.ask(self._make_board())
        wiring = Wiring(self.desk, self.board, self.bridge)
        wiring.quit_confirmed.connect(self.stop)
        self.desk.main.closed.connect(self._main_closed)
        self.desk.sign_in.closed.connect(self._sign_in_closed)
        self.desk.meetings.page.closed.connect(self._page_closed)
        await self.bridge.ask(self._application.start())
        await self.bridge.ask(self.board.start())
        await self.bridge.ask(self.board.remembered_line())
        self.desk.start()
        spare_what_stays()

    async def _make_board(self) -> Board:
        return Board(self._application, self.look.words, self.bridge.emit_view)

    async def _close(self) -> None:
        for window in self._qt.topLevelWidgets():
            window.hide()
        self.desk.tray.stand(False)
        await self.bridge.settle()
        if self.board is not None:
            await self.bridge.ask(self.board.close())
        await self.bridge.ask(self._application.close())
        self._application.screenshot = None
        self._application.engine.stop()

    def stop(self) -> None:
        """End the program; harmless when it is ending already."""
        if self._over is not None and not self._over.done():
            self._over.set_result(None)

    def _show(self, view: object) -> None:
        if isinstance(view, GeneralView):
            self._follow(view)
        self.desk.show_view(view)

    def _follow(self, view: GeneralView) -> None:
        """Language, look and start follow the settings at once."""
        self.look.theme.choose(ThemeChoice(dict(view.choices)["ui.theme"].chosen))
        language = system_language(view.language.chosen)
        if language != self.look.words.language and self.board is not None:
            words = Words(language)
            self.look.speak(words)
            self.bridge.do(self.board.speak(words))
        wanted = dict(view.switches)["ui.start_with_system"].on
        if self._starts_with_system is not None and wanted != self._starts_with_system:
            asyncio.get_running_loop().run_in_executor(None, start_with_system.apply, wanted)
        self._starts_with_system = wanted

    def _main_closed(self) -> None:
        """The phone stays on: in the tray, else in the task bar."""
        if not self.desk.tray.standing:
            self.desk.main.showMinimized()

    def _sign_in_closed(self) -> None:
        """Nobody is signed in, so nothing would be left running for: without a tray the program ends."""
        if not self.desk.tray.standing and not self._in_meeting():
            self.stop()

    def _in_meeting(self) -> bool:
        return self.desk.meetings.inside or self.desk.meetings.page.isVisible()

    def _page_closed(self) -> None:
        """Who came by a link alone has no other window: the sign-in form comes back."""
        if not (self.desk.tray.standing or self.desk.main.isVisible() or self.desk.meetings.inside):
            self.desk.come_up()


def system_language(setting: str) -> str:
    """The language for a setting, "auto" meaning the system's ordered list."""
    return choose_language(setting, QLocale.system().uiLanguages())


@contextmanager
def terminated(stop: Callable[[], None]) -> Iterator[None]:
    """While inside, SIGTERM and SIGINT call `stop`; a handler alone would sleep as long as Qt does."""
    if sys.platform == "win32" or QGuiApplication.instance() is None:
        yield
        return
    reader, writer = socket.socketpair()
    for end in (reader, writer):
        end.setblocking(False)
    notifier = QSocketNotifier(reader.fileno(), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda: stop())
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.signal(number, _noted) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        reader.close()
        writer.close()


def _noted(number: int, frame: object) -> None:
    log.info("asked to end by signal %s", number)
