"""Two headless programs at a real server: they sign in, talk, hold and hang up, driven by `ctl` alone."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from demo.phone import command_line
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.process import wait_until
from tests.lab.program import Program
from tests.lab.sound import level_at, read_growing_wav, tone, write_wav

pytestmark = pytest.mark.peer

SECRET = "Kettle-Harbour-94"
AINO, MATTI = "0401111111", "0402222222"
AINO_HZ, MATTI_HZ = 500.0, 800.0
BEEP_HZ = 880.0
AUDIBLE_DBFS, SILENT_DBFS = -25.0, -60.0


class Phone(Program):
    """A program with a sound file for a mouth and one for an ear, driven by the command line."""

    def __init__(self, folder: Path, number: str, hertz: float, **settings: str) -> None:
        self.number = number
        mouth = write_wav(folder / f"{number}-says.wav", tone(hertz, 20.0))
        self.ear = folder / f"{number}-hears.wav"
        chosen = {
            "audio.microphone": f"file:{mouth}?loop",
            "audio.speaker": f"file:{self.ear}",
            "audio.ring": f"file:{folder}/{number}-rings.wav",
            "audio.echo_cancel": "off",
            "audio.noise_suppression": "off",
            "phone.region": "FI",
            **{key.replace("__", "."): value for key, value in settings.items()},
        }
        super().__init__(folder / number, settings=chosen)

    def ctl(self, *arguments: str, typed: str = "", code: int = 0) -> dict[str, Any]:
        """`main.py --profile DIR ctl … --json`, which must end with this code."""
        done = subprocess.run(
            [*command_line(), "--profile", str(self.profile), "ctl", *arguments, "--json"],
            input=typed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    def enter(self, server: Kamailio, ca_file: Path, transport: str = "tls") -> None:
        """Sign in by the command line."""
        port = server.tls_port if transport == "tls" else server.port
        account = self.ctl(
            *("sign-in", "--server", f"localhost:{port}", "--user", self.number, "--password-stdin"),
            *("--transport", transport, "--ca-file", str(ca_file)),
            typed=SECRET + "\n",
        )["account"]
        assert (account["state"], account["user"], account["transport"]) == (
            "registered",
            self.number,
            transport,
        )

    def hears(self, hertz: float, seconds: float = 1.0) -> float:
        """Level of this tone in what it heard last, in dBFS."""
        if not self.ear.exists():
            return -120.0
        pcm, rate = read_growing_wav(self.ear)
        return level_at(pcm[-int(seconds * rate) :], hertz, rate)

    def loudest(self, hertz: float) -> float:
        """Level of this tone where it was loudest in all that was heard, in dBFS."""
        pcm, rate = read_growing_wav(self.ear)
        step = rate // 20
        return max(level_at(pcm[at : at + step], hertz, rate) for at in range(0, len(pcm) + 1, step))


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Kamailio]:
    users = (User(AINO, SECRET), User(MATTI, SECRET))
    certificate = authority.issue("localhost", "127.0.0.1")
    kamailio = Kamailio(
        tmp_path_factory.mktemp("kamailio") / "server", Options(users, certificate=certificate)
    )
    kamailio.start()
    yield kamailio
    kamailio.stop()


@pytest.fixture
def phones(tmp_path: Path) -> Iterator[tuple[Phone, Phone]]:
    aino, matti = Phone(tmp_path, AINO, AINO_HZ), Phone(tmp_path, MATTI, MATTI_HZ)
    try:
        aino.start()
        matti.start()
        yield aino, matti
    finally:
        aino.stop()
        matti.stop()
    for phone in (aino, matti):
        assert "Traceback" not in phone.output + phone.logged
        assert SECRET not in phone.output + phone.logged


def talking(aino: Phone, matti: Phone) -> None:
    """Aino calls Matti, Matti answers."""
    aino.ctl("dial", MATTI)
    matti.call_in("ringing")
    matti.ctl("answer")
    aino.call_in("active")
    matti.call_in("active")


@pytest.mark.parametrize(("transport", "trusted"), [("tls", True), ("udp", False)])
def test_a_call_from_beginning_to_end(
    phones: tuple[Phone, Phone], server: Kamailio, authority: Authority, transport: str, trusted: bool
) -> None:
    aino, matti = phones
    for phone in phones:
        phone.enter(server, authority.ca_file, transport)
    assert aino.ctl("dial", "not a number", code=1)["error"]["code"] == "bad-target"
    talking(aino, matti)
    assert wait_until(lambda: matti.hears(AINO_HZ) > AUDIBLE_DBFS, 10)
    assert wait_until(lambda: aino.hears(MATTI_HZ) > AUDIBLE_DBFS, 10)
    (call,) = aino.ctl("status")["calls"]
    assert (call["direction"], call["remote"], call["codec"]) == ("outgoing", MATTI, "opus")
    assert (call["encryption"], call["encryption_trusted"]) == ("dtls", trusted)
    assert call["duration_ms"] > 0
    aino.ctl("mute")
    assert wait_until(lambda: matti.hears(AINO_HZ, 0.5) < SILENT_DBFS, 10)
    aino.ctl("unmute")
    assert wait_until(lambda: matti.hears(AINO_HZ, 0.5) > AUDIBLE_DBFS, 10)
    aino.ctl("hold")
    assert wait_until(lambda: matti.calls()[0]["remote_held"], 10)
    aino.ctl("resume")
    assert wait_until(lambda: not matti.calls()[0]["remote_held"], 10)
    aino.ctl("dtmf", "42#")
    keys = [matti.wait_for(lambda e, d=digit: e.get("digit") == d)["digit"] for digit in "42#"]  # type: ignore[misc]
    assert keys == ["4", "2", "#"]
    matti.ctl("hangup")
    for phone in phones:
        phone.no_calls()
        assert phone.wait_for(lambda e: e["event"] == "history")["entry"]["outcome"] == "answered"
    aino.ctl("sign-out")
    assert aino.ctl("status")["account"]["state"] == "signed-out"


def test_the_end_of_a_program_is_a_goodbye(
    phones: tuple[Phone, Phone], server: Kamailio, authority: Authority
) -> None:
    """SIGTERM in a call: the other side is told, and the registration is gone."""
    aino, matti = phones
    for phone in phones:
        phone.enter(server, authority.ca_file, "udp")
    talking(aino, matti)
    assert matti.terminate() == 0
    aino.no_calls()
    aino.ctl("dial", MATTI)
    ended = aino.wait_for(lambda e: e["event"] == "call" and e["call"]["status_code"] >= 400)["call"]
    assert (ended["reason"], ended["status_code"]) == ("not-found", 404)
    aino.no_calls()


def test_auto_answer_beeps_and_talks(tmp_path: Path, server: Kamailio, authority: Authority) -> None:
    aino = Phone(tmp_path, AINO, AINO_HZ)
    matti = Phone(tmp_path, MATTI, MATTI_HZ, call__auto_answer="true")
    try:
        for phone in (aino, matti):
            phone.start()
            phone.enter(server, authority.ca_file, "tcp")
        aino.ctl("dial", MATTI)
        aino.call_in("active")
        assert wait_until(lambda: aino.hears(MATTI_HZ) > AUDIBLE_DBFS, 10)
        assert wait_until(lambda: matti.loudest(BEEP_HZ) > AUDIBLE_DBFS, 10)
    finally:
        aino.stop()
        matti.stop()


def test_without_a_server(phones: tuple[Phone, Phone]) -> None:
    """Signed out, a name that does not exist, a second start, and the end."""
    aino, matti = phones
    assert aino.ctl("status")["account"]["state"] == "signed-out"
    refused = aino.ctl(
        *("sign-in", "--server", "no-such-server.invalid", "--user", AINO, "--password-stdin"),
        typed=SECRET + "\n",
        code=1,
    )
    assert refused["error"]["code"] == "server-not-found"
    assert aino.ctl("status")["account"]["reason"] == "server-not-found"
    again = subprocess.run(
        [*command_line(), "--profile", str(aino.profile), "--headless", "tel:0401234567"],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert again.returncode == 0
    asked = aino.wait_for(lambda e: e.get("code") == "dial-confirm")
    assert asked["parameters"] == {"target": "tel:0401234567"}
    aino.ctl("quit")
    assert aino.wait() == 0
    assert aino.ctl("status", code=3)["error"]["code"] == "not-running"
    assert matti.terminate(signal.SIGINT) == 0
