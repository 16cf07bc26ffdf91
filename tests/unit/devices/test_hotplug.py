from __future__ import annotations

import threading

from devices.hotplug import FINGERPRINTS, Hotplug


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
    looks = Looks(b"a", b"b", b"c", b"c", b"c")
    told: list[str] = []
    hotplug = Hotplug(looks, period_s=0.001)
    hotplug.watch(lambda: told.append("gone"))()
    assert looks.all_seen.wait(10)
    hotplug.close()
    assert told == []


def test_every_platform_has_a_way_to_look() -> None:
    assert set(FINGERPRINTS) == {"linux", "win32", "darwin"}
