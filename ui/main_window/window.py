"""The main window, narrow on purpose: it lives beside other programs."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from softphone.presenters.line import LineView
from softphone.presenters.parts import Tone
from ui.look import Look
from ui.main_window.dial import DialBar
from ui.main_window.lists import ContactList, HistoryList
from ui.main_window.promise import PromiseButton
from ui.meetings.listing import MeetingList
from ui.widgets.buttons import Button, IconButton
from ui.widgets.feedback import AdviceBox, announce
from ui.widgets.labels import ElidedLabel, SignLabel
from ui.window import HidingWindow

MOST_ADVICE = 2
SETTINGS_KEYS = "Ctrl+,"
"""Qt knows a standard key for this on macOS only, where Ctrl stands for Command."""


class MainWindow(HidingWindow):
    """Line state, dialling, past calls and contacts, and the promise about devices."""

    put_away = Signal(str)
    settings_wanted = Signal(str)
    sign_out_wanted = Signal()
    quit_wanted = Signal()
    call_window_wanted = Signal()
    history_looked_at = Signal()
    meetings_looked_at = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.line = SignLabel(look)
        self.number = ElidedLabel("side", figures=True)
        self.tools = IconButton(look, "gear")
        self.dial = DialBar(look)
        self.running = Button(look, "quiet", "phone")
        self.tabs = QTabBar()
        self.history = HistoryList(look)
        self.contacts = ContactList(look)
        self.meetings = MeetingList(look)
        self.promise = PromiseButton(look)
        self.advice = [AdviceBox(look, dismissible=True) for _ in range(MOST_ADVICE)]
        self._pages = QStackedWidget()
        self._view: LineView | None = None
        self._by_name = False
        self._badge = 0
        self._arrange()
        self._connect()
        self.retranslate()
        self.dial.field.setFocus()
        self.resize(380, 640)
        self.setMinimumWidth(340)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QVBoxLayout()
        top.setContentsMargins(16, 12, 16, 0)
        top.setSpacing(10)
        top.addLayout(self._header())
        for box in self.advice:
            top.addWidget(box)
        top.addWidget(self.running)
        top.addWidget(self.dial)
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setElideMode(Qt.TextElideMode.ElideNone)
        for _page in range(3):
            self.tabs.addTab("")
        top.addWidget(self.tabs)
        column.addLayout(top)
        lists = QVBoxLayout()
        lists.setContentsMargins(8, 6, 8, 8)
        for page in (self.history, self.contacts, self.meetings):
            self._pages.addWidget(page)
        lists.addWidget(self._pages)
        column.addLayout(lists, 1)
        column.addWidget(self._footer())

    def _header(self) -> QHBoxLayout:
        texts = QVBoxLayout()
        texts.setSpacing(0)
        texts.addWidget(self.line)
        texts.addWidget(self.number)
        row = QHBoxLayout()
        row.addLayout(texts, 1)
        row.addWidget(self.tools)
        return row

    def _footer(self) -> QWidget:
        footer = QFrame()
        footer.setObjectName("footer")
        row = QHBoxLayout(footer)
        row.setContentsMargins(8, 4, 8, 4)
        row.addWidget(self.promise)
        return footer

    def _connect(self) -> None:
        self.tabs.currentChanged.connect(self._turn)
        self.dial.leave_down.connect(self._into_list)
        self.running.clicked.connect(self.call_window_wanted)
        self.running.hide()
        self.promise.clicked.connect(lambda: self.settings_wanted.emit("headset"))
        self.tools.clicked.connect(self._open_tools)
        for box in self.advice:
            box.dismissed.connect(self.put_away)
            box.acted.connect(self.settings_wanted)
        for page in (self.history, self.contacts):
            page.dial_wanted.connect(self.dial.dial_wanted)
        QShortcut(QKeySequence(SETTINGS_KEYS), self).activated.connect(lambda: self.settings_wanted.emit(""))
        QShortcut(QKeySequence(QKeySequence.StandardKey.Find), self).activated.connect(
            self.dial.field.setFocus
        )

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        self.setWindowTitle("Softphone")
        self.tools.say(_("Tools"))
        self.tabs.setAccessibleName(_("Calls, contacts and meetings"))
        self.tabs.setTabText(1, _("Contacts"))
        self.history.list.setAccessibleName(_("Calls"))
        self._name_calls_tab()
        self.show_badge(self._badge)
        if self._view is not None:
            self.promise.show_sign(self._view.promise, _("Open Audio settings"))

    def _name_calls_tab(self) -> None:
        missed = self._view.missed if self._view is not None else 0
        name = self.word("Calls")
        self.tabs.setTabText(0, f"{name} ({missed})" if missed else name)

    def show_badge(self, meetings: int) -> None:
        """How many meetings one can go to now."""
        self._badge = meetings
        name = self.word("Remote meetings")
        self.tabs.setTabText(2, f"{name} ({meetings})" if meetings else name)

    def show_view(self, view: LineView) -> None:
        """Render a view state; a new line state is announced."""
        if self._view is not None and view.line != self._view.line:
            announce(self.line, view.line.text)
        self._view = view
        self.line.show_sign(view.line)
        if view.line.tone is Tone.QUIET:
            self.line.label.set_role("")
        self.number.setText(view.number)
        self.number.setVisible(bool(view.number))
        self.promise.show_sign(view.promise, self.word("Open Audio settings"))
        for at, box in enumerate(self.advice):
            box.show_advice(view.advice[at] if at < len(view.advice) else None)
        self.running.setVisible(view.calls > 0)
        self.running.say(view.calls_text)
        self.grow()
        self._name_calls_tab()
        self._look_at_history()

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802 — Qt's name
        """Coming to the front shows the missed calls."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange:
            self._look_at_history()

    def _look_at_history(self) -> None:
        missed = self._view is not None and self._view.missed > 0
        if missed and self.isActiveWindow() and self.tabs.currentIndex() == 0:
            self.history_looked_at.emit()

    def _turn(self, page: int) -> None:
        self._pages.setCurrentIndex(page)
        self._look_at_history()
        if page == 2:
            self.meetings_looked_at.emit()

    def look_for(self, text: str) -> None:
        """A name is looked for among the contacts; an empty field leads back to the calls."""
        if any(sign.isalpha() for sign in text):
            self.tabs.setCurrentIndex(1)
            self._by_name = True
        elif self._by_name and not text:
            self.tabs.setCurrentIndex(0)
            self._by_name = False

    def _into_list(self) -> None:
        at = self.tabs.currentIndex()
        if at == 2:
            self.meetings.focus_first()
        else:
            (self.history, self.contacts)[at].list.setFocus()

    def tools_menu(self) -> QMenu:
        """Tools: settings, signing out, about, quitting."""
        _ = self.look.word
        menu = QMenu(_("Tools"), self)
        entries = (
            ("gear", _("Settings …"), lambda: self.settings_wanted.emit("")),
            ("sign-out", _("Sign out …"), self.sign_out_wanted.emit),
            ("info", _("About Softphone"), lambda: self.settings_wanted.emit("about")),
            ("exit", _("Quit Softphone"), self.quit_wanted.emit),
        )
        for icon, text, act in entries:
            if icon == "exit":
                menu.addSeparator()
            menu.addAction(self.look.icon(icon), text).triggered.connect(act)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _open_tools(self) -> None:
        menu = self.tools_menu()
        below = self.tools.mapToGlobal(QPoint(self.tools.width() - menu.sizeHint().width(), 0))
        menu.popup(below + QPoint(0, self.tools.height() + 4))
