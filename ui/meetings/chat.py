"""The chat of a meeting, and the lines between lobby and host."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from softphone.presenters.meeting_people import ChatRow
from ui.look import Look
from ui.meetings.entry import Entry
from ui.widgets.feedback import announce
from ui.widgets.labels import Label


class Bubble(QFrame):
    """One line: who and when, then the text; one's own stands to the right."""

    def __init__(self, row: ChatRow) -> None:
        super().__init__()
        self.setObjectName("mine" if row.mine else "bubble")
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(2)
        column.addWidget(Label("side", f"{row.name} · {row.time}", figures=True))
        text = Label("", row.text, wrap=True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(text)
        self.setAccessibleName(f"{row.name}, {row.time}: {row.text}")
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)


class ChatLines(QScrollArea):
    """Lines of chat, the newest below; new ones of others are read out."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._rows: tuple[ChatRow, ...] | None = None
        self.bubbles: list[Bubble] = []
        self._holders: list[QWidget] = []
        self._page = QWidget()
        self._page.setObjectName("page")
        self._column = QVBoxLayout(self._page)
        self._column.setContentsMargins(0, 0, 4, 0)
        self._column.setSpacing(8)
        self.empty = Label("side", wrap=True)
        self._column.addWidget(self.empty)
        self._column.addStretch(1)
        self.setWidget(self._page)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.viewport().setAutoFillBackground(False)
        self.verticalScrollBar().rangeChanged.connect(self._follow)

    def show_rows(self, rows: Sequence[ChatRow]) -> None:
        """Draw from the first line on that is another one; one's own is, once it has arrived."""
        before, self._rows = self._rows, tuple(rows)
        same = _common(before or (), self._rows)
        self._cut(same)
        for row in self._rows[same:]:
            self._add(row)
        self.empty.setVisible(not rows)
        if before is not None:
            self._read_out({row.id for row in before})

    def _read_out(self, known: set[str]) -> None:
        """What others wrote since; where all is new, a first line alone: more is what was written before."""
        rows = self._rows or ()
        if known.isdisjoint(row.id for row in rows) and (known or len(rows) > 1):
            return
        for row in rows:
            if not (row.mine or row.id in known):
                announce(self, f"{row.name}: {row.text}")

    def clear(self) -> None:
        """The meeting is over; what stands there when one comes again is not read out."""
        self.show_rows(())
        self._rows = None

    def _add(self, row: ChatRow) -> None:
        bubble = Bubble(row)
        line = QHBoxLayout()
        line.setContentsMargins(24 if row.mine else 0, 0, 0 if row.mine else 24, 0)
        line.addWidget(bubble)
        holder = QWidget()
        holder.setLayout(line)
        self.bubbles.append(bubble)
        self._holders.append(holder)
        self._column.insertWidget(self._column.count() - 1, holder)

    def _cut(self, kept: int) -> None:
        for holder in self._holders[kept:]:
            self._column.removeWidget(holder)
            holder.hide()
            holder.deleteLater()
        del self.bubbles[kept:], self._holders[kept:]

    def _follow(self, lowest: int, highest: int) -> None:
        self.verticalScrollBar().setValue(highest)


def _common(before: Sequence[ChatRow], now: Sequence[ChatRow]) -> int:
    """How many lines at the beginning are the same."""
    pairs = enumerate(zip(before, now, strict=False))
    return next((at for at, (old, new) in pairs if old != new), min(len(before), len(now)))


class ChatPanel(QWidget):
    """Lines above, the field below."""

    say_wanted = Signal(str)

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self.lines = ChatLines(look)
        self.entry = Entry(look)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.lines, 1)
        column.addWidget(self.entry)
        self.entry.sent.connect(self.say_wanted)
        look.words_changed.connect(self.retranslate)
        self.retranslate()

    def retranslate(self) -> None:
        """Set the words."""
        _ = self._look.word
        self.entry.say(_("Write to everybody"), _("Send"))
        self.lines.empty.setText(_("Nobody has written anything yet."))
        self.lines.setAccessibleName(_("Chat"))
