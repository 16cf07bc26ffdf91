"""The menu of devices during a meeting."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtGui import QActionGroup
from PySide6.QtWidgets import QMenu, QWidget

from softphone.presenters.camera_test import CameraView
from softphone.presenters.headset import HeadsetView
from softphone.presenters.parts import Choice
from ui.look import Look


class DeviceMenu:
    """Camera, microphone and speaker, each with the one in use marked."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self.camera: Choice = Choice()
        self.microphone: Choice = Choice()
        self.speaker: Choice = Choice()

    def show_camera(self, view: CameraView) -> None:
        """Which cameras there are."""
        self.camera = view.choice

    def show_headset(self, view: HeadsetView) -> None:
        """Which sound devices there are."""
        self.microphone, self.speaker = view.microphone, view.speaker

    def menu(self, parent: QWidget, pick: Callable[[str, str], object]) -> QMenu:
        """The menu; `pick` gets "camera", "microphone" or "speaker" and the id."""
        _ = self._look.word
        menu = QMenu(_("Devices"), parent)
        parts = (
            ("camera", _("Camera"), self.camera),
            ("microphone", _("Microphone"), self.microphone),
            ("speaker", _("Speaker"), self.speaker),
        )
        for role, title, choice in parts:
            self._add(menu, role, title, choice, pick)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def _add(
        self, menu: QMenu, role: str, title: str, choice: Choice, pick: Callable[[str, str], object]
    ) -> None:
        head = menu.addAction(self._look.icon(role, "text_quiet"), title)
        head.setEnabled(False)
        group = QActionGroup(menu)
        for option in choice.options:
            action = group.addAction(menu.addAction(option.text))
            action.setCheckable(True)
            action.setChecked(option.id == choice.chosen)
            action.setEnabled(not choice.locked)
            action.triggered.connect(lambda _on=False, device=option.id: pick(role, device))
        if not choice.options:
            menu.addAction(choice.missing or self._look.word("No device")).setEnabled(False)
        menu.addSeparator()
