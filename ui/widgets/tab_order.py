"""The way of the tab key through parts that come and go."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from PySide6.QtWidgets import QWidget


def chain(*parts: QWidget | Iterable[QWidget]) -> None:
    """Let the tab key visit these one after the other; Qt puts what is made later behind everything else."""
    flat: list[QWidget] = []
    for part in parts:
        flat.extend([part] if isinstance(part, QWidget) else part)
    for before, after in pairwise(flat):
        QWidget.setTabOrder(before, after)
