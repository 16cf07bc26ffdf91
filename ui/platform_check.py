"""Whether Qt can put windows on this machine's screen, for `selftest`."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication


def qt_platform() -> str:
    """Qt's version and platform plugin; without any screen the offscreen one is asked.

    A plugin that can't start ends the process: Qt knows no other way.
    """
    lacks_screen = not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    if sys.platform == "linux" and lacks_screen:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication.instance() or QGuiApplication(sys.argv[:1])
    return f"Qt {qVersion()}, {QGuiApplication.platformName() if application else 'no application'}"
