"""`ctl check` of a headless program at a real server: all green, and the right step red for what is wrong."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from demo.phone import command_line
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import free_port
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.scenarios import bye, callee, recv, reply
from tests.lab.sipp import Sipp
from tests.lab.sound import read_growing_wav, tone, write_wav

pytestmark = pytest.mark.peer

SECRET = "Kettle-Harbour-97"
NUMBER = "0404444444"
ECHO, DEAD, NOBODY = "600", "601", "999"
STEPS = ["name-lookup", "certificate", "sign-in", "nat", "rtp", "microphone", "speaker", "ring"]

ROUTE = "[last_Record-Route:]\n"
ANSWERED_ALONG_THE_ROUTE = (
    recv("INVITE"),
    reply("200 OK", "a", version=1, headers=ROUTE),
    recv("ACK"),
)


class House:
    """A server with an echo number, one that answers and stays silent, and one person's program."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        self.folder = folder
        self.ca_file = authority.ca_file
        self._ports = {ECHO: free_port(), DEAD: free_port()}
        self.server = Kamailio(
            folder / "server",
            Options(
                (User(NUMBER, SECRET),),
                certificate=authority.issue("localhost"),
                routes=tuple(self._ports.items()),
            ),
        )
        self._peers: list[Sipp] = []
        self._programs: list[Program] = []

    def answer(self, number: str) -> Sipp:
        """Somebody answers at a number."""
        scenario = callee(*ANSWERED_ALONG_THE_ROUTE, bye())
        peer = Sipp(self.folder / number, scenario, port=self._ports[number], echo=number == ECHO)
        self._peers.append(peer)
        peer.start()
        return peer

    def program(self, transport: str = "tls", **settings: str) -> Program:
        """A program with sound files for a mouth and ears, signed in."""
        mouth = write_wav(self.folder / "mouth.wav", tone(300.0, 5.0, -50.0))
        chosen = {
            "audio.microphone": f"file:{mouth}?loop",
            "audio.speaker": f"file:{self.folder}/ear.wav",
            "audio.ring": f"file:{self.folder}/ring.wav",
            "phone.region": "FI",
            **{key.replace("__", "."): value for key, value in settings.items()},
        }
        made = Program(self.folder / "program", settings=chosen)
        self._programs.append(made)
        made.start()
        port = self.server.tls_port if transport == "tls" else self.server.port
        account = made.sign_in(f"localhost:{port}", NUMBER, SECRET, transport=transport, ca_file=self.ca_file)
        assert account["state"] == "registered"
        return made

    def end(self) -> None:
        """Everybody goes home."""
        for program in self._programs:
            program.stop()
        for peer in self._peers:
            peer.stop()
        self.server.stop()


@pytest.fixture
def house(tmp_path: Path, authority: Authority) -> Iterator[House]:
    made = House(tmp_path, authority)
    made.server.start()
    yield made
    made.end()


def check(program: Program, code: int) -> dict[str, Any]:
    """`main.py ctl check --json`, which must end with this code; the steps by name."""
    done = subprocess.run(
        [*command_line(), "--profile", str(program.profile), "ctl", "check", "--json"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert [step["step"] for step in report["steps"]] == STEPS
    assert report["ok"] == (code == 0)
    assert sum(step["took_ms"] for step in report["steps"]) < 16_000
    return {step["step"]: step for step in report["steps"]}


def red(steps: dict[str, Any]) -> dict[str, str]:
    """The steps that failed, with their codes."""
    return {name: step["code"] for name, step in steps.items() if step["outcome"] == "failed"}


def noticed(program: Program) -> list[Any]:
    """What the program has told of calls and of its history."""
    kept = [event for event in program.events("history") if event["entry"] is not None]
    return [*program.events("call"), *kept]


def test_all_is_green_with_the_servers_echo_number(house: House) -> None:
    peer = house.answer(ECHO)
    program = house.program(sip__echo_number=ECHO)
    steps = check(program, 0)
    assert {name: step["outcome"] for name, step in steps.items()} == dict.fromkeys(STEPS, "passed")
    facts = steps["rtp"]["facts"]
    assert facts["with"] == ECHO
    assert int(facts["received"]) > 80
    assert 0 < int(facts["delay_ms"]) < 400
    peer.finish()
    assert peer.messages.count("INVITE sip:") == 1
    assert noticed(program) == []
    assert program.control("status")["calls"] == []
    for place in ("ear.wav", "ring.wav"):
        pcm, _ = read_growing_wav(house.folder / place)
        assert np.abs(pcm).max() > 500, f"nothing is heard in {place}"


def test_without_an_echo_number_sound_goes_round_on_this_machine(house: House) -> None:
    program = house.program("udp")
    steps = check(program, 0)
    assert (steps["certificate"]["outcome"], steps["certificate"]["code"]) == ("skipped", "no-tls")
    assert (steps["rtp"]["outcome"], steps["rtp"]["code"]) == ("passed", "local")
    assert steps["rtp"]["facts"]["with"] == "this computer"


@pytest.mark.parametrize(
    ("number", "code"),
    [(NOBODY, "no-call"), (DEAD, "nothing-arrives")],
)
def test_a_wrong_echo_number_is_red(house: House, number: str, code: str) -> None:
    if number == DEAD:
        house.answer(DEAD)
    program = house.program(sip__echo_number=number)
    steps = check(program, 1)
    assert red(steps) == {"rtp": code}
    assert noticed(program) == []


def test_a_microphone_that_gives_zeros_is_red(house: House) -> None:
    silent = write_wav(house.folder / "silent.wav", np.zeros(48_000, np.int16))
    program = house.program(audio__microphone=f"file:{silent}?loop")
    assert red(check(program, 1)) == {"microphone": "microphone-muted"}


def test_a_speaker_that_can_not_be_opened_is_red(house: House) -> None:
    (house.folder / "folder.wav").mkdir()
    program = house.program(audio__ring=f"file:{house.folder}/folder.wav")
    assert list(red(check(program, 1))) == ["ring"]


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_server_that_is_gone_is_red(house: House, transport: str) -> None:
    program = house.program(transport)
    house.server.kill()
    steps = check(program, 1)
    assert red(steps) == {"sign-in": "server-silent"}
    assert steps["name-lookup"]["outcome"] == "passed"
    assert steps["nat"]["code"] == "no-line"


def test_during_a_call_the_steps_with_sound_wait(house: House) -> None:
    house.answer(DEAD)
    program = house.program(sip__echo_number=ECHO)
    call_id = program.control("dial", target=DEAD)["id"]
    program.call_in("active")
    steps = check(program, 0)
    skipped = {name: step["code"] for name, step in steps.items() if step["outcome"] == "skipped"}
    assert skipped == dict.fromkeys(("rtp", "microphone", "speaker", "ring"), "in-call")
    program.control("hangup", id=call_id)


def test_a_call_that_is_dialled_meanwhile_wins(house: House) -> None:
    echo = house.answer(ECHO)
    other = house.answer(DEAD)
    program = house.program(sip__echo_number=ECHO)
    checking = subprocess.Popen(
        [*command_line(), "--profile", str(program.profile), "ctl", "check", "--json"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert wait_until(lambda: echo.messages.count("ACK sip:") > 0, 20.0)
        program.control("dial", target=DEAD)
        report, _ = checking.communicate(timeout=40)
    finally:
        checking.kill()
    codes = {step["step"]: step["code"] for step in json.loads(report)["steps"]}
    assert codes["rtp"] == codes["ring"] == "in-call"
    assert other.messages.count("INVITE sip:") == 1
    echo.finish()
