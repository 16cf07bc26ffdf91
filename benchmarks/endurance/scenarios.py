"""What people do with calls. Each scenario leaves the line free and answers how many calls it was."""

from __future__ import annotations

import time

from benchmarks.endurance.desk import BY_DTLS, JOINED, NOBODY, ODD, UNANSWERED, US, Desk, Scenario
from benchmarks.endurance.odd_numbers import GONE
from tests.lab.baresip import Baresip
from tests.lab.linphone import Linphone
from tests.lab.process import wait_until

TALK_S = 0.4
JOINED_END_S = 8.0
ENDED = "CALL_CLOSED"


class Seen:
    """How much a phone has been through, to wait for what comes on top."""

    def __init__(self, *phones: Baresip) -> None:
        self._before = {phone: len(phone.events(ENDED)) for phone in phones}

    def all_ended(self) -> None:
        """Each has had one more call that is over. Raises PeerFailed."""
        for phone, before in self._before.items():
            phone.wait_for(ENDED, before + 1)


def dial(desk: Desk, number: str) -> str:
    """A call that is answered; its id."""
    call_id = str(desk.program.control("dial", target=number)["id"])
    desk.program.sees(call_id, state="active")
    time.sleep(TALK_S)
    return call_id


def called(desk: Desk, phone: Baresip) -> str:
    """A call that rings; its id."""
    phone.dial(US)
    return str(desk.program.sees("", state="ringing")["id"])


def taken(desk: Desk, phone: Baresip) -> str:
    """A call from outside that is answered; its id."""
    call_id = called(desk, phone)
    desk.program.control("answer", id=call_id)
    desk.program.sees(call_id, state="active")
    time.sleep(TALK_S)
    return call_id


def hang_up(desk: Desk, call_id: str) -> None:
    """By us, and over."""
    desk.program.control("hangup", id=call_id)
    desk.program.sees(call_id, state="ended")


def out(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """We call, we hang up."""
    seen = Seen(phone)
    hang_up(desk, dial(desk, phone.phone.number))
    seen.all_ended()
    return 1


def out_ended_by_them(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """We call, they hang up."""
    seen = Seen(phone)
    call_id = dial(desk, phone.phone.number)
    phone.hang_up()
    desk.program.sees(call_id, state="ended", reason="remote-hung-up")
    seen.all_ended()
    return 1


def in_(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """They call, we hang up."""
    seen = Seen(phone)
    hang_up(desk, taken(desk, phone))
    seen.all_ended()
    return 1


def in_by_dtls(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """They call, with keys agreed on the sound's own way."""
    return in_(desk, desk.phones[BY_DTLS], other)


def in_ended_by_them(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """They call, they hang up."""
    seen = Seen(phone)
    call_id = taken(desk, phone)
    phone.hang_up()
    desk.program.sees(call_id, state="ended")
    seen.all_ended()
    return 1


def declined(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """They call, we don't want to."""
    seen = Seen(phone)
    call_id = called(desk, phone)
    desk.program.control("decline", id=call_id)
    desk.program.sees(call_id, state="ended")
    seen.all_ended()
    return 1


def missed(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """They call and think better of it."""
    seen = Seen(phone)
    call_id = called(desk, phone)
    phone.hang_up()
    desk.program.sees(call_id, state="ended")
    seen.all_ended()
    return 1


def cancelled(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """We call and think better of it."""
    unanswered = desk.phones[UNANSWERED]
    seen = Seen(unanswered)
    call_id = str(desk.program.control("dial", target=UNANSWERED)["id"])
    desk.program.sees(call_id, state="early")
    hang_up(desk, call_id)
    seen.all_ended()
    return 1


def refused(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """Nobody there, and every way to be refused."""
    numbers = [NOBODY, *(number for number, part in ODD.items() if part != GONE)]
    for number in numbers:
        call_id = str(desk.program.control("dial", target=number)["id"])
        desk.program.sees(call_id, state="ended")
    return len(numbers)


def gone(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """Answered by somebody who is gone: no sound, and nobody to hang up on."""
    [number] = [number for number, part in ODD.items() if part == GONE]
    hang_up(desk, dial(desk, number))
    return 1


def held(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """We hold and come back, then they do."""
    seen = Seen(phone)
    call_id = dial(desk, phone.phone.number)
    desk.program.control("hold", id=call_id)
    desk.program.control("resume", id=call_id)
    desk.program.forget()
    phone.hold()
    desk.program.sees(call_id, remote_held=True)
    desk.program.forget()
    phone.resume()
    desk.program.sees(call_id, remote_held=False)
    hang_up(desk, call_id)
    seen.all_ended()
    return 1


def keys(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """Keys, and the microphone muted for a while."""
    seen = Seen(phone)
    call_id = dial(desk, phone.phone.number)
    desk.program.control("dtmf", digits="19#", id=call_id)
    desk.program.control("mute", id=call_id)
    time.sleep(TALK_S)
    desk.program.control("unmute", id=call_id)
    hang_up(desk, call_id)
    seen.all_ended()
    return 1


def two(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """A second call comes in, one goes back and forth."""
    seen = Seen(phone, other)
    first = dial(desk, phone.phone.number)
    second = taken(desk, other)
    desk.program.control("resume", id=first)
    time.sleep(TALK_S)
    desk.program.control("resume", id=second)
    hang_up(desk, second)
    hang_up(desk, first)
    seen.all_ended()
    return 2


def transferred(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """Handed over without asking."""
    seen = Seen(phone, other)
    call_id = dial(desk, phone.phone.number)
    established = len(other.events("CALL_ESTABLISHED"))
    desk.program.control("transfer", id=call_id, target=other.phone.number)
    desk.program.sees(call_id, state="ended", reason="transferred")
    other.wait_for("CALL_ESTABLISHED", established + 1)
    other.hang_up()
    seen.all_ended()
    return 1


def not_transferred(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """Handed over to nobody: the call comes back."""
    seen = Seen(phone)
    call_id = dial(desk, phone.phone.number)
    desk.program.control("transfer", id=call_id, target=NOBODY)
    desk.program.sees(call_id, transfer="failed")
    hang_up(desk, call_id)
    seen.all_ended()
    return 1


def joined(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """Two calls joined to one of theirs."""
    first, second = (dial(desk, number) for number in JOINED)
    desk.program.control("transfer", id=first, to_call=second)
    desk.program.sees(first, state="ended", reason="transferred")
    desk.program.sees(second, state="ended", reason="transferred")
    desk.joined[0].hang_up()
    for party in desk.joined:
        _free(party)
    return 2


def _free(phone: Linphone) -> None:
    if not wait_until(lambda: not phone.calls(), JOINED_END_S, 0.2):
        phone.hang_up()


def sent_on(desk: Desk, phone: Baresip, other: Baresip) -> int:
    """They hand us over to somebody else."""
    seen = Seen(phone, other)
    first = dial(desk, phone.phone.number)
    desk.program.forget()
    phone.transfer(other.phone.number)
    second = str(desk.program.sees("", state="active", remote=other.phone.number)["id"])
    time.sleep(TALK_S)
    hang_up(desk, second)
    desk.program.no_calls()
    seen.all_ended()
    return 2 if second != first else 1


SCENARIOS: tuple[Scenario, ...] = (
    out,
    in_,
    held,
    refused,
    out_ended_by_them,
    in_ended_by_them,
    keys,
    in_by_dtls,
    transferred,
    declined,
    two,
    missed,
    joined,
    cancelled,
    not_transferred,
    out,
    sent_on,
    in_,
    gone,
)
