"""A thousand calls, one after another and two at a time: mixed codecs, holds, transfers, failures."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path

from benchmarks.endurance.desk import TALKERS, Desk
from benchmarks.endurance.figures import HEAD, Look, Verdict, counted_flat, grown, look, row
from benchmarks.endurance.scenarios import SCENARIOS
from softphone.control.protocol import ControlError
from tests.lab.baresip import Baresip
from tests.lab.linphone import Linphone
from tests.lab.process import PeerFailed

WARM_UP = 100
EVERY, SHOWN_EVERY = 10, 100
SETTLED_S = 40.0
"""Until the last of a call's timers has run out: 64 × T1 is 32 s (RFC 3261 table 4)."""

MOST_KB = 5.0
SPARE_TASKS, SPARE_FILES, SPARE_THREADS = 1, 2, 1
PAIRS = tuple(permutations(TALKERS, 2))

Tell = Callable[[str], None]


@dataclass
class Course:
    """How the calls went: looks on the way, and at rest after the first round and at the end."""

    looks: list[Look] = field(default_factory=list)
    at_rest: list[Look] = field(default_factory=list)
    calls: int = 0
    failures: list[str] = field(default_factory=list)
    in_history: int = 0
    seconds: float = 0.0
    logged: list[str] = field(default_factory=list)


def go_on(folder: Path, calls: int, *, settled_s: float = SETTLED_S, tell: Tell = print) -> Course:
    """So many calls, or a few more. Raises PeerFailed when the rig does not start."""
    course = Course()
    with ExitStack() as stack:
        desk = Desk(folder, stack)
        began = time.monotonic()
        for index in range(len(SCENARIOS)):
            _one(desk, index, course)
        _rest(desk, course, settled_s, tell)
        _many(desk, course, calls, tell)
        _rest(desk, course, settled_s, tell)
        course.seconds = time.monotonic() - began
        course.in_history = _in_history(desk)
        course.logged = [line for line in desk.program.logged.splitlines() if " ERROR " in line]
    return course


def _many(desk: Desk, course: Course, calls: int, tell: Tell) -> None:
    index, looked, shown = len(SCENARIOS), course.calls, course.calls // SHOWN_EVERY
    while course.calls < calls:
        _one(desk, index, course)
        index += 1
        if course.calls >= looked + EVERY:
            looked = course.calls
            course.looks.append(look(desk.program, looked))
        if course.calls // SHOWN_EVERY > shown:
            shown = course.calls // SHOWN_EVERY
            tell(row(course.looks[-1]))


def _rest(desk: Desk, course: Course, seconds: float, tell: Tell) -> None:
    time.sleep(seconds)
    course.at_rest.append(look(desk.program, course.calls))
    if len(course.at_rest) == 1:
        tell(HEAD)
    tell(f"{row(course.at_rest[-1])}  at rest")


def _one(desk: Desk, index: int, course: Course) -> None:
    """One scenario between two phones; a failure is noted and the line made free."""
    turn, place = divmod(index, len(SCENARIOS))
    scenario = SCENARIOS[place]
    phone, other = (desk.phones[number] for number in PAIRS[(5 * place + turn) % len(PAIRS)])
    desk.tidy()
    try:
        course.calls += scenario(desk, phone, other)
        desk.program.no_calls()
    except (PeerFailed, ControlError) as failure:
        where = f"{scenario.__name__} with {phone.phone.codecs[0]}, {other.phone.codecs[0]}"
        course.failures.append(f"call {course.calls}, {where}: {str(failure)[:600]}")
        _free(desk)


def _free(desk: Desk) -> None:
    """Everybody hangs up."""
    for call in desk.program.calls():
        with suppress(ControlError):
            desk.program.control("hangup", id=call["id"])
    parties: list[Baresip | Linphone] = [*desk.phones.values(), *desk.joined]
    for party in parties:
        with suppress(PeerFailed):
            party.hang_up()
    desk.program.no_calls()


def _in_history(desk: Desk) -> int:
    with closing(sqlite3.connect(desk.program.profile / "history.sqlite")) as database:
        return int(database.execute("SELECT count(*) FROM history").fetchone()[0])


def judged(course: Course, warm_up: int = WARM_UP) -> list[Verdict]:
    """What must hold of many calls."""
    looks = [one for one in course.looks if one.at >= warm_up]
    own, rss, objects = (grown(looks, name) for name in ("own_kb", "rss_kb", "objects"))
    failures = [str(len(course.failures)), *course.failures, *course.logged]
    return [
        Verdict("calls gone wrong", "\n    ".join(failures), not course.failures and not course.logged),
        Verdict(
            "calls in the history",
            f"{course.in_history} of {course.calls}",
            course.in_history >= course.calls,
        ),
        Verdict("KB a call, its own", str(own), own.low <= MOST_KB),
        Verdict("KB a call, resident", str(rss), rss.low <= MOST_KB),
        Verdict("objects a call", str(objects), objects.low <= 1),
        counted_flat(course.at_rest, "threads", SPARE_THREADS),
        counted_flat(course.at_rest, "files", SPARE_FILES),
        counted_flat(course.at_rest, "tasks", SPARE_TASKS),
    ]
