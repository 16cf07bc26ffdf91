"""Shared parts: tray, popup's place, bridge, announcements, levels."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from softphone.presenters.line import LineView
from softphone.presenters.parts import Choice, Option
from tests.doubles.scenes import SCENES
from tests.ui.conftest import MakeDesk
from tests.ui.live import Live, play
from tests.ui.scenes import arrange
from tests.ui.test_screens import views
from ui.incoming.popup import EDGE, popup_screen
from ui.pictures import side_by_side
from ui.tray.sign import tray_icon
from ui.widgets import feedback
from ui.widgets.fields import DropDown


def scene(name: str) -> list[object]:
    """A scene's views in English."""
    return views(next(scene for scene in SCENES if scene.name == name))["en"]


def test_the_tray_shows_state_and_missed_calls_by_shape(make_desk: MakeDesk) -> None:
    make_desk()
    registered = next(view for view in scene("main-empty") if isinstance(view, LineView))
    missed = replace(registered, missed=3)
    offline = next(view for view in scene("main-trouble") if isinstance(view, LineView))
    pictures = [tray_icon(view).pixmap(64, 64).toImage() for view in (registered, missed, offline)]
    assert pictures[0] != pictures[1]
    assert pictures[0] != pictures[2]
    assert pictures[1] != pictures[2]


def test_a_picture_gives_words_just_set_their_room(make_desk: MakeDesk) -> None:
    make_desk()
    window = QWidget()
    row, label = QHBoxLayout(window), QLabel("short")
    row.addWidget(QWidget(), 1)
    row.addWidget(label)
    window.resize(600, 60)
    window.show()
    label.setText("a good deal longer than it was")
    side_by_side([window], QColor("white"))
    assert label.width() >= label.sizeHint().width()
    window.close()


def test_the_popup_stands_in_the_corner_of_its_screen(make_desk: MakeDesk) -> None:
    desk = make_desk()
    popup = arrange(desk, next(s for s in SCENES if s.name == "incoming"), scene("incoming"))
    area = popup_screen("").availableGeometry()
    assert area.contains(popup.frameGeometry())
    assert area.right() - popup.frameGeometry().right() <= 2 * EDGE
    assert area.bottom() - popup.frameGeometry().bottom() <= 2 * EDGE
    assert popup_screen("no such screen") is QApplication.primaryScreen()
    flags = popup.windowFlags()
    assert flags & Qt.WindowType.WindowDoesNotAcceptFocus
    assert flags & Qt.WindowType.WindowStaysOnTopHint


def test_no_key_and_no_close_does_anything_to_the_popup(make_desk: MakeDesk) -> None:
    desk = make_desk()
    popup = arrange(desk, next(s for s in SCENES if s.name == "incoming"), scene("incoming"))
    heard: list[str] = []
    incoming = next(iter(desk.popups.values()))
    for signal in (incoming.answer_wanted, incoming.decline_wanted):
        signal.connect(heard.append)
    for pressed in (Qt.Key.Key_Space, Qt.Key.Key_Return, Qt.Key.Key_Escape):
        QTest.keyClick(popup, pressed)
    popup.close()
    assert heard == []
    assert popup.isVisible()


def test_new_states_are_announced(make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: told.append(event.message()))
    widget = QWidget()
    feedback.announce(widget, "Ringing")
    feedback.announce(widget, "")
    assert told == ["Ringing"]


def test_a_drop_down_keeps_its_choice_until_a_person_changes_it(make_desk: MakeDesk) -> None:
    box = DropDown(make_desk().look)
    picked: list[str] = []
    box.picked.connect(picked.append)
    options = (Option("a", "One"), Option("b", "Two"))
    box.show_choice(Choice(options, "b"))
    assert (box.currentText(), box.chosen, picked) == ("Two", "b", [])
    box.show_choice(Choice(options, "gone", missing="Gone (not plugged in)"))
    assert (box.currentText(), box.placeholderText(), box.chosen) == ("", "Gone (not plugged in)", "")
    box.show_choice(Choice(options, "a", locked=True))
    assert not box.isEnabled()
    box.activated.emit(1)
    assert picked == ["b"]


def test_a_command_that_fails_is_logged_and_the_windows_live(
    qapp: QApplication, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails() -> None:
        raise ZeroDivisionError

    async def scenario(live: Live) -> None:
        live.windows.bridge.do(fails())
        await live.until(lambda: "a command from the windows failed" in caplog.text)
        assert live.desk.sign_in.isVisible()

    with caplog.at_level(logging.ERROR):
        play(qapp, tmp_path, scenario)


def test_the_qt_thread_never_waits_for_the_engine(qapp: QApplication, tmp_path: Path) -> None:
    async def slow() -> str:
        await asyncio.sleep(0.3)
        return "done"

    async def scenario(live: Live) -> None:
        outcome: list[str] = []
        turns = 0
        live.windows.bridge.do(slow(), outcome.append)
        while not outcome:
            turns += 1
            await asyncio.sleep(0.005)
        assert outcome == ["done"]
        assert turns > 10

    play(qapp, tmp_path, scenario)


def test_a_rows_button_calls_once_and_the_row_on_a_double_click(make_desk: MakeDesk) -> None:
    desk = make_desk()
    arrange(desk, next(s for s in SCENES if s.name == "main"), scene("main"))
    rows = desk.main.history.list
    called: list[str] = []
    rows.called.connect(called.append)
    box = rows.visualRect(rows.model().index(0, 0))
    left = Qt.MouseButton.LeftButton
    button, words = box.center(), box.center()
    button.setX(rows.viewport().width() - 20)
    QTest.mouseClick(rows.viewport(), left, pos=words)
    assert called == []
    QTest.mouseClick(rows.viewport(), left, pos=button)
    first = rows.rows[0].id
    assert called == [first]
    called.clear()
    QTest.mouseDClick(rows.viewport(), left, pos=words)
    assert called == [first]
    QTest.keyClick(rows, Qt.Key.Key_Return)
    assert called == [first, first]


def test_a_typed_name_leads_to_the_contacts_and_back(make_desk: MakeDesk) -> None:
    main = make_desk().main
    for text, page in (("04", 0), ("Ai", 1), ("", 0)):
        main.look_for(text)
        assert main.tabs.currentIndex() == page


@pytest.mark.parametrize(("name", "told"), [("main-empty", 1), ("sign-in", 0)])
def test_who_is_signed_in_before_the_windows_open_is_told_too(
    make_desk: MakeDesk, name: str, told: int
) -> None:
    desk = make_desk()
    heard: list[None] = []
    desk.signed_in.connect(lambda: heard.append(None))
    for view in scene(name):
        desk.show_view(view)
    assert heard == []
    desk.start()
    assert len(heard) == told


def test_a_minimised_window_comes_up_when_it_is_opened_again(make_desk: MakeDesk) -> None:
    settings = make_desk().settings
    settings.open_page("headset")
    settings.showMinimized()
    settings.open_page("general")
    assert settings.isVisible() and not settings.isMinimized()
