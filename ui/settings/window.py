"""The settings window: sections on the left, one page on the right."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QWidget,
)

from softphone.presenters.camera_test import CameraView
from softphone.presenters.device_test import DeviceTestView, MicrophoneView
from softphone.presenters.general import GeneralView
from softphone.presenters.headset import HeadsetView
from softphone.presenters.levels import LevelsView
from softphone.presenters.line import LineView
from softphone.presenters.preshift import PreshiftView
from ui.device_test.panel import DeviceTestPanel
from ui.icons import SMALL
from ui.look import Look
from ui.settings.headset_page import HeadsetPage
from ui.settings.pages import AboutPage, AccountPage, CallsPage, GeneralPage
from ui.settings.preshift_page import PreshiftPage
from ui.window import HidingWindow

AnyView = (
    HeadsetView
    | GeneralView
    | LineView
    | LevelsView
    | DeviceTestView
    | MicrophoneView
    | CameraView
    | PreshiftView
)

ROLE = int(Qt.ItemDataRole.UserRole)
ICONS = {
    "headset": "headset",
    "test": "microphone",
    "preshift": "check",
    "general": "gear",
    "calls": "phone",
    "account": "person",
    "about": "info",
}


class SettingsWindow(HidingWindow):
    """`open_page` brings up one page by its id: headset, test, preshift, general, calls, account or about."""

    def __init__(self, look: Look) -> None:
        super().__init__(look)
        self.headset = HeadsetPage(look)
        self.test = DeviceTestPanel(look)
        self.preshift = PreshiftPage(look)
        self.general = GeneralPage(look)
        self.calls = CallsPage(look)
        self.account = AccountPage(look)
        self.about = AboutPage(look)
        self.navigation = QListWidget()
        self.navigation.setObjectName("navigation")
        self.navigation.setIconSize(QSize(SMALL, SMALL))
        self._stack = QStackedWidget()
        self._arrange()
        look.theme.changed.connect(self.retranslate)
        self.retranslate()
        self.navigation.currentItemChanged.connect(self._turn)
        self.open_page("headset", show=False)
        self.resize(780, 600)
        self.setMinimumWidth(660)

    def _arrange(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 16, 0, 0)
        row.setSpacing(16)
        self.navigation.setFixedWidth(220)
        self.navigation.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        row.addWidget(self.navigation)
        row.addWidget(self._stack, 1)
        self._pages: dict[str, QWidget] = {
            "headset": self.headset,
            "test": self.test,
            "preshift": self.preshift,
            "general": self.general,
            "calls": self.calls,
            "account": self.account,
            "about": self.about,
        }
        for page in self._pages.values():
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
            area.viewport().setAutoFillBackground(False)
            page.setContentsMargins(8, 8, 28, 24)
            area.setWidget(page)
            area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._stack.addWidget(area)

    def retranslate(self) -> None:
        """See Window."""
        _ = self.look.word
        self.setWindowTitle(_("Settings"))
        self.navigation.setAccessibleName(_("Settings"))
        kept = self.page
        self.navigation.blockSignals(True)
        self.navigation.clear()
        self._heading(_("Audio"))
        self._entry("headset", _("Headset"))
        self._entry("test", _("Test"))
        self._entry("preshift", _("Before a shift"))
        self._heading("Softphone")
        self._entry("general", _("General"))
        self._entry("calls", _("Calls"))
        self._entry("account", _("Account"))
        self._entry("about", _("About Softphone"))
        self.open_page(kept or "headset", show=False)
        self.navigation.blockSignals(False)

    def _heading(self, text: str) -> None:
        item = QListWidgetItem(text)
        item.setFlags(Qt.ItemFlag.NoItemFlags)
        item.setForeground(self.look.colour("text_quiet"))
        font = item.font()
        font.setPixelSize(13)
        font.setBold(True)
        item.setFont(font)
        self.navigation.addItem(item)

    def _entry(self, page: str, text: str) -> None:
        item = QListWidgetItem(self.look.icon(ICONS[page], "text", size=SMALL), text)
        item.setData(ROLE, page)
        self.navigation.addItem(item)

    @property
    def page(self) -> str:
        """The id of the page shown."""
        item = self.navigation.currentItem()
        return str(item.data(ROLE)) if item is not None and item.data(ROLE) else ""

    def open_page(self, page: str, *, show: bool = True) -> None:
        """Turn to a page, and come up."""
        for at in range(self.navigation.count()):
            if self.navigation.item(at).data(ROLE) == page:
                self.navigation.setCurrentRow(at)
        self._stack.setCurrentIndex(tuple(self._pages).index(self.page or "headset"))
        if show:
            self.come_up()

    def _turn(self) -> None:
        if self.page:
            self._stack.setCurrentIndex(tuple(self._pages).index(self.page))

    def show_view(self, view: AnyView) -> None:
        """Give a view state to the pages it is for."""
        match view:
            case HeadsetView():
                self.headset.show_view(view)
            case DeviceTestView():
                self.test.show_view(view)
            case MicrophoneView():
                self.test.show_microphone(view)
            case CameraView():
                self.test.camera.show_view(view)
            case PreshiftView():
                self.preshift.show_view(view)
            case LevelsView():
                self.headset.show_levels(view)
            case LineView():
                self.account.show_view(view)
            case GeneralView():
                for page in (self.general, self.calls, self.about):
                    page.show_view(view)
