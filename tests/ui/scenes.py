"""Scenes on real windows."""

from __future__ import annotations

from operator import attrgetter

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QScrollArea, QWidget

from softphone.presenters.contacts import ContactsView
from softphone.presenters.sign_in import SignInView
from tests.doubles.stage import CREDENTIALS, Scene
from ui.desk import Desk


def arrange(desk: Desk, scene: Scene, views: list[object]) -> QWidget:
    """Show the views, bring the scene's window up as a person would find it, and return it."""
    for view in views:
        desk.show_view(view)
    name, _, detail = scene.window.partition("+")
    window = _window(desk, name, views)
    if detail:
        _open(desk, name, detail)
    if name == "sign_in" and scene.name != "sign-in":
        _type(desk, views)
    window.show()
    settle(window)
    return window


def settle(window: QWidget) -> None:
    """Let layouts and the window manager agree: the size has been the same for a while."""
    same, before = 0, window.size()
    for _round in range(200):
        QTest.qWait(2)
        same = same + 1 if window.size() == before else 0
        before = window.size()
        if same >= 8 and window.height() >= window.minimumHeight():
            return


def _window(desk: Desk, name: str, views: list[object]) -> QWidget:
    if name == "popup":
        return next(iter(desk.popups.values()))
    if name == "editor":
        contacts = next(view for view in views if isinstance(view, ContactsView))
        desk.editor.edit(contacts.rows[0].contact)
    if name == "question" and desk.line is not None and desk.line.question is not None:
        _ = desk.look.word
        text = _("A link or another program asks for this call.")
        desk.question.ask(desk.line.question.text, text, _("Call"), lambda: None)
    if name == "meetings.reason":
        _ = desk.look.word
        desk.meetings.reason.ask(
            _("Don't let {name} in?").format(name="Kerttu Kolmas"), _("Decline"), lambda _reason: None
        )
    window: QWidget = attrgetter(name)(desk)
    return window


def _open(desk: Desk, name: str, detail: str) -> None:
    if name == "sign_in":
        desk.sign_in.more.click()
    elif name == "meetings.room":
        _open_room(desk, detail)
    elif name == "order":
        desk.order.open_for(detail)
    elif name == "settings":
        page, _, end = detail.partition(":")
        desk.settings.open_page(page)
        if end == "camera":
            desk.settings.test.camera.show_picture.click()
        if end:
            settle(desk.settings)
            for area in desk.settings.findChildren(QScrollArea):
                area.verticalScrollBar().setValue(area.verticalScrollBar().maximum())
    elif name == "main" and detail in ("contacts", "meetings"):
        desk.main.tabs.setCurrentIndex(1 if detail == "contacts" else 2)
    elif name == "main":
        desk.main.dial.keypad.show()
        desk.main.dial.field.setText("040 123 4567")
    else:
        {"keypad": desk.call.keys, "transfer": desk.call.transfer}[detail].setChecked(True)


def _open_room(desk: Desk, detail: str) -> None:
    room = desk.meetings.room
    if detail == "grid":
        room.grid.click()
    else:
        room.open_side(room.chat if detail == "chat" else room.people)


def _type(desk: Desk, views: list[object]) -> None:
    form = desk.sign_in
    form.server.editor.setText(CREDENTIALS.server)
    form.user.editor.setText(CREDENTIALS.user)
    form.password.editor.setText("••••••••")
    for view in views:
        if isinstance(view, SignInView):
            form.show_view(view)
