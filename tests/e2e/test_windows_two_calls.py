"""Two calls and transfers in the windows, with other people's phones, by mouse and keyboard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.window_calls import (
    AINO,
    LIISA,
    NOBODY,
    PEKKA,
    RIITTA,
    US,
    aino,
    at_server,
    closed,
    dialled,
    ended,
    free,
    liisa,
    ringing,
    talking,
)
from tests.e2e.window_rig import Windowed, beside, click, story, type_text, until, words_in
from tests.lab.baresip import Baresip
from tests.lab.program import Program
from tests.lab.sound import level_at, read_growing_wav
from tests.lab.switchboard import PASSWORD, Switchboard

__all__ = ["aino", "liisa"]

pytestmark = [pytest.mark.peer, pytest.mark.usefixtures("qapp")]
ANSWERING = {
    "call.auto_answer": "true",
    "audio.microphone": "loop:desk",
    "audio.speaker": "loop:desk",
    "audio.ring": "loop:desk",
    "audio.echo_cancel": "off",
    "audio.noise_suppression": "off",
}
"""Phones whose speakers are their microphones."""
TRANSFER_FAILED = [
    "The transfer did not succeed.",
    "The call is still yours: go on talking or try another number.",
]
WAITING_HZ = 425.0
AUDIBLE_DBFS, SILENT_DBFS = -45.0, -70.0


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
