"""What a person types into and chooses from."""

from __future__ import annotations

from typing import Generic, TypeVar

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QAction, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStyledItemDelegate,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from softphone.presenters.parts import Choice, Option
from ui.icons import SMALL
from ui.look import Look
from ui.theme import CONTROL
from ui.widgets.labels import Label
from ui.widgets.tips import plain_tip

BOX = 20


E = TypeVar("E", bound=QWidget)


class Field(QWidget, Generic[E]):
    """A label above what it names, with a button at its end, and a quiet note below where one helps.

    `beside` stands in the editor's own line.
    """

    def __init__(self, editor: E, button: QWidget | None = None, *, beside: QWidget | None = None) -> None:
        super().__init__()
        self.editor = editor
        self._label = Label("heading", wrap=True)
        self._label.setBuddy(editor)
        self._note = Label("side", wrap=True)
        self._note.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        if button is None:
            column.addWidget(self._label)
        else:
            top = QHBoxLayout()
            column.addLayout(top)
            top.addWidget(self._label, 1)
            top.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(editor, 1)
        if beside is not None:
            row.addWidget(beside)
        column.addLayout(row)
        column.addWidget(self._note)

    def say(self, text: str, hint: str = "") -> None:
        """Name the field, with an example shown while it is empty."""
        self._label.setText(text)
        self.editor.setAccessibleName(text)
        if isinstance(self.editor, QLineEdit):
            self.editor.setPlaceholderText(hint)

    def note(self, text: str) -> None:
        """Set or clear the note."""
        self._note.setText(text)
        self._note.setVisible(bool(text))
        self.editor.setAccessibleDescription(text)

    def fault(self, wrong: bool) -> None:
        """Outline the editor as the one to look at."""
        if self.editor.property("fault") != wrong:
            self.editor.setProperty("fault", wrong)
            self.editor.style().unpolish(self.editor)
            self.editor.style().polish(self.editor)


def reach_by_keyboard(editor: QLineEdit) -> None:
    """Qt leaves the buttons inside a field to the mouse; here the tab key finds them too."""
    for button in editor.findChildren(QToolButton):
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)


class PasswordEdit(QLineEdit):
    """A password with an eye to look at what was typed."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setEchoMode(QLineEdit.EchoMode.Password)
        self._eye = QAction(self)
        self._eye.setCheckable(True)
        self._eye.toggled.connect(self._show)
        self.addAction(self._eye, QLineEdit.ActionPosition.TrailingPosition)
        reach_by_keyboard(self)
        look.theme.changed.connect(self._say)
        look.words_changed.connect(self._say)
        self._say()

    def _show(self, visible: bool) -> None:
        self.setEchoMode(QLineEdit.EchoMode.Normal if visible else QLineEdit.EchoMode.Password)
        self._say()

    def _say(self) -> None:
        seen = self._eye.isChecked()
        self._eye.setIcon(self._look.icon("eye-off" if seen else "eye", "text_quiet", size=SMALL))
        self._eye.setText(
            self._look.word("Hide the password") if seen else self._look.word("Show the password")
        )

    def conceal(self) -> None:
        """Hide the password again."""
        self._eye.setChecked(False)


class DropDown(QComboBox):
    """A drop-down that renders a Choice and tells which id a person picked."""

    picked = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._options: tuple[Option, ...] = ()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setItemDelegate(QStyledItemDelegate(self))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(12)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.activated.connect(lambda at: self.picked.emit(self._options[at].id))
        look.theme.changed.connect(self.update)

    def show_choice(self, choice: Choice) -> None:
        """Show options and the chosen one; nothing flickers when nothing changed."""
        if choice.options != self._options:
            self._options = choice.options
            self.clear()
            for option in choice.options:
                self.addItem(option.text)
        self.setPlaceholderText(choice.missing)
        ids = [option.id for option in self._options]
        at = ids.index(choice.chosen) if choice.chosen in ids else -1
        if at != self.currentIndex():
            self.setCurrentIndex(at)
        self.setToolTip(plain_tip(self.currentText()))
        self.setEnabled(not choice.locked)

    @property
    def chosen(self) -> str:
        """The id of the option shown, "" where none is."""
        at = self.currentIndex()
        return self._options[at].id if 0 <= at < len(self._options) else ""

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802 — Qt's name
        """Scroll the page, not the choice: a device must not change by accident."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """Draw the chevron over the styled box."""
        super().paintEvent(event)
        painter = QPainter(self)
        token = "text" if self.isEnabled() else "text_quiet"
        mark = self._look.pixmap("chevron-down", token, SMALL, self.devicePixelRatioF())
        painter.drawPixmap(self.width() - SMALL - 8, (self.height() - SMALL) // 2, mark)
        painter.end()


class Check(QAbstractButton):
    """A check box whose tick, outline and focus ring come from the tokens."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self.update)

    def say(self, text: str) -> None:
        """Set the words beside the box."""
        self.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def sizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """Box, gap and words."""
        self.ensurePolished()
        return QSize(BOX + 18 + self.fontMetrics().horizontalAdvance(self.text()), CONTROL)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """Never narrower than its words."""
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """Draw box, tick and words."""
        look, painter = self._look, QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(3, (self.height() - BOX) / 2, BOX, BOX)
        filled = self.isChecked() and self.isEnabled()
        painter.setPen(QPen(look.colour("accent" if filled else "edge"), 2))
        painter.setBrush(look.colour("accent" if filled else "surface"))
        painter.drawRoundedRect(box.adjusted(1, 1, -1, -1), 4, 4)
        if self.isChecked():
            token = "accent_text" if filled else "text_quiet"
            mark = look.pixmap("check", token, 16, self.devicePixelRatioF())
            painter.drawPixmap(int(box.x()) + 2, int(box.y()) + 2, mark)
        words = self.rect().adjusted(BOX + 12, 0, 0, 0)
        painter.setPen(look.colour("text" if self.isEnabled() else "text_quiet"))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(look.colour("accent"), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()
