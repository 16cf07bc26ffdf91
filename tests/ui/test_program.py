"""What a person does in the running program, on a real screen with a window manager."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from softphone.domain.account import Refusal
from softphone.domain.call import EndReason
from softphone.domain.device import Role
from softphone.domain.errors import SignInRefused
from tests.doubles.sound import HEADSET
from tests.lab.display import focused_window, press
from tests.ui.live import Live, play
from ui.incoming.popup import IncomingPopup

Scenario = Callable[[Live], Awaitable[None]]
Play = Callable[[Scenario], None]


@pytest.fixture
def run(qapp: QApplication, tmp_path: Path) -> Play:
    """Run a scenario in the whole program."""

    def playing(scenario: Scenario) -> None:
        play(qapp, tmp_path, scenario)

    return playing


async def rung(live: Live, number: str = "0501234567") -> IncomingPopup:
    """Somebody calls; the popup that comes."""
    await live.on_engine(live.doubles.telephony.incoming, number)
    await live.until(lambda: any(popup.isVisible() for popup in live.desk.popups.values()))
    return next(iter(live.desk.popups.values()))


def commands(live: Live, name: str) -> list[tuple[object, ...]]:
    """What the user agent was told under this name."""
    return [command for command in live.doubles.telephony.commands if command[0] == name]


async def key(name: str) -> None:
    """A key of the keyboard, to whichever window has it."""
    await asyncio.get_running_loop().run_in_executor(None, press, name)
    await asyncio.sleep(0.1)


def test_the_first_sign_in_opens_the_headset_page_and_the_next_does_not(run: Play) -> None:
    async def scenario(live: Live) -> None:
        desk = live.desk
        assert desk.sign_in.isVisible()
        assert not desk.main.isVisible()
        await live.sign_in()
        await live.until(desk.settings.isVisible)
        assert desk.settings.page == "headset"
        assert not desk.sign_in.isVisible()
        assert desk.sign_in.password.editor.text() == ""
        desk.settings.close()
        desk.main.sign_out_wanted.emit()
        desk.question.yes.click()
        await live.until(desk.sign_in.isVisible)
        await live.sign_in()
        await asyncio.sleep(0.2)
        assert not desk.settings.isVisible()

    run(scenario)


def test_a_refusal_stands_in_the_form_and_nothing_typed_is_lost(run: Play) -> None:
    async def scenario(live: Live) -> None:
        form = live.desk.sign_in
        live.doubles.telephony.refusals.append(SignInRefused(Refusal.WRONG_CREDENTIALS))
        live.type_account()
        await live.to_front(form)
        form.password.editor.setFocus()
        await key("Return")
        await live.until(form.refusal.isVisible)
        assert "phone number or the password is wrong" in form.refusal.words()
        typed = [field.editor.text() for field in (form.server, form.user, form.password)]
        assert typed == ["vip.example.com", "0401234567", "a secret of nobody"]
        assert form.submit.isEnabled()
        form.language.picked.emit("fi")
        await live.until(lambda: "väärä" in form.refusal.words())
        form.language.picked.emit("sv")
        await live.until(lambda: "fel" in form.refusal.words())
        assert form.password.editor.text() == "a secret of nobody"

    run(scenario)


def test_an_empty_field_says_so_and_nothing_is_sent(run: Play) -> None:
    async def scenario(live: Live) -> None:
        form = live.desk.sign_in
        form.server.editor.setText("vip.example.com")
        form.submit.click()
        notes = [field.editor.accessibleDescription() for field in (form.server, form.user, form.password)]
        assert notes == ["", "Fill in this field.", "Fill in this field."]
        await asyncio.sleep(0.1)
        assert live.doubles.telephony.accounts == []

    run(scenario)


def test_the_popup_never_takes_the_keyboard_and_typing_elsewhere_answers_nothing(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        await live.until(live.desk.settings.isVisible)
        live.desk.settings.close()
        field = live.desk.main.dial.field
        await live.to_front(live.desk.main)
        field.setFocus()
        before = await live.on_engine(focused_window)
        popup = await rung(live)
        await asyncio.sleep(0.3)
        assert await live.on_engine(focused_window) == before
        assert live.desk.main.isActiveWindow()
        assert not popup.isActiveWindow()
        for name in ("a", "space", "b"):
            await key(name)
        await live.until(lambda: field.text() == "a b")
        await key("Return")
        assert commands(live, "answer") == []
        assert commands(live, "reject") == []
        assert popup.isVisible()

    run(scenario)


def test_the_popup_answers_by_mouse_and_by_the_programs_own_keys(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        popup = await rung(live)
        assert popup.name.text() == "050 1234567"
        QTest.mouseClick(popup.answer, Qt.MouseButton.LeftButton)
        await live.until(lambda: commands(live, "answer"))
        call_id = str(commands(live, "answer")[0][1])
        await live.on_engine(live.doubles.telephony.establish, call_id)
        await live.until(live.desk.call.isVisible)
        assert live.desk.popups == {}
        await live.on_engine(live.doubles.telephony.end, call_id)
        live.desk.settings.close()
        await live.to_front(live.desk.main)
        await rung(live, "0401111111")
        await key("ctrl+shift+d")
        await live.until(lambda: commands(live, "reject"))

    run(scenario)


def test_a_call_from_the_dial_field_to_the_history(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        main, call = live.desk.main, live.desk.call
        main.dial.field.setText("0501234567")
        main.dial.call.click()
        await live.until(call.isVisible)
        await live.until(lambda: main.dial.field.text() == "")
        call_id = str(live.doubles.application.calls.calls()[0].id)
        await live.on_engine(live.doubles.telephony.establish, call_id)
        await live.until(call.hold.isEnabled)
        call.mute.click()
        await live.until(lambda: ("mute", call_id, True) in live.doubles.telephony.commands)
        call.keys.click()
        call.keypad.keys["5"].click()
        await live.until(lambda: ("send_dtmf", call_id, "5") in live.doubles.telephony.commands)
        call.close()
        assert live.doubles.application.calls.calls() != ()
        main.running.click()
        await live.until(call.isVisible)
        call.hang_up.click()
        await live.until(lambda: commands(live, "hang_up"))
        await live.on_engine(live.doubles.telephony.end, call_id, EndReason.HUNG_UP)
        await live.until(lambda: main.history.list.rows)
        assert main.history.list.rows[0].title == "050 1234567"

    run(scenario)


def test_typing_a_number_groups_it_and_searches(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        field = live.desk.main.dial.field
        QTest.keyClicks(field, "0401234567")
        await live.until(lambda: field.text() == "040 1234567")
        await live.until(lambda: live.desk.main.history.empty.isVisible())

    run(scenario)


def test_drop_downs_follow_plugging_while_open(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        await live.until(live.desk.settings.isVisible)
        box = live.desk.settings.headset.speaker.editor
        await live.until(lambda: HEADSET.name in names(box))
        await live.on_engine(live.doubles.sound.pull, HEADSET.id)
        await live.until(lambda: HEADSET.name not in names(box))
        await live.on_engine(live.doubles.sound.plug, HEADSET)
        await live.until(lambda: HEADSET.name in names(box))
        box.picked.emit(HEADSET.id)
        await live.until(lambda: box.currentText() == HEADSET.name)
        await live.until(lambda: "Headset: Jabra Evolve2" in live.desk.main.promise.toolTip())
        assert live.doubles.sound.metering

    def names(box: object) -> list[str]:
        count, text = box.count, box.itemText  # type: ignore[attr-defined]
        return [text(at) for at in range(count())]

    run(scenario)


def test_the_order_of_devices_is_changed_by_keyboard(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        await live.until(live.desk.settings.isVisible)
        page, order = live.desk.settings.headset, live.desk.order

        def rows() -> list[str]:
            spoken = Qt.ItemDataRole.AccessibleTextRole
            return [str(order.rows.item(at).data(spoken)) for at in range(order.rows.count())]

        last = "Laptop microphone, Only when nothing above is there"
        page.device_picked.emit("microphone", HEADSET.id)
        await live.until(lambda: page.microphone.editor.chosen == HEADSET.id)
        page.orders[Role.MICROPHONE].click()
        await live.until(lambda: order.isVisible() and order.rows.count() == 3)
        assert rows() == ["1. Jabra Evolve2, In use", "2. System default: Laptop microphone", last]
        QTest.keyClick(order.rows, Qt.Key.Key_End)
        QTest.keyClick(order.rows, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        await live.until(lambda: rows()[1] == "2. Laptop microphone")
        assert order.rows.currentRow() == 1
        QTest.mouseClick(order.up, Qt.MouseButton.LeftButton)
        await live.until(lambda: rows()[0] == "1. Laptop microphone, In use")
        assert (order.rows.currentRow(), order.up.isEnabled()) == (0, False)
        QTest.keyClick(order.rows, Qt.Key.Key_Delete)
        await live.until(lambda: rows()[0] == "1. Jabra Evolve2, In use")
        assert page.microphone.editor.chosen == HEADSET.id
        QTest.keyClick(order, Qt.Key.Key_Escape)
        assert not order.isVisible()

    run(scenario)


def test_quitting_in_a_call_asks_and_closing_the_window_does_not_end_anything(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        main, question = live.desk.main, live.desk.question
        main.close()
        await live.until(main.isMinimized)
        assert not live.desk.tray.standing
        live.desk.come_up()
        await live.until(lambda: not main.isMinimized())
        main.dial.field.setText("0501234567")
        main.dial.call.click()
        await live.until(lambda: live.desk.calls == 1)
        main.quit_wanted.emit()
        assert question.isVisible()
        assert question.no.text() == "Cancel"
        question.no.click()
        assert not question.isVisible()
        assert not live.over
        main.quit_wanted.emit()
        question.yes.click()
        await live.until(lambda: live.over)

    run(scenario)


def test_a_link_asks_before_it_dials(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        await live.windows.bridge.ask(live.doubles.application.open_target("tel:+358501234567"))
        question = live.desk.question
        await live.until(question.isVisible)
        assert question.title.text() == "Call 050 1234567?"
        assert commands(live, "dial") == []
        question.yes.click()
        await live.until(lambda: commands(live, "dial"))

    run(scenario)


def test_contacts_are_added_edited_called_and_removed(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        desk = live.desk
        desk.main.tabs.setCurrentIndex(1)
        desk.main.contacts.add.click()
        editor = desk.editor
        editor.save.click()
        assert editor.isVisible()
        editor.name.editor.setText("Aino Asiakas")
        editor.numbers.editor.setPlainText("0401234567\n+358 9 123 456")
        editor.save.click()
        await live.until(lambda: desk.main.contacts.list.rows)
        await live.until(lambda: not editor.isVisible())
        row = desk.main.contacts.list.rows[0]
        assert row.title == "Aino Asiakas"
        desk.main.contacts.list.called.emit(row.id)
        await live.until(lambda: ("dial", "0401234567", False) in live.doubles.telephony.commands)
        (kept,) = await live.windows.bridge.ask(live.doubles.application.contacts.all())
        desk.main.contacts.edit_wanted.emit(kept)
        assert editor.name.editor.text() == "Aino Asiakas"
        editor.name.editor.setText("Aino Arvonen")
        editor.save.click()
        await live.until(lambda: [row.title for row in desk.main.contacts.list.rows] == ["Aino Arvonen"])
        (kept,) = await live.windows.bridge.ask(live.doubles.application.contacts.all())
        desk.main.contacts.delete_wanted.emit(kept)
        assert desk.question.title.text() == "Delete Aino Arvonen?"
        desk.question.yes.click()
        await live.until(lambda: not desk.main.contacts.list.rows)

    run(scenario)


def test_pictures_of_the_windows_are_saved(run: Play, tmp_path: Path) -> None:
    async def scenario(live: Live) -> None:
        picture = tmp_path / "windows.png"
        screenshot = live.doubles.application.screenshot
        assert screenshot is not None
        await live.windows.bridge.ask(screenshot.save(picture))
        assert picture.read_bytes().startswith(b"\x89PNG")

    run(scenario)


def test_settings_take_effect_at_once(run: Play) -> None:
    async def scenario(live: Live) -> None:
        await live.sign_in()
        general = live.desk.settings.general
        general.changed.emit("ui.theme", "dark")
        await live.until(lambda: live.desk.look.tokens.background == "#11181b")
        general.changed.emit("ui.language", "fi")
        await live.until(lambda: live.desk.main.dial.call.text() == "Soita")
        await live.until(lambda: live.desk.main.line.label.text() == "Tavoitettavissa · Rekisteröity")

    run(scenario)
