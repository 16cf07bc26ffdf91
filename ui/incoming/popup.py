"""The popup of an incoming call: on top, on the chosen screen, and never with the keyboard."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import QMargins, QPoint, QRect, Qt, Signal, SignalInstance
from PySide6.QtGui import QCloseEvent, QGuiApplication, QKeyEvent, QScreen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from softphone.presenters.call_views import IncomingView
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import announce
from ui.widgets.labels import ElidedLabel, Label, Picture
from ui.widgets.tips import plain_tip
from ui.window import Window

EDGE = 24
FLAGS = (
    Qt.WindowType.Tool
    | Qt.WindowType.FramelessWindowHint
    | Qt.WindowType.WindowStaysOnTopHint
    | Qt.WindowType.WindowDoesNotAcceptFocus
)


class Beside(NamedTuple):
    """A window that must stay usable under the popup, and the part of it that may be covered (screen)."""

    window: QRect
    free: QRect


class IncomingPopup(Window):
    """It answers by mouse, or by the shortcuts the program's windows hold; no key typed elsewhere does."""

    answer_wanted = Signal(str)
    decline_wanted = Signal(str)
    silence_wanted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__(look, FLAGS)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setAttribute(Qt.WidgetAttribute.WA_X11DoNotAcceptFocus)
        self._view: IncomingView | None = None
        self._ring_text = ""
        self.title = Label("side")
        self.waiting = Label("side", figures=True)
        self.name = ElidedLabel("title")
        self.number = ElidedLabel("", figures=True)
        self.note = Label("side", wrap=True)
        self.ring = Label("side", wrap=True)
        self.answer = Button(look, "answer", "phone", tall=True)
        self.decline = Button(look, "danger", "hang-up", tall=True)
        self.silence = Button(look, "link", "bell-off")
        self._arrange()
        self._connect()
        self.retranslate()
        self.setFixedWidth(380)

    def _arrange(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        card = QFrame()
        card.setObjectName("popup")
        outer.addWidget(card)
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 14, 18, 14)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.addWidget(Picture(self.look, "phone-in", "answer"))
        head.addWidget(self.title, 1)
        head.addWidget(self.waiting)
        column.addLayout(head)
        column.addWidget(self.name)
        column.addWidget(self.number)
        column.addWidget(self.note)
        column.addSpacing(4)
        buttons = QHBoxLayout()
        buttons.setSpacing(10)
        buttons.addWidget(self.answer, 1)
        buttons.addWidget(self.decline, 1)
        column.addLayout(buttons)
        foot = QHBoxLayout()
        foot.addWidget(self.ring, 1)
        foot.addWidget(self.silence)
        column.addLayout(foot)

    def _connect(self) -> None:
        for button in (self.answer, self.decline, self.silence):
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.answer.clicked.connect(lambda: self._emit(self.answer_wanted))
        self.decline.clicked.connect(lambda: self._emit(self.decline_wanted))
        self.silence.clicked.connect(lambda: self._emit(self.silence_wanted))

    def _emit(self, signal: SignalInstance) -> None:
        if self._view is not None:
            signal.emit(self._view.id)

    def retranslate(self) -> None:
        """See Window."""
        self.setWindowTitle(self.word("Incoming call"))
        self.answer.say(self.word("Answer"))
        self.decline.say(self.word("Decline"))
        self._say_ring()

    def name_keys(self, answer: str, decline: str) -> None:
        """Say which keys in the program's own windows do the same."""
        self.answer.setToolTip(plain_tip(answer))
        self.decline.setToolTip(plain_tip(decline))

    def _say_ring(self) -> None:
        silenced = self._view is not None and self._view.silenced
        self.silence.say(self.word("Mute the ring"))
        self.silence.setVisible(not silenced and bool(self._ring_text))
        text = self.word("Rings: {places}").format(places=self._ring_text) if self._ring_text else ""
        self.ring.setText(self.word("The ring is muted") if silenced else text)

    def show_view(
        self, view: IncomingView, ring_text: str, screen: QScreen, beside: Beside | None = None
    ) -> None:
        """Render a view state; the first time, come up in the corner of `screen` without the focus.

        Where that would cover a control of the meeting `beside`, it stands over the pictures.
        """
        fresh = self._view is None or self._view.id != view.id
        self._view, self._ring_text = view, ring_text
        self.title.setText(view.title)
        self.waiting.setText(view.waiting)
        self.name.setText(view.who.name)
        self.number.setText(view.who.number)
        self.number.setVisible(bool(view.who.number))
        self.note.setText(view.note)
        self.note.setVisible(bool(view.note))
        self._say_ring()
        if fresh:
            self._to_corner(screen, beside)
            self.show()
            self._to_corner(screen, beside)
            self.raise_()
            announce(self, f"{view.title}. {view.who.name}")

    def _to_corner(self, screen: QScreen, beside: Beside | None) -> None:
        """Wrapped texts know their height only once they are shown, so this is done before and after."""
        self.adjustSize()
        corner = screen.availableGeometry().marginsRemoved(QMargins(EDGE, EDGE, EDGE, EDGE)).bottomRight()
        place = QRect(corner - QPoint(self.width(), self.height()), self.size())
        if beside is not None and place.intersects(beside.window):
            place.moveBottomLeft(beside.free.bottomLeft() + QPoint(EDGE, -EDGE))
        self.move(place.topLeft())

    @property
    def call_id(self) -> str:
        """The call it shows."""
        return self._view.id if self._view is not None else ""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """No key does anything here, even where a window manager hands over the focus."""
        event.ignore()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 — Qt's name
        """A popup goes when its call does, and not before."""
        event.ignore()


def popup_screen(name: str) -> QScreen:
    """The screen with this name, else the main one."""
    for screen in QGuiApplication.screens():
        if screen.name() == name:
            return screen
    return QGuiApplication.primaryScreen()
