"""The program when its server goes away, never answers, or when it is told to end in the middle of a call."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from demo.sounds import babble
from softphone.control.protocol import ControlError
from tests.e2e.conftest import THEM, THIRD, US, NewPhone, NewProgram, sign_in
from tests.lab.baresip import Baresip
from tests.lab.certificates import Authority
from tests.lab.hearing import Tape, transit_ms, watching
from tests.lab.kamailio import Kamailio
from tests.lab.program import Program
from tests.lab.pulse import Pcm, PulseRig
from tests.lab.sound import level_at, tone, write_wav
from tests.lab.speech import gaps

pytestmark = pytest.mark.peer

OUTAGE_S = 10.0
SOON_S = 5.0
"""How soon after the server's return the program must be registered, with a keep-alive of 2 s."""

AUDIBLE_DBFS = -40.0
OUR_HZ, THEIR_HZ = 1300.0, 800.0
FOR_EVER_S = 60.0
ASLEEP_S = 3.0
LATE_MS = 250.0
HICCUP_MS = 50.0
QUARTER = 32_768 / 4
LONGEST_HOLE_MS = 120.0


@pytest.fixture(scope="module")
def whistle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_wav(tmp_path_factory.mktemp("whistle") / "whistle.wav", tone(THEIR_HZ, FOR_EVER_S, -20))


def call_them(program: Program, phone: Baresip) -> None:
    program.control("dial", target=THEM)
    program.call_in("active")
    phone.wait_for("CALL_ESTABLISHED")


def registered_after(program: Program, moment: float) -> float:
    """How long after `moment` the line came back, in seconds."""
    event = program.wait_for(
        lambda event: (
            event["event"] == "account" and event["account"]["state"] == "registered" and event["at"] > moment
        ),
        SOON_S + 5,
    )
    return float(event["at"]) - moment


def test_ten_seconds_without_the_server(
    new_program: NewProgram,
    new_phone: NewPhone,
    server: Kamailio,
    authority: Authority,
    rig: PulseRig,
    whistle: Path,
) -> None:
    """One program talks over TLS, two wait over UDP and TCP; all are registered again, and one is called."""
    lines = three_lines(new_program, server, authority)
    talking, phone = lines["tls"], new_phone(whistle)
    call_them(talking, phone)
    with rig.saying("headset_mic", tone(OUR_HZ, FOR_EVER_S, -20)), rig.recording("headset") as ear:
        time.sleep(1.0)
        began = time.monotonic()
        server.kill()
        time.sleep(OUTAGE_S - 1.0)
        lost = {transport: line.account() for transport, line in lines.items()}
        during = level_at(phone.heard(0.5)[0], OUR_HZ)
        time.sleep(max(0.0, began + OUTAGE_S - time.monotonic()))
        starting = time.monotonic()
        server.start()
        start_s = time.monotonic() - starting
        took = {transport: registered_after(line, starting) - start_s for transport, line in lines.items()}
        time.sleep(1.0)
        ended = time.monotonic()
        after = level_at(phone.heard(0.5)[0], OUR_HZ)
    heard = ear.pcm(began, ended)
    holes = gaps(heard, quiet=100)
    print(
        f"registered again {', '.join(f'{way} {s:.2f} s' for way, s in took.items())} after the server "
        f"answered (it took {start_s:.2f} s to start); the call's sound {during:.0f} dBFS during "
        f"and {after:.0f} after, {holes.number} holes, the longest {holes.longest_ms:.0f} ms"
    )
    assert {account["state"] for account in lost.values()} == {"reconnecting"}
    assert {account["reason"] for account in lost.values()} == {"server-silent"}
    assert max(took.values()) < SOON_S
    assert min(during, after) > AUDIBLE_DBFS
    assert holes.longest_ms < LONGEST_HOLE_MS
    assert len(heard) > 0.9 * OUTAGE_S * 48_000
    assert_tone(heard)
    talking.control("hangup")
    assert_is_called(talking, phone)


def three_lines(new_program: NewProgram, server: Kamailio, authority: Authority) -> dict[str, Program]:
    """Programs signed in by each way there is; the one over TLS is ours."""
    lines = {}
    for transport, user in (("tls", US), ("udp", THIRD), ("tcp", THIRD)):
        lines[transport] = new_program(f"by-{transport}", {"sip.keepalive_s": "2"})
        lines[transport].start()
        sign_in(lines[transport], server, authority, transport, user=user)
    return lines


def assert_is_called(program: Program, phone: Baresip) -> None:
    """Once the phone's call is over, it reaches the program with another."""
    phone.wait_for("CALL_CLOSED")
    phone.dial(US)
    program.call_in("ringing")
    program.control("decline")


def assert_tone(heard: Pcm) -> None:
    """The far end was heard in every second."""
    for second in range(0, len(heard) - 48_000, 48_000):
        assert level_at(heard[second : second + 48_000], THEIR_HZ) > AUDIBLE_DBFS


def test_asleep_in_a_call_while_the_server_starts_anew(
    new_program: NewProgram,
    new_phone: NewPhone,
    server: Kamailio,
    authority: Authority,
    rig: PulseRig,
    tmp_path: Path,
) -> None:
    """A lid closed for some seconds: the call is heard at once, as soon after it was said as before."""
    program = new_program(settings={"sip.keepalive_s": "2"})
    program.start()
    sign_in(program, server, authority, "tls")
    phone = new_phone(write_wav(tmp_path / "babble.wav", speechlike(60)))
    with (
        rig.recording("headset") as ear,
        watching(phone.recordings, "*-enc.wav") as their_mouth,
    ):
        call_them(program, phone)
        time.sleep(3.0)
        program.sleep()
        server.restart()
        time.sleep(ASLEEP_S)
        woken = time.monotonic()
        program.wake()
        back_s = registered_after(program, woken)
        time.sleep(max(0.0, woken + 7.0 - time.monotonic()))
        assert program.call_in("active")["held"] is False
    near, far = their_mouth.tape(), Tape(ear.pcm(), ear.began)
    before, *after = (transit_ms(near, far, woken + second) for second in (-ASLEEP_S - 2.5, 1, 3, 5))
    print(f"registered {back_s:.2f} s after waking; heard {before:.0f} ms late before, then {after}")
    assert back_s < SOON_S
    allowed = max(LATE_MS, before + HICCUP_MS)
    assert sum(late < allowed for late in after) >= 2, "a hiccup of the machine may be in one of three"
    phone.hang_up()
    program.no_calls()


def speechlike(seconds: float) -> Pcm:
    """Sound that never repeats itself."""
    return np.rint(babble(seconds) * QUARTER).astype(np.int16)


def test_hanging_up_without_a_server(
    program: Program, new_phone: NewPhone, server: Kamailio, authority: Authority, whistle: Path
) -> None:
    """The far end can't be told, yet the line is free for the next call."""
    sign_in(program, server, authority, "tls")
    phone = new_phone(whistle)
    call_them(program, phone)
    server.kill()
    try:
        began = time.monotonic()
        program.control("hangup")
        program.no_calls(15.0)
        took = time.monotonic() - began
    finally:
        server.start()
    print(f"the line was free {took:.2f} s after hanging up without a server")
    assert took < SOON_S


def test_a_server_that_never_answers(new_program: NewProgram, server: Kamailio, authority: Authority) -> None:
    """Whatever the transport, the reason is told, the program goes on and signs in when that is possible."""

    def reason(transport: str) -> tuple[str, float]:
        program, began = programs[transport], time.monotonic()
        with pytest.raises(ControlError) as refused:
            sign_in(program, server, authority, transport)
        return refused.value.code, time.monotonic() - began

    programs = {transport: new_program(transport) for transport in ("udp", "tls", "auto")}
    for program in programs.values():
        program.start()
    server.pause()
    try:
        with ThreadPoolExecutor() as pool:
            told = dict(zip(programs, pool.map(reason, programs), strict=True))
    finally:
        server.resume()
    print(f"a silent server was told after {told}")
    assert {code for code, _ in told.values()} == {"server-silent"}
    for transport, program in programs.items():
        account = program.account()
        assert (account["state"], account["reason"]) == ("refused", "server-silent")
        sign_in(program, server, authority, "tcp" if transport == "auto" else transport)


def test_leaving_while_a_server_is_silent(
    new_program: NewProgram, server: Kamailio, authority: Authority
) -> None:
    """A sign-in under way keeps nobody: neither who signs out, nor who ends the program."""
    staying, ending = new_program("staying"), new_program("ending")
    for program in (staying, ending):
        program.start()
    server.pause()
    try:
        with ThreadPoolExecutor() as pool:
            attempts = [pool.submit(sign_in, program, server, authority) for program in (staying, ending)]
            for program in (staying, ending):
                program.line_is("signing-in")
            began = time.monotonic()
            staying.control("sign-out")
            out_s = time.monotonic() - began
            began = time.monotonic()
            assert ending.terminate() == 0
            end_s = time.monotonic() - began
            refusals = [attempt.exception() for attempt in attempts]
    finally:
        server.resume()
    print(f"signed out after {out_s:.2f} s, ended after {end_s:.2f} s")
    assert isinstance(refusals[0], ControlError)
    assert refusals[0].code == "given-up"
    assert isinstance(refusals[1], ControlError)
    assert max(out_s, end_s) < 3.0
    assert staying.account()["state"] == "signed-out"


def test_the_end_hangs_up_and_unregisters(
    program: Program, new_phone: NewPhone, server: Kamailio, authority: Authority, whistle: Path
) -> None:
    sign_in(program, server, authority, "tls")
    phone = new_phone(whistle)
    call_them(program, phone)
    began = time.monotonic()
    assert program.terminate() == 0
    print(f"ended {time.monotonic() - began:.2f} s after SIGTERM in a call")
    phone.wait_for("CALL_CLOSED")
    phone.dial(US)
    refused = phone.wait_for("CALL_CLOSED", 2)
    assert "404" in str(refused["param"])


def test_the_end_does_not_wait_for_a_server_that_is_gone(
    program: Program, new_phone: NewPhone, server: Kamailio, authority: Authority, whistle: Path
) -> None:
    sign_in(program, server, authority)
    call_them(program, new_phone(whistle))
    server.kill()
    try:
        began = time.monotonic()
        assert program.terminate() == 0
        took = time.monotonic() - began
    finally:
        server.start()
    print(f"ended {took:.2f} s after SIGTERM without a server")
    assert took < 8.0
