from __future__ import annotations

import threading

import pytest

from devices.hotplug import FINGERPRINTS, FOLLOWED, Hotplug
from devices.notices import Notice


class Looks:
    """A fingerprint that gives one answer after the other, and the last one for ever."""

    def __init__(self, *answers: bytes | OSError) -> None:
        self._answers = list(answers)
        self.all_seen = threading.Event()

    def __call__(self) -> bytes:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if len(self._answers) == 1:
            self.all_seen.set()
        if isinstance(answer, OSError):
            raise answer
        return answer


def test_tells_each_change_once() -> None:
    looks = Looks(b"a", b"a", b"b", b"b", OSError("gone"), b"b", b"b", b"b", b"b")
    told: list[str] = []
    hotplug = Hotplug(looks, period_s=0.001)
    hotplug.watch(lambda: told.append("x"))
    assert looks.all_seen.wait(10)
    hotplug.close()
    assert len(told) == 3


def test_who_no_longer_listens_is_not_told() -> None:
    told: list[str] = []
    go = threading.Event()

    def follow(changed: Notice, stop: threading.Event) -> None:
        assert go.wait(10)
        changed()

    hotplug = Hotplug(follow=follow)
    hotplug.watch(lambda: told.append("gone"))()
    hotplug.watch(lambda: told.append("still there"))
    go.set()
    hotplug.close()
    assert told == ["still there"]


def test_the_systems_own_notices_are_used_and_nothing_is_looked_at() -> None:
    told: list[str] = []
    looked: list[bytes] = []
    began = threading.Event()

    def follow(changed: Notice, stop: threading.Event) -> None:
        changed()
        began.set()
        assert stop.wait(10)

    def look() -> bytes:
        looked.append(b"")
        return b""

    hotplug = Hotplug(look, period_s=0.001, follow=follow)
    hotplug.watch(lambda: told.append("x"))
    assert began.wait(10)
    hotplug.close()
    assert (told, looked) == (["x"], [])


def test_where_the_system_gives_no_notice_it_is_looked_at(caplog: pytest.LogCaptureFixture) -> None:
    def follow(changed: Notice, stop: threading.Event) -> None:
        raise OSError("no audio service")

    looks, told = Looks(b"a", b"b", b"b"), list[str]()
    hotplug = Hotplug(looks, period_s=0.001, follow=follow)
    with caplog.at_level("INFO"):
        hotplug.watch(lambda: told.append("x"))
        assert looks.all_seen.wait(10)
        hotplug.close()
    assert told == ["x"]
    assert "no audio service" in caplog.text


def test_windows_and_macos_tell_it_themselves() -> None:
    assert set(FOLLOWED) == {"win32", "darwin"}


def test_every_platform_has_a_way_to_look() -> None:
    assert set(FINGERPRINTS) == {"linux", "win32", "darwin"}
