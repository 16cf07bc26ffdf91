"""The windows of meetings: which view goes where."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from softphone.presenters.appointment_form import FormView
from softphone.presenters.appointments import AppointmentsView
from softphone.presenters.camera_test import CameraView
from softphone.presenters.device_test import DeviceTestView, MicrophoneView
from softphone.presenters.headset import HeadsetView
from softphone.presenters.meeting_room import RoomShown
from softphone.presenters.page_views import PageView
from softphone.presenters.parts import SystemNotice
from ui.incoming.popup import Beside
from ui.look import Look
from ui.meetings.devices import DeviceMenu
from ui.meetings.form import FormWindow
from ui.meetings.listing import MeetingList
from ui.meetings.page import MeetingPage
from ui.meetings.reason import ReasonWindow
from ui.meetings.room import RoomWindow


class MeetingDesk(QObject):
    """Shows views; knows nothing of commands. `noticed` asks for the system's own notice."""

    noticed = Signal(str, str)
    badge_changed = Signal()

    def __init__(self, look: Look, listing: MeetingList) -> None:
        super().__init__(look)
        self.listing = listing
        self.form = FormWindow(look)
        self.page = MeetingPage(look)
        self.room = RoomWindow(look)
        self.reason = ReasonWindow(look)
        self.devices = DeviceMenu(look)
        self.badge = 0

    def windows(self) -> tuple[QWidget, ...]:
        """All of them, standing or not."""
        return (self.page, self.room, self.form, self.reason)

    @property
    def inside(self) -> bool:
        """Whether the person is in a meeting now."""
        return self.room.view is not None

    def show_view(self, view: object) -> bool:
        """Render a view state; False for one that is of no meeting's."""
        match view:
            case AppointmentsView():
                self.listing.show_view(view)
                if view.badge != self.badge:
                    self.badge = view.badge
                    self.badge_changed.emit()
            case FormView():
                self.form.show_view(view)
            case PageView():
                self.page.show_view(view)
            case RoomShown(room):
                self.room.show_view(room)
            case CameraView():
                self.page.test.show_camera(view)
                self.devices.show_camera(view)
            case SystemNotice(title, text):
                if not self.room.isActiveWindow():
                    self.noticed.emit(title, text)
            case _:
                return False
        return True

    def show_sound(self, view: HeadsetView | DeviceTestView | MicrophoneView) -> None:
        """What the settings show too."""
        test = self.page.test
        match view:
            case HeadsetView():
                test.show_headset(view)
                self.devices.show_headset(view)
            case DeviceTestView():
                test.show_tests(view)
            case MicrophoneView():
                test.show_microphone(view)

    def beside(self) -> Beside | None:
        """What a phone call's popup must keep clear of."""
        if not self.room.isVisible() or self.room.isMinimized():
            return None
        return Beside(self.room.frameGeometry(), self.room.free_room())
