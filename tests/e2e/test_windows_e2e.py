"""The program with its windows at a real server, with other people's phones, by mouse and keyboard."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from demo.phone import command_line
from resources.words import LANGUAGE_NAMES, LANGUAGES
from softphone.adapters.keyring import SystemKeyring
from softphone.domain.contact import Contact
from tests.e2e.window_rig import (
    Form,
    Windowed,
    beside,
    click,
    fill,
    fill_form,
    foreign_words,
    in_language,
    keys,
    module_command,
    pick,
    story,
    type_text,
    until,
    words_in,
    xdo,
)
from tests.lab.baresip import Baresip, Phone
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.keyring import SecretService, in_environment
from tests.lab.ports import LOOPBACK
from tests.lab.process import Process, wait_until
from tests.lab.program import Program
from tests.lab.sound import level_at, read_growing_wav, tone, write_wav
from tests.lab.switchboard import PASSWORD, Switchboard
from ui.incoming.popup import IncomingPopup

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("qapp")]

US, AINO, MATTI, LIISA, NOBODY = "1001", "1002", "1003", "1004", "1009"
PEKKA, RIITTA = "1005", "1006"
HELP = "112"
ANSWERING = {
    "call.auto_answer": "true",
    "audio.microphone": "loop:desk",
    "audio.speaker": "loop:desk",
    "audio.ring": "loop:desk",
    "audio.echo_cancel": "off",
    "audio.noise_suppression": "off",
}
"""Phones whose speakers are their microphones."""
NAME = "Aino Asiakas"
TRANSFER_FAILED = [
    "The transfer did not succeed.",
    "The call is still yours: go on talking or try another number.",
]
WAITING_HZ = 425.0
AUDIBLE_DBFS, SILENT_DBFS = -45.0, -70.0


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Switchboard]:
    switchboard = Switchboard(tmp_path_factory.mktemp("board"))
    try:
        switchboard.start()
        yield switchboard
    finally:
        switchboard.stop()


@pytest.fixture(scope="module")
def aino(board: Switchboard) -> Baresip:
    """Her phone speaks openly and answers at once."""
    return board.phone(AINO)


@pytest.fixture(scope="module")
def matti(board: Switchboard) -> Baresip:
    """His phone encrypts, and answers at once."""
    return board.phone(MATTI, transport="tls", media_encryption="dtls_srtp")


@pytest.fixture(scope="module")
def liisa(board: Switchboard) -> Baresip:
    """Her phone is like Aino's."""
    return board.phone(LIISA)


@pytest.fixture
def other_program(tmp_path: Path, qapp: QApplication) -> Iterator[Path]:
    """Somebody's other program that fills the screen; the file says what it was given."""
    written = tmp_path / "written"
    process = Process(module_command("other", written), tmp_path / "other.log")
    try:
        assert wait_until(written.exists), process.output
        yield written
    finally:
        process.stop()


@pytest.fixture
def keyring(tmp_path: Path) -> Iterator[SecretService]:
    service = SecretService(tmp_path / "keyring")
    try:
        service.start()
        with in_environment(service.environment):
            yield service
    finally:
        service.stop()


def at_server(folder: Path, server: Kamailio, transport: str = "udp", **options: Any) -> Windowed:
    """The program, signed in at this server from its start; its first headset page has been seen before."""
    port = server.tls_port if transport == "tls" else server.port
    settings = {"ui.headset_page_shown": "true", **options.pop("settings", {})}
    given = {"user": US, "password": PASSWORD, "transport": transport, "settings": settings, **options}
    return Windowed(folder, server=f"localhost:{port}", **given)


async def ringing(program: Windowed) -> IncomingPopup:
    """The popup that comes up."""
    popups = program.desk.popups
    await until(lambda: any(popup.isVisible() for popup in popups.values()), "a popup")
    return next(popup for popup in popups.values() if popup.isVisible())


async def dialled(program: Windowed, number: str) -> None:
    """Dial by typing, and wait until there is talk."""
    await fill(program.desk.main.dial.field, number)
    await keys("Return")
    await talking(program)


async def talking(program: Windowed) -> None:
    """Wait until the call window counts the time."""
    call = program.desk.call
    await until(lambda: call.isVisible() and re.fullmatch(r"\d+:\d\d", call.timer.text()), "a timer")


async def free(program: Windowed) -> None:
    """Wait until no call and no window of one is left."""
    await until(lambda: not program.desk.calls and not program.desk.call.isVisible(), "a free line", 15.0)


def closed(phone: Baresip) -> int:
    """How many calls of this phone have ended."""
    return len(phone.events("CALL_CLOSED"))


async def ended(phone: Baresip, before: int) -> str:
    """Wait for the next end of a call there, and how it was put."""
    event = await beside(phone.wait_for, "CALL_CLOSED", before + 1)
    return str(event.get("param", ""))


# --- an incoming call ---------------------------------------------------------------------------------


@story
async def test_a_call_comes_while_somebody_types_elsewhere(
    board: Switchboard, aino: Baresip, other_program: Path, tmp_path: Path
) -> None:
    """The popup is above everything and takes no key; the mouse answers, and the window tells the truth."""
    async with at_server(tmp_path / "program", board.kamailio) as program:
        desk = program.desk
        await program.registered()
        await program.ask(program.application.contacts.put(Contact("", NAME, (AINO,))))
        await to_front("Other program")
        await type_text("before ")
        holder = await xdo("getwindowfocus")
        before = closed(aino)
        await beside(aino.dial, US)
        popup = await ringing(program)
        assert popup.name.text() == NAME
        await type_text("and after ")
        await keys("Return", "space", "Return")
        await until(lambda: json.loads(other_program.read_text())["entered"] == 2, "both Enters elsewhere")
        assert json.loads(other_program.read_text())["text"] == "before and after  "
        assert await xdo("getwindowfocus") == holder
        assert QApplication.focusWindow() is None
        assert [call["state"] for call in await program.calls()] == ["ringing"]
        assert (await stacked()).index(int(popup.winId())) > (await stacked()).index(int(holder))
        await screen_picture(program, "popup-above-everything")
        await click(popup.answer)
        await talking(program)
        await beside(aino.wait_for, "CALL_ESTABLISHED")
        assert desk.call.name.text() == NAME
        started = desk.call.timer.text()
        await until(lambda: desk.call.timer.text() != started, "the timer to run")
        assert words_in(desk.call.lock) == ["Not encrypted"]
        program.picture("call-not-encrypted", desk.call)
        await screen_picture(program, "call-window-in-front")
        await click(desk.call.hang_up)
        await ended(aino, before)
        await free(program)
        await until(lambda: desk.main.history.list.rows, "a row")
        row = desk.main.history.list.rows[0]
        assert (row.title, row.icon) == (NAME, "phone-in")
        assert AINO in row.subtitle


async def to_front(title: str) -> None:
    """Bring a window of another program to the front, and click into it."""
    found = await xdo("search", "--sync", "--name", f"^{title}$")
    await xdo("windowactivate", "--sync", found.splitlines()[-1])
    await xdo("mousemove", "120", "80", "click", "1")


async def stacked() -> list[int]:
    """The windows from the lowest to the highest, as the window manager tells (EWMH)."""
    told = await beside(
        lambda: subprocess.run(
            ["xprop", "-root", "_NET_CLIENT_LIST_STACKING"],
            capture_output=True, text=True, timeout=10, check=True,
        ).stdout
    )  # fmt: skip
    return [int(window, 16) for window in re.findall(r"0x[0-9a-f]+", told)]


async def screen_picture(program: Windowed, name: str) -> None:
    """Keep the whole screen, other programs included."""
    folder = program.folder / "pictures"
    folder.mkdir(exist_ok=True)
    screen = QApplication.primaryScreen()
    assert screen.grabWindow(0).save(str(folder / f"{name}.png"))


@story
async def test_a_missed_call_shows_and_a_declined_one_is_told(
    board: Switchboard, aino: Baresip, other_program: Path, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        desk, line = program.desk, program.desk.main
        await program.registered()
        await to_front("Other program")
        before = closed(aino)
        await beside(aino.dial, US)
        await ringing(program)
        await beside(aino.hang_up)
        await until(lambda: not desk.popups, "the popup gone")
        await until(lambda: desk.line is not None and desk.line.missed == 1, "a missed call")
        assert line.tabs.tabText(0) == "Calls (1)"
        assert desk.line is not None and desk.line.tray_text.endswith("1 missed call")
        await ended(aino, before)
        await click_title(line)
        await until(lambda: line.tabs.tabText(0) == "Calls", "the missed call looked at")
        await beside(aino.dial, US)
        popup = await ringing(program)
        program.picture("popup", popup)
        await click(popup.decline)
        assert re.search("486|603", await ended(aino, before + 1))
        await until(lambda: not desk.popups, "the popup gone")
        assert not desk.call.isVisible()


async def click_title(window: QWidget) -> None:
    """Bring one of our windows to the front as its button in a task bar does, again if need be."""
    for _press in range(3):
        await xdo("windowactivate", str(int(window.winId())))
        with suppress(AssertionError):
            return await until(window.isActiveWindow, "the window in front", timeout_s=3)
    raise AssertionError("the window never came to the front")


@story
async def test_the_lock_closes_only_where_it_is_true(
    board: Switchboard, matti: Baresip, tmp_path: Path
) -> None:
    ca_file = str(board.authority.ca_file)
    async with at_server(tmp_path / "program", board.kamailio, "tls", ca_file=ca_file) as program:
        await program.registered()
        await beside(matti.dial, US)
        await click((await ringing(program)).answer)
        await talking(program)
        lock = program.desk.call.lock
        await until(lambda: words_in(lock) != ["Not encrypted"], "the lock, once keys are agreed on")
        assert words_in(lock) == ["Encrypted to localhost"]
        program.picture("call-encrypted", program.desk.call)
        before = closed(matti)
        await click(program.desk.call.hang_up)
        await ended(matti, before)
        await free(program)


# --- two calls ----------------------------------------------------------------------------------------


@story
async def test_a_second_call_is_soft_and_the_two_are_swapped(
    board: Switchboard, aino: Baresip, liisa: Baresip, tmp_path: Path
) -> None:
    """Connecting the two fails, because this phone does not know Replaces: both calls are still ours."""
    async with at_server(tmp_path / "program", board.kamailio) as program:
        call = program.desk.call
        await program.registered()
        await dialled(program, AINO)
        await beside(liisa.dial, US)
        popup = await ringing(program)
        assert popup.note.text() == "Answering puts your call on hold."
        await until(lambda: heard(program.ear, WAITING_HZ) > AUDIBLE_DBFS, "the soft tone in the ear")
        assert heard(program.ring, WAITING_HZ) < SILENT_DBFS
        assert not popup.silence.isVisible() and popup.ring.text() == ""
        program.picture("popup-second-call", popup)
        await click(popup.answer)
        await until(lambda: call.name.text() == LIISA and call.strips.strips, "the strip")
        await until(lambda: words_in(call.strips) == [AINO, "On hold"], "the first call on hold")
        program.picture("call-two", call)
        assert held(await program.calls()) == {AINO: True, LIISA: False}
        await click(call.strips.buttons[0])
        await until(lambda: words_in(call.strips) == [LIISA, "On hold"], "the calls swapped")
        assert call.name.text() == AINO
        assert held(await program.calls()) == {AINO: False, LIISA: True}
        await click(call.transfer)
        program.picture("call-join", call)
        await click(call.panel.join)
        await until(call.advice.isVisible, "the sentence")
        assert words_in(call.advice) == TRANSFER_FAILED
        program.picture("call-join-failed", call)
        assert set(held(await program.calls())) == {AINO, LIISA}
        assert call.strips.buttons[0].isVisible()


def heard(file: Path, hertz: float, seconds: float = 1.0) -> float:
    """Level of a tone at the end of what was played there, in dBFS."""
    if not file.exists():
        return -120.0
    pcm, rate = read_growing_wav(file)
    return level_at(pcm[-int(seconds * rate) :], hertz, rate)


def held(calls: list[dict[str, Any]]) -> dict[str, bool]:
    """Which calls are on hold."""
    return {call["remote"]: call["held"] for call in calls}


async def in_a_call_more(phone: Baresip, before: int) -> None:
    """Wait until this phone is in another call than before."""
    await beside(phone.wait_for, "CALL_ESTABLISHED", before + 1)


@story
async def test_a_transfer_without_asking(
    board: Switchboard, aino: Baresip, liisa: Baresip, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        call = program.desk.call
        await program.registered()
        await dialled(program, AINO)
        joined, gone = len(liisa.events("CALL_ESTABLISHED")), closed(liisa)
        await transfer_to(program, LIISA)
        program.picture("call-transfer", call)
        await click(call.panel.blind)
        await free(program)
        await in_a_call_more(liisa, joined)
        await beside(aino.hang_up)
        await ended(liisa, gone)


@story
async def test_a_transfer_after_asking(board: Switchboard, tmp_path: Path) -> None:
    """Both others are this program without windows: phones that know Replaces."""
    others = [Program(tmp_path / number, settings=ANSWERING) for number in (PEKKA, RIITTA)]
    try:
        for number, other in zip((PEKKA, RIITTA), others, strict=True):
            await beside(enter, other, board, number)
        async with at_server(tmp_path / "program", board.kamailio) as program:
            call = program.desk.call
            await program.registered()
            await dialled(program, PEKKA)
            await transfer_to(program, RIITTA)
            await click(call.panel.ask)
            await until(lambda: call.name.text() == RIITTA, "the one to ask")
            await talking(program)
            await until(lambda: words_in(call.strips) == [PEKKA, "On hold"], "the first call on hold")
            await click(call.transfer)
            await click(call.panel.join)
            await free(program)
            await until(lambda: remotes(others) == [[RIITTA], [PEKKA]], "the two connected")
    finally:
        for other in others:
            other.stop()


def enter(program: Program, board: Switchboard, number: str) -> None:
    """Start a program and sign it in."""
    program.start()
    program.sign_in(f"localhost:{board.kamailio.port}", number, PASSWORD, transport="udp")


def remotes(programs: list[Program]) -> list[list[str]]:
    """Whom each talks to."""
    return [[call["remote"] for call in program.calls() if call["state"] == "active"] for program in programs]


async def transfer_to(program: Windowed, number: str) -> None:
    """Open the transfer panel and type to whom."""
    call = program.desk.call
    await click(call.transfer)
    await until(call.panel.target.editor.hasFocus, "the cursor in the panel")
    await type_text(number)


@story
async def test_a_transfer_that_fails_brings_the_call_back_and_says_so(
    board: Switchboard, aino: Baresip, tmp_path: Path
) -> None:
    async with at_server(tmp_path / "program", board.kamailio) as program:
        call = program.desk.call
        await program.registered()
        await dialled(program, AINO)
        await transfer_to(program, NOBODY)
        await click(call.panel.blind)
        await until(call.advice.isVisible, "the sentence")
        assert words_in(call.advice) == TRANSFER_FAILED
        program.picture("call-transfer-failed", call)
        await until(lambda: call.hold.isEnabled() and not call.hold.isChecked(), "the call back")
        assert held(await program.calls()) == {AINO: False}
        before = closed(aino)
        await click(call.hang_up)
        await ended(aino, before)


# --- the life of the program ----------------------------------------------------------------------------


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


async def insist(
    window: QWidget, action: Callable[[], Awaitable[None]], condition: Callable[[], bool], what: str
) -> None:
    """Do something at a window in front, again if need be.

    On a very busy machine openbox now and then gives the focus to nobody and keeps the press that was to
    bring the window back; a person then presses once more.
    """
    for _press in range(3):
        await click_title(window)
        await action()
        with suppress(AssertionError):
            return await until(condition, what, timeout_s=3)
    raise AssertionError(f"tried in vain: {what}")


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


# --- settings -------------------------------------------------------------------------------------------


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
