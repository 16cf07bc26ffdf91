"""The life of the program with its windows: closing, quitting, links, settings, signing out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from demo.phone import command_line
from resources.words import LANGUAGE_NAMES, LANGUAGES
from softphone.adapters.keyring import SystemKeyring
from tests.e2e.window_calls import (
    AINO,
    US,
    aino,
    at_server,
    click_title,
    closed,
    ended,
    insist,
    keyring,
    ringing,
    talking,
)
from tests.e2e.window_rig import (
    Form,
    Windowed,
    beside,
    click,
    fill_form,
    foreign_words,
    in_language,
    keys,
    pick,
    story,
    until,
    words_in,
)
from tests.lab.baresip import Baresip, Phone
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.keyring import SecretService
from tests.lab.ports import LOOPBACK
from tests.lab.sound import tone, write_wav
from tests.lab.switchboard import PASSWORD, Switchboard

__all__ = ["aino", "keyring"]

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("qapp")]
HELP = "112"


@story
async def test_a_closed_window_keeps_the_phone_on_and_quitting_in_a_call_asks(
    board: Switchboard, aino: Baresip, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        desk = program.desk
        await program.registered()
        await insist(desk.main, lambda: keys("alt+F4"), lambda: hidden(desk.main), "the window closed")
        assert (await program.account())["state"] == "registered"
        await beside(aino.dial, US)
        await click((await ringing(program)).answer)
        await talking(program)
        await until(desk.call.isActiveWindow, "the call in front, as after every answer")
        await choose_quit(program)
        assert words_in(desk.question)[0] == "Quit during a call?"
        program.picture("question-quit", desk.question)
        await keys("Escape")
        await until(lambda: not desk.question.isVisible(), "no question any more")
        assert [call["state"] for call in await program.calls()] == ["active"]
        before = closed(aino)
        await choose_quit(program)
        await click(desk.question.yes)
        await until(lambda: program.over, "the end")
        await ended(aino, before)
        assert "404" in await cannot_reach(aino)


def hidden(window: QWidget) -> bool:
    """Whether nobody sees the window: closed, or put into the task bar where there is no tray."""
    return window.isMinimized() or not window.isVisible()


async def choose_quit(program: Windowed) -> None:
    """Tools → Quit, and wait for what the program asks then."""
    main = program.desk.main
    await insist(
        main, lambda: click(main.tools), lambda: QApplication.activePopupWidget() is not None, "the menu"
    )
    await keys("Up", "Return")
    await until(program.desk.question.isVisible, "a question")
    await until(program.desk.question.isActiveWindow, "the question in front")


async def cannot_reach(phone: Baresip) -> str:
    """Call us, and tell how the server put its refusal."""
    before = closed(phone)
    await beside(phone.dial, US)
    return await ended(phone, before)


async def started_again(program: Windowed, target: str) -> None:
    """Start the program a second time, with an address as a link gives it."""
    done = await beside(
        lambda: subprocess.run(
            [*command_line(), "--profile", str(program.profile), target],
            capture_output=True, text=True, timeout=30, check=False,
        )
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@story
async def test_a_link_asks_in_the_running_program_and_dials_after_yes(
    board: Switchboard, aino: Baresip, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        question = program.desk.question
        await program.registered()
        await started_again(program, f"tel:{AINO}")
        await until(question.isVisible, "the question")
        assert words_in(question)[0] == f"Call {AINO}?"
        program.picture("question-dial", question)
        assert await program.calls() == []
        await click(question.no)
        await until(lambda: not question.isVisible(), "no question any more")
        await started_again(program, f"tel:{AINO}")
        await until(question.isVisible, "the question again")
        assert await program.calls() == []
        await click(question.yes)
        await talking(program)
        assert [call["remote"] for call in await program.calls()] == [AINO]


@story
async def test_a_call_for_help_is_dialled_without_a_question(tmp_path: Path) -> None:
    people = (User(US, PASSWORD), User(HELP, PASSWORD))
    server = Kamailio(tmp_path / "kamailio", Options(people))
    microphone = write_wav(tmp_path / "help.wav", tone(440.0, 5.0))
    help_desk = Baresip(
        tmp_path / "help", Phone(HELP, PASSWORD, f"{LOOPBACK}:{server.port}", microphone=microphone)
    )
    try:
        server.start()
        help_desk.start()
        async with at_server(tmp_path / "program", server) as program:
            await program.registered()
            await started_again(program, f"tel:{HELP}")
            await talking(program)
            assert not program.desk.question.isVisible()
            assert program.desk.call.name.text() == HELP
            await click(program.desk.call.hang_up)
            await ended(help_desk, 0)
    finally:
        help_desk.stop()
        server.stop()


@story
async def test_a_language_changes_in_every_open_window(
    board: Switchboard, aino: Baresip, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        desk = program.desk
        await program.registered()
        await beside(aino.dial, US)
        await click((await ringing(program)).answer)
        await talking(program)
        await click_title(desk.main)
        await keys("ctrl+comma")
        await until(desk.settings.isVisible, "the settings")
        desk.settings.open_page("general")
        down = desk.settings.general.choices["ui.language"].editor
        for language in LANGUAGES:
            await pick(down, LANGUAGE_NAMES[language])
            talks = in_language("Talking", language)
            await until(lambda words=talks: desk.call.state.label.text() == words, talks)  # type: ignore[misc]
            assert desk.settings.windowTitle() == in_language("Settings", language)
            assert desk.main.line.label.text() == in_language("Available · Registered", language)
            assert desk.call.hang_up.text() == in_language("Hang up", language)
            for window in (desk.main, desk.call, desk.settings):
                assert foreign_words(window, language) == []
                program.picture(f"language-{type(window).__name__}.{language}", window)


@story
async def test_signing_out_leaves_no_secret_and_no_registration(
    board: Switchboard, aino: Baresip, keyring: SecretService, tmp_path: Path
) -> None:
    address = f"sip:{LOOPBACK}:{board.kamailio.port};transport=tcp"
    async with Windowed(tmp_path / "program") as program:
        desk = program.desk
        await fill_form(program, Form(address, US, PASSWORD))
        await click(desk.sign_in.remember)
        await click(desk.sign_in.submit)
        await program.registered()
        secret = SystemKeyring()
        name = f"{US}@{address}"
        await until(lambda: program.application.settings.flag("account.remember"), "it remembered")
        assert await program.ask(secret.get(name)) == PASSWORD
        await until(desk.settings.isVisible, "the headset page after the first sign-in")
        desk.settings.open_page("account")
        help_text = desk.settings.account.help
        await until(
            lambda: help_text.geometry().bottom() < desk.settings.account.sign_out.y(), "a laid-out page"
        )
        program.picture("settings-account", desk.settings)
        await click(desk.settings.account.sign_out)
        await until(desk.question.isVisible, "the question")
        program.picture("question-sign-out", desk.question)
        await click(desk.question.yes)
        await until(desk.sign_in.isVisible, "the form")
        assert not desk.main.isVisible() and not desk.settings.isVisible()
        assert await program.ask(secret.get(name)) is None
        assert (await program.account())["state"] == "signed-out"
        assert "404" in await cannot_reach(aino)
        assert PASSWORD not in (program.profile / "settings.json").read_text()
