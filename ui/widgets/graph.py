"""The small graph of a call's quality."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from ui.look import Look

LOWEST, HIGHEST = 1.0, 4.5
"""The ends of the score (ITU-T G.107 Annex B)."""

FAIR_FROM = 3.1
PLACES = 120
"""Scores the whole width stands for; while there are fewer, the line is as short as they are."""


class QualityGraph(QWidget):
    """Scores from left to right, the newest last, above a line under which sound is poor."""

    def __init__(self, look: Look) -> None:
        super().__init__()
        self._look = look
        self._scores: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        look.theme.changed.connect(self.update)
        self.hide()

    def sizeHint(self) -> QSize:  # noqa: N802 — Qt's name
        """As high as a line of text."""
        return QSize(72, 20)

    def show_scores(self, scores: tuple[float, ...]) -> None:
        """Show them; one alone is no graph."""
        self.setVisible(len(scores) > 1)
        if scores != self._scores:
            self._scores = scores
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 — Qt's name
        """Draw the line of poor sound and the scores."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = QRectF(self.rect()).adjusted(1, 2, -1, -2)
        level = self._place(0, FAIR_FROM, ground).y()
        painter.setPen(QPen(self._look.colour("line"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(ground.left(), level), QPointF(ground.right(), level))
        poor = bool(self._scores) and self._scores[-1] < FAIR_FROM
        painter.setPen(QPen(self._look.colour("bad" if poor else "good"), 1.6))
        points = [self._place(at, score, ground) for at, score in enumerate(self._scores)]
        painter.drawPolyline(QPolygonF(points))
        painter.end()

    @staticmethod
    def _place(at: int, score: float, ground: QRectF) -> QPointF:
        height = (min(max(score, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        return QPointF(
            ground.left() + ground.width() * at / (PLACES - 1), ground.bottom() - ground.height() * height
        )
