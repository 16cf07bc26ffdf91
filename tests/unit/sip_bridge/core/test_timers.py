"""The agenda."""

from __future__ import annotations

import weakref

from sip_bridge.core.timers import Agenda, uniform


def test_the_earliest_runs_first_and_what_it_adds_runs_too() -> None:
    agenda = Agenda()
    ran: list[tuple[str, float]] = []
    agenda.set("b", 2.0, lambda now: ran.append(("b", now)))
    agenda.set("a", 1.0, lambda now: agenda.set("c", 1.5, lambda at: ran.append(("c", at))))
    assert agenda.next() == 1.0
    agenda.run(1.9)
    assert ran == [("c", 1.9)]
    agenda.run(2.0)
    assert ran == [("c", 1.9), ("b", 2.0)]
    assert agenda.next() is None


def test_setting_again_moves_and_clearing_forgets() -> None:
    agenda = Agenda()
    ran: list[float] = []
    agenda.set("a", 1.0, ran.append)
    agenda.set("a", 3.0, ran.append)
    agenda.set("b", 2.0, ran.append)
    assert agenda.waits("b")
    agenda.clear("b")
    agenda.clear("unknown")
    assert not agenda.waits("b")
    assert agenda.next() == 3.0
    agenda.run(2.5)
    assert ran == []
    agenda.run(10.0)
    assert ran == [10.0]


def test_uniform_reaches_both_ends() -> None:
    assert uniform(lambda n: b"\x00" * n, 1.0, 4.0) == 1.0
    assert uniform(lambda n: b"\xff" * n, 1.0, 4.0) == 4.0


class Held:
    """Something big that a timer is about."""


def test_what_is_forgotten_is_not_held_until_it_would_have_been_due() -> None:
    agenda = Agenda()
    held, moved = Held(), Held()
    gone, former = weakref.ref(held), weakref.ref(moved)
    agenda.set(("refresh", held), 1800.0, lambda now, held=held: None)  # type: ignore[misc]
    agenda.set("session", 1800.0, lambda now, moved=moved: None)  # type: ignore[misc]
    agenda.clear(("refresh", held))
    agenda.set("session", 3600.0, lambda now: None)
    del held, moved
    assert (gone(), former()) == (None, None)
    assert agenda.next() == 3600.0


def test_timers_that_come_and_go_leave_nothing() -> None:
    agenda = Agenda()
    ran: list[int] = []
    agenda.set("first", 5000.0, lambda now: ran.append(0))
    for number in range(10_000):
        agenda.set(number, 6000.0 + number, lambda now: ran.append(1))
        agenda.clear(number)
    assert len(agenda._heap) < 1000
    agenda.set("last", 5500.0, lambda now: ran.append(2))
    agenda.run(10_000.0)
    assert (ran, agenda.next()) == ([0, 2], None)
