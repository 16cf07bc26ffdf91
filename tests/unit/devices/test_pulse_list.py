from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from devices.pactl import Change, Endpoint
from devices.pulse_list import ServerList
from tests.unit.devices.test_pulse import FakeServer

USB = Endpoint("usb", "USB", 2, is_input=False, is_default=True, number=3)
BUILT_IN = Endpoint("built-in", "Built in", 2, is_input=False, is_default=False, number=1)
MICROPHONE = Endpoint("mic", "Microphone", 1, is_input=True, is_default=True, number=3)


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(BUILT_IN, USB, MICROPHONE)


@pytest.fixture
def known(server: FakeServer) -> ServerList:
    """A list that is followed and was asked for once."""
    made = ServerList(server)
    made.watch(lambda: None)
    made.endpoints()
    return made


def names(known: ServerList) -> list[str]:
    return [endpoint.name for endpoint in known.endpoints() or ()]


def test_nothing_is_asked_twice_while_notices_are_heard(known: ServerList, server: FakeServer) -> None:
    assert names(known) == names(known) == ["built-in", "usb", "mic"]
    assert server.asked == 1


def test_without_notices_everything_is_asked_every_time(server: FakeServer) -> None:
    unwatched = ServerList(server)
    assert names(unwatched) == names(unwatched)
    assert server.asked == 2


def test_before_the_subscription_is_connected_everything_is_asked(
    known: ServerList, server: FakeServer
) -> None:
    server.connected = False
    names(known)
    assert server.asked == 2


def test_what_was_pulled_is_struck_out_without_asking(known: ServerList, server: FakeServer) -> None:
    server.tell(Change(gone=3, is_input=False))
    assert names(known) == ["built-in", "mic"]
    assert (server.asked, server.asked_defaults) == (1, 0)


def test_for_new_defaults_only_those_are_asked(known: ServerList, server: FakeServer) -> None:
    server.tell(Change(defaults=True))
    server.tell(Change(gone=3, is_input=False))
    server.default_names = ("built-in", "mic")
    assert [(one.name, one.is_default) for one in known.endpoints() or ()] == [
        ("built-in", True),
        ("mic", True),
    ]
    known.endpoints()
    assert (server.asked, server.asked_defaults) == (1, 1)


def test_after_anything_else_everything_is_asked(known: ServerList, server: FakeServer) -> None:
    server.has = (BUILT_IN,)
    server.tell(Change())
    server.tell(Change(gone=3))
    assert names(known) == ["built-in"]
    assert server.asked == 2


def test_what_changes_while_the_server_is_asked_is_asked_again(server: FakeServer) -> None:
    class Restless(FakeServer):
        def endpoints(self) -> tuple[Endpoint, ...] | None:
            found = super().endpoints()
            if self.asked == 1:
                self.tell(Change(gone=3))
            return found

    restless = Restless(BUILT_IN, USB)
    known = ServerList(restless)
    known.watch(lambda: None)
    assert names(known) == ["built-in", "usb"]
    restless.has = (BUILT_IN,)
    assert names(known) == ["built-in"]
    assert restless.asked == 2


def test_a_server_that_is_gone_is_asked_until_it_answers(known: ServerList, server: FakeServer) -> None:
    server.has = None
    server.tell(Change())
    assert known.endpoints() is None
    assert known.endpoints() is None
    server.has = (USB,)
    assert names(known) == ["usb"]
    server.has = None
    server.tell(Change(defaults=True))
    assert known.endpoints() is None


def test_every_listener_is_told_of_one_subscription(server: FakeServer) -> None:
    told: list[str] = []
    followed = ServerList(server)
    followed.watch(lambda: told.append("a"))
    stop = followed.watch(lambda: told.append("b"))
    server.tell(Change(gone=3))
    stop()
    server.tell(Change())
    assert told == ["a", "b", "a"]
    followed.close()
    followed.close()
    assert server.stopped == 1


def test_details_are_looked_at_a_moment_later_once_for_many(server: FakeServer) -> None:
    told = threading.Semaphore(0)
    followed = ServerList(server, detail_s=0.05)
    followed.watch(told.release)
    followed.endpoints()
    for _ in range(5):
        server.tell(Change(detail=True))
    assert not told.acquire(blocking=False)
    assert names(followed) == ["built-in", "usb", "mic"]
    assert server.asked == 1
    assert told.acquire(timeout=10)
    server.has = (replace(USB, description="Renamed"),)
    assert [one.description for one in followed.endpoints() or ()] == ["Renamed"]
    assert not told.acquire(blocking=False)
    followed.close()


def test_who_follows_no_more_looks_at_no_detail(server: FakeServer) -> None:
    told: list[str] = []
    followed = ServerList(server, detail_s=60)
    followed.watch(lambda: told.append("x"))
    server.tell(Change(detail=True))
    followed.close()
    server.tell(Change(detail=True))
    followed.close()
    assert told == []
