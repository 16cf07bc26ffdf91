"""The sign beside the clock: line state and missed calls, by shape and word."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from softphone.presenters.line import LineView
from softphone.presenters.parts import Tone
from ui.icons import pixmap
from ui.look import Look
from ui.widgets.tips import plain_notice

SIZE = 64
NOTICE_MS = 8000


class Tray(QObject):
    """Stands only where the system has a place for it and the setting wants it."""

    open_wanted = Signal()
    settings_wanted = Signal()
    quit_wanted = Signal()
    notice_pressed = Signal()

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self._look = look
        self._icon = QSystemTrayIcon(self)
        self._menu = QMenu()
        self._open = self._menu.addAction("")
        self._settings = self._menu.addAction("")
        self._menu.addSeparator()
        self._quit = self._menu.addAction("")
        self._open.triggered.connect(self.open_wanted)
        self._settings.triggered.connect(self.settings_wanted)
        self._quit.triggered.connect(self.quit_wanted)
        self._icon.setContextMenu(self._menu)
        self._icon.activated.connect(self._activated)
        self._icon.messageClicked.connect(self.notice_pressed)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    @property
    def standing(self) -> bool:
        """Whether the sign can be seen, so that a hidden window can be found again."""
        return self._icon.isVisible() and QSystemTrayIcon.isSystemTrayAvailable()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self._open.setText(_("Open Softphone"))
        self._settings.setText(_("Settings …"))
        self._quit.setText(_("Quit Softphone"))

    def stand(self, wanted: bool) -> None:
        """Come up or go."""
        self._icon.setVisible(wanted and QSystemTrayIcon.isSystemTrayAvailable())

    def show_view(self, view: LineView) -> None:
        """Render a view state."""
        self._icon.setIcon(tray_icon(view))
        self._icon.setToolTip(f"Softphone\n{view.tray_text}")

    def notify(self, title: str, text: str) -> None:
        """The system's own notice; without a place beside the clock the task bar asks for attention."""
        if self.standing:
            self._icon.showMessage(title, plain_notice(text), QSystemTrayIcon.MessageIcon.NoIcon, NOTICE_MS)
        else:
            for window in QApplication.topLevelWidgets():
                if window.isVisible() and window.isWindow():
                    QApplication.alert(window)

    def _activated(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is not QSystemTrayIcon.ActivationReason.Context:
            self.open_wanted.emit()


def tray_icon(view: LineView) -> QIcon:
    """The program's sign; a cross when the line is down, a dot with the number for missed calls."""
    picture = QPixmap(pixmap("softphone", "#000000", SIZE))
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if view.line.tone is not Tone.GOOD:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(20, 35, 42, 150))
        painter.drawRoundedRect(0, 0, SIZE, SIZE, 16, 16)
        painter.drawPixmap(8, 8, pixmap(view.line.icon, "#ffffff", 48))
    if view.missed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor("#b3261e"))
        painter.drawEllipse(30, 30, 34, 34)
        painter.setPen(QColor("#ffffff"))
        font = painter.font()
        font.setPixelSize(24)
        font.setBold(True)
        painter.setFont(font)
        text = str(view.missed) if view.missed < 10 else "9+"
        painter.drawText(30, 30, 34, 34, Qt.AlignmentFlag.AlignCenter, text)
    painter.end()
    return QIcon(picture)
