"""The doubles that screens are built on can do what the services can, asked in the same way."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from softphone.services.appointments import Appointments
from softphone.services.meetings import Meetings
from tests.doubles.meetings import FakeAppointments, FakeMeetings


def asked(kind: type[Any]) -> dict[str, list[tuple[str, object, object]]]:
    """Every public method with its parameters' names, kinds and defaults."""
    found = inspect.getmembers(kind, inspect.isfunction)
    return {
        name: [(one.name, one.kind, one.default) for one in inspect.signature(method).parameters.values()]
        for name, method in found
        if not name.startswith("_")
    }


@pytest.mark.parametrize(
    ("double", "real", "own"),
    [(FakeAppointments, Appointments, {"show"}), (FakeMeetings, Meetings, {"show"})],
)
def test_the_double_is_asked_as_the_service_is(double: type[Any], real: type[Any], own: set[str]) -> None:
    doubles, services = asked(double), asked(real)
    assert doubles.keys() - own <= services.keys()
    for name in doubles.keys() - own:
        assert doubles[name] == services[name], name
        assert inspect.iscoroutinefunction(getattr(double, name)) == inspect.iscoroutinefunction(
            getattr(real, name)
        ), name
