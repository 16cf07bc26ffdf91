"""Killed at random moments: while it starts, calls, writes settings and history. What was confirmed stays.

A setting is confirmed when the command that set it was answered, a call when the event of its history entry
came. After each kill the files are looked at as they lie there, and the next start must take them so.
"""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from benchmarks.endurance.desk import NOBODY, ODD, SECRET, US, Watched
from benchmarks.endurance.figures import Verdict
from benchmarks.endurance.odd_numbers import GONE, OddNumber
from softphone.control.protocol import ControlError
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.process import PeerFailed, wait_until
from tests.lab.sound import tone, write_wav

SEED = 20_261_122
STARTING_S, WORKING_S = 1.2, 0.8
AT_START = 0.3
"""Which part of the kills comes while the program starts; the others while it works."""

FRESH_EVERY = 20
"""A profile of its own for so many runs, so that the first files are also made under fire."""

START_S = 30.0
SERIAL = "phone.emergency_numbers"
CHOICES = {"ui.theme": ("system", "light", "dark"), "ui.language": ("auto", "en", "fi", "sv")}


@dataclass
class Known:
    """What a profile must hold: settings, one perhaps being set, and calls by their entries' ids."""

    settings: dict[str, object] = field(default_factory=dict)
    confirmed: int = 0
    pending: tuple[str, object] | None = None
    calls: set[str] = field(default_factory=set)


@dataclass
class Course:
    """How it went."""

    kills: int = 0
    at_start: int = 0
    in_call: int = 0
    settings: int = 0
    calls: int = 0
    wrong: list[str] = field(default_factory=list)
    leftovers: int = 0


class Mortal(Watched):
    """A program that is killed; its listener has heard everything once `ended`."""

    def born(self) -> bool:
        """Whether it answers before it is dead."""
        answering = wait_until(lambda: not self.running or self._answers(), START_S)
        if not (answering and self.running):
            return False
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return True

    def ended(self) -> None:
        """Wait until the last event was heard."""
        if self._listener is not None:
            self._listener.join()
            self._listener = None


class Life:
    """One start, some work, one kill."""

    def __init__(self, program: Mortal, known: Known, server: str, chance: random.Random) -> None:
        self._program = program
        self._known = known
        self._server = server
        self._chance = chance
        self.ready = self.in_call = False
        """How far it came; whether it was killed in a call."""

    def live(self, serials: Iterator[int]) -> None:
        """Until it is killed."""
        early = self._chance.random() < AT_START
        self._program.forget()
        self._program.launch()
        if early:
            self._kill_after(self._chance.uniform(0.0, STARTING_S))
        killer = None
        with suppress(ControlError, PeerFailed):
            if self._program.born():
                self._require_settings()
                self.ready = True
                self._program.sign_in(self._server, US, SECRET, transport="tcp")
                if not early:
                    killer = self._kill_after(self._chance.uniform(0.0, WORKING_S))
                while True:
                    self._work(serials)
        if killer is not None:
            killer.join()
        self._program.kill()
        self._program.ended()
        self._known.calls |= {
            event["entry"]["id"] for event in self._program.events("history") if event["entry"]
        }

    def _kill_after(self, seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, self._program.kill)
        timer.start()
        return timer

    def _require_settings(self) -> None:
        """The program itself knows what was confirmed."""
        told = self._program.control("settings-get")["settings"]
        for key, value in self._known.settings.items():
            if told[key] != value and (key, told[key]) != self._known.pending:
                raise AssertionError(f"{key} is {told[key]!r} after the start, confirmed was {value!r}")
        for key in self._known.settings:
            self._known.settings[key] = told[key]
        self._known.pending = None

    def _work(self, serials: Iterator[int]) -> None:
        match self._chance.randrange(6):
            case 0 | 1:
                serial = str(next(serials))
                self._set(SERIAL, serial, [serial])
            case 2:
                key = self._chance.choice(sorted(CHOICES))
                value = self._chance.choice(CHOICES[key])
                self._set(key, value, value)
            case 3:
                self._program.control("dial", target=NOBODY)
                self._program.no_calls()
            case 4:
                number = self._chance.choice([number for number, part in ODD.items() if part != GONE])
                self._program.control("dial", target=number)
                self._program.no_calls()
            case _:
                [number] = [number for number, part in ODD.items() if part == GONE]
                self.in_call = True
                call_id = self._program.control("dial", target=number)["id"]
                self._program.call_in("active")
                time.sleep(self._chance.uniform(0.0, 0.2))
                self._program.control("hangup", id=call_id)
                self._program.no_calls()
                self.in_call = False

    def _set(self, key: str, text: str, value: object) -> None:
        self._known.pending = key, value
        self._program.control("settings-set", key=key, value=text)
        self._known.settings[key] = value
        self._known.confirmed += 1
        self._known.pending = None


def as_it_lies(profile: Path, known: Known, copy: Path) -> list[str]:
    """What is wrong with the files of a killed program, looked at in a copy: the next start finds them as
    they are."""
    profile.mkdir(exist_ok=True)  # it may have been killed before it made one
    shutil.copytree(profile, copy, ignore=shutil.ignore_patterns("*.sock", "control*"))
    wrong = [f"damaged: {path.name}" for path in copy.rglob("*.damaged-*")]
    try:
        wrong += _settings_missing(copy / "settings.json", known)
        wrong += _calls_missing(copy / "history.sqlite", known)
    except (ValueError, sqlite3.Error, OSError) as fault:
        wrong.append(f"{type(fault).__name__}: {fault}")
    shutil.rmtree(copy)
    return wrong


def _settings_missing(file: Path, known: Known) -> list[str]:
    if not known.settings and not file.exists():
        return []
    stored = json.loads(file.read_text())
    return [
        f"{key} is {stored.get(key)!r}, confirmed was {value!r}"
        for key, value in known.settings.items()
        if stored.get(key) != value and (key, stored.get(key)) != known.pending
    ]


def _calls_missing(file: Path, known: Known) -> list[str]:
    if not known.calls and not file.exists():
        return []
    with closing(sqlite3.connect(file)) as database:
        [(sound,)] = database.execute("PRAGMA integrity_check").fetchall()
        has_table = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'history'").fetchone()
        rows = database.execute("SELECT id FROM history").fetchall() if has_table else []
    lost = known.calls - {row[0] for row in rows}
    return [f"history: {sound}"] * (sound != "ok") + [f"calls lost: {sorted(lost)}"] * bool(lost)


def go_on(folder: Path, kills: int, tell: Callable[[str], None] = print) -> Course:
    """So many starts, each killed. Raises PeerFailed when the rig does not start."""
    course, chance, serials = Course(), random.Random(SEED), count(50_000)
    with ExitStack() as stack:
        server = _server(folder, stack)
        while course.kills < kills:
            runs = min(FRESH_EVERY, kills - course.kills)
            _one_profile(folder / f"profile-{course.kills}", runs, server, course, chance, serials)
            tell(
                f"{course.kills} kills, {course.at_start} while it started, {course.in_call} in a call; "
                f"{course.settings} settings and {course.calls} calls confirmed, {len(course.wrong)} wrong"
            )
    return course


def _server(folder: Path, stack: ExitStack) -> str:
    ports = free_ports(len(ODD))
    routes = tuple(zip(ODD, ports, strict=True))
    server = Kamailio(folder / "server", Options((User(US, SECRET),), routes=routes))
    stack.callback(server.stop)
    server.start()
    for part, port in zip(ODD.values(), ports, strict=True):
        stack.callback(OddNumber(port, part).stop)
    return f"{LOOPBACK}:{server.port}"


def _one_profile(
    profile: Path, runs: int, server: str, course: Course, chance: random.Random, serials: Iterator[int]
) -> None:
    """So many lives in one profile, and a last one that ends well."""
    says, hears = write_wav(profile.with_suffix(".wav"), tone(800, 1.0)), profile.with_name("heard.wav")
    devices = {"audio.microphone": f"file:{says}?loop", "audio.speaker": f"file:{hears}"}
    program = Mortal(profile, settings=devices)
    known = Known()
    try:
        for _ in range(runs):
            life = Life(program, known, server, chance)
            try:
                life.live(serials)
            except AssertionError as fault:
                course.wrong.append(f"run {course.kills}: {fault}")
            course.kills += 1
            course.at_start += not life.ready
            course.in_call += life.in_call
            found = as_it_lies(profile, known, profile.with_name("copy"))
            course.wrong += [f"run {course.kills}: {one}" for one in found]
        program.start()
        program.stop()
    except PeerFailed as fault:
        course.wrong.append(f"did not start after run {course.kills}: {fault}")
    finally:
        program.kill()
    course.wrong += [line for line in program.logged.splitlines() if " ERROR " in line or "damaged" in line]
    course.settings += known.confirmed
    course.calls += len(known.calls)
    course.leftovers += len(list(profile.glob("*.new")))


def judged(course: Course) -> list[Verdict]:
    """What must hold."""
    what = f"{course.settings} settings and {course.calls} calls confirmed"
    return [
        Verdict(
            f"{course.kills} kills, {course.at_start} of them at the start, {course.in_call} in a call",
            "; ".join((what, *course.wrong)),
            not course.wrong and course.settings > 0 and course.calls > 0,
        ),
        Verdict("half-written files left behind", str(course.leftovers), course.leftovers == 0),
    ]
