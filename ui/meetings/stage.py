"""Where the tiles stand: who speaks large beside a strip, all alike in a grid, or one alone."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QRect, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from softphone.presenters.meeting_people import TileView
from ui.look import Look
from ui.meetings.tile import VideoTile
from ui.widgets.labels import Label
from ui.widgets.tab_order import chain

GAP = 8
STRIP = 224
SHAPE = 16 / 9


class TileStage(QWidget):
    """Places tiles by hand: a layout would ask each of them what it wants, and they want nothing."""

    look_wanted = Signal(str, int)
    large_wanted = Signal(str)

    def __init__(self, look: Look, before: QWidget) -> None:
        """`before` is what the tab key visits before the tiles."""
        super().__init__()
        self._look, self.before = look, before
        self.tiles: dict[str, VideoTile] = {}
        self._order: tuple[str, ...] = ()
        self._speaker, self._alone, self._grid = "", "", False
        self._only: str | None = None
        self.note = Label("side", wrap=True)
        self.note.setParent(self)
        self.setMinimumSize(320, 240)

    def show_tiles(self, tiles: Sequence[TileView], speaker: str, alone: str) -> None:
        """Render them; `alone` is said above one's own picture while nobody else is there."""
        wanted = {tile.session: tile for tile in tiles}
        for session in [known for known in self.tiles if known not in wanted]:
            gone = self.tiles.pop(session)
            gone.release()
            gone.hide()
            gone.deleteLater()
        for session, view in wanted.items():
            (self.tiles.get(session) or self._tile(session)).show_view(view)
        order = tuple(wanted)
        if self._only is not None and self._only not in wanted:
            self._only = None
        changed = (order, speaker, alone) != (self._order, self._speaker, self._alone)
        self._order, self._speaker, self._alone = order, speaker, alone
        if changed:
            self.place()
            chain(self.before, (self.tiles[session].large for session in order))

    def _tile(self, session: str) -> VideoTile:
        made = VideoTile(self._look)
        made.setParent(self)
        made.look_wanted.connect(self.look_wanted)
        made.large_wanted.connect(lambda: self.large_wanted.emit(session))
        self.tiles[session] = made
        return made

    def show_grid(self, grid: bool) -> None:
        """All alike, or who speaks large."""
        self._grid = grid
        self.place()

    def show_only(self, session: str | None) -> None:
        """One alone; None: everybody."""
        self._only = session if session in self.tiles else None
        self.place()

    @property
    def grid(self) -> bool:
        """Whether all are alike."""
        return self._grid

    @property
    def only(self) -> str | None:
        """Who is shown alone."""
        return self._only

    def clear(self) -> None:
        """The meeting is over: hear no slot any more."""
        self.show_tiles((), "", "")

    # --- geometry ---------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 — Qt's name
        """Place them anew."""
        super().resizeEvent(event)
        self.place()

    def place(self) -> None:
        """Give every tile its place; whoever has none is hidden."""
        if self._only is not None:
            places = {self._only: self.rect()}
        elif len(self._order) <= 1 or self._grid:
            places = self._grid_places(self._order)
        else:
            places = self._speaker_places()
        for session, tile in self.tiles.items():
            box = places.get(session)
            tile.setVisible(box is not None)
            if box is not None:
                tile.setGeometry(box)
        self._place_note()

    def _place_note(self) -> None:
        self.note.setVisible(bool(self._alone))
        if not self._alone:
            return
        self.note.setText(self._alone)
        self.note.resize(self.width(), 0)
        height = self.note.minimumHeight()
        self.note.setGeometry(0, 0, self.width(), height)
        for tile in self.tiles.values():
            tile.setGeometry(tile.geometry().adjusted(0, height + GAP, 0, 0))

    def _speaker_places(self) -> dict[str, QRect]:
        strip = [session for session in self._order if session != self._speaker]
        width = min(STRIP, self.width() // 4)
        fitting = (self.height() + GAP) // max(len(strip), 1) - GAP
        height = max(min(round(width / SHAPE), fitting), 64)
        places = {self._speaker: QRect(0, 0, self.width() - width - GAP, self.height())}
        top = 0
        for session in strip:
            if top + height <= self.height():
                places[session] = QRect(self.width() - width, top, width, height)
            top += height + GAP
        return places

    def _grid_places(self, order: tuple[str, ...]) -> dict[str, QRect]:
        if not order:
            return {}
        columns = self._columns(len(order))
        rows = math.ceil(len(order) / columns)
        width = (self.width() - GAP * (columns - 1)) // columns
        height = (self.height() - GAP * (rows - 1)) // rows
        places = {}
        for at, session in enumerate(order):
            row, column = divmod(at, columns)
            short = columns - (len(order) - row * columns) if row == rows - 1 else 0
            indent = max(short, 0) * (width + GAP) // 2
            places[session] = QRect(indent + column * (width + GAP), row * (height + GAP), width, height)
        return places

    def _columns(self, count: int) -> int:
        """As many as make the pictures largest."""

        def size(columns: int) -> float:
            rows = math.ceil(count / columns)
            return min(self.width() / columns / SHAPE, self.height() / rows)

        return max(range(1, count + 1), key=size)
