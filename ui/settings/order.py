"""The order of preference of one role: a list that buttons and keys move things in."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout

from softphone.domain.device import Role
from softphone.presenters.device_order import OrderRow, OrderView
from ui.icons import SMALL
from ui.look import Look
from ui.widgets.buttons import Button
from ui.widgets.feedback import announce
from ui.widgets.labels import Label
from ui.widgets.tips import plain_tip
from ui.window import Window

ICONS = {Role.MICROPHONE.value: "microphone", Role.SPEAKER.value: "speaker", Role.ALERT.value: "tone"}
ROLE = int(Qt.ItemDataRole.UserRole)
ROW_HEIGHT = 52


class Rows(QListWidget):
    """A list whose current row moves with Alt and an arrow, and leaves with Delete."""

    moved = Signal(int)
    removed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """See above; all other keys as in any list."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event.modifiers() & Qt.KeyboardModifier.AltModifier and event.key() in steps:
            self.moved.emit(steps[Qt.Key(event.key())])
        elif event.key() == Qt.Key.Key_Delete:
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class OrderWindow(Window):
    """`open_for` brings it up for a role; it follows every view of that role while it stands."""

    move_wanted = Signal(str, str, int)
    remove_wanted = Signal(str, str)

    def __init__(self, look: Look) -> None:
        super().__init__(look, Qt.WindowType.Dialog)
        self._role = ""
        self._views: dict[str, OrderView] = {}
        self.title = Label("title")
        self.help = Label("side", wrap=True)
        self.rows = Rows()
        self.rows.setObjectName("order")
        self.rows.setIconSize(QSize(SMALL, SMALL))
        self.rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.up = Button(look, "quiet", "chevron-up")
        self.down = Button(look, "quiet", "chevron-down")
        self.remove = Button(look, "quiet", "trash")
        self.done = Button(look, "primary")
        self._arrange()
        self.rows.currentRowChanged.connect(self._enable)
        self.up.clicked.connect(lambda: self._move(-1))
        self.down.clicked.connect(lambda: self._move(1))
        self.remove.clicked.connect(self._remove)
        self.done.clicked.connect(self.hide)
        self.rows.moved.connect(self._move)
        self.rows.removed.connect(self._remove)
        look.theme.changed.connect(self._fill)
        self.retranslate()
        self.resize(660, 400)
        self.setMinimumWidth(520)

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 20)
        column.setSpacing(12)
        for part in (self.title, self.help):
            column.addWidget(part)
        acts = QVBoxLayout()
        acts.setSpacing(8)
        for button in (self.up, self.down, self.remove):
            acts.addWidget(button)
        acts.addStretch(1)
        acts.addWidget(self.done)
        middle = QHBoxLayout()
        middle.setSpacing(16)
        middle.addWidget(self.rows, 1)
        middle.addLayout(acts)
        column.addLayout(middle, 1)

    def retranslate(self) -> None:
        """See Window."""
        _ = self.word
        self.up.say(_("Move up"))
        self.down.say(_("Move down"))
        self.remove.say(_("Take off the list"))
        self.done.say(_("Done"))

    def open_for(self, role: str) -> None:
        """Come up for a role."""
        self._role = role
        self._fill()
        self.rows.setCurrentRow(0)
        self.come_up()
        self.grow()
        self.rows.setFocus()

    def show_orders(self, orders: tuple[OrderView, ...]) -> None:
        """Follow the lists."""
        before, self._views = self._views, {view.role.value: view for view in orders}
        if before != self._views:
            self._fill()

    def _fill(self) -> None:
        """Show the role's rows; the one that was current stays current wherever it has gone."""
        view = self._views.get(self._role)
        if view is None:
            return
        kept, was_at = self._current(), self.rows.currentRow()
        self.setWindowTitle(view.title)
        self.title.setText(view.title)
        self.help.setText(view.help)
        self.rows.setAccessibleName(view.title)
        self.rows.setAccessibleDescription(view.help)
        self.rows.blockSignals(True)
        self.rows.clear()
        for row in view.rows:
            self.rows.addItem(self._item(row))
        ids = [row.id for row in view.rows]
        at = ids.index(kept.id) if kept is not None and kept.id in ids else min(max(was_at, 0), len(ids) - 1)
        self.rows.setCurrentRow(at)
        self.rows.blockSignals(False)
        self._enable()
        moved = self._current()
        if self.isVisible() and moved is not None and moved != kept:
            announce(self.rows, _spoken(moved))

    def _item(self, row: OrderRow) -> QListWidgetItem:
        quiet = row.away or not row.place
        sign = "unavailable" if row.away else "check" if row.in_use else ICONS.get(self._role, "speaker")
        item = QListWidgetItem(
            self.look.icon(sign, "text_quiet" if quiet else "text", size=SMALL), _shown(row)
        )
        item.setData(ROLE, row)
        item.setData(Qt.ItemDataRole.AccessibleTextRole, _spoken(row))
        item.setToolTip(plain_tip(row.text))
        item.setSizeHint(QSize(0, ROW_HEIGHT))
        item.setForeground(self.look.colour("text_quiet" if quiet else "text"))
        return item

    def _current(self) -> OrderRow | None:
        item = self.rows.currentItem()
        row = item.data(ROLE) if item is not None else None
        return row if isinstance(row, OrderRow) else None

    def _enable(self) -> None:
        row = self._current()
        self.up.setEnabled(row is not None and row.can_rise)
        self.down.setEnabled(row is not None and row.can_sink)
        self.remove.setEnabled(row is not None and row.can_leave)

    def _move(self, by: int) -> None:
        row = self._current()
        if row is not None and (row.can_rise if by < 0 else row.can_sink):
            self.move_wanted.emit(self._role, row.id, by)

    def _remove(self) -> None:
        row = self._current()
        if row is not None and row.can_leave:
            self.remove_wanted.emit(self._role, row.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 — Qt's name
        """Escape and Enter close: every change has been made already."""
        if event.key() in (Qt.Key.Key_Escape, Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.hide()
        else:
            super().keyPressEvent(event)


def _shown(row: OrderRow) -> str:
    """Place and device, and below how it stands."""
    text = f"{row.place}. {row.text}" if row.place else row.text
    return f"{text}\n{row.note}" if row.note else text


def _spoken(row: OrderRow) -> str:
    return _shown(row).replace("\n", ", ")
