"""Every input that was ever worth keeping, through its target, on each Python and without the fuzzer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fuzz import corpus
from fuzz.corpus import keep, kept, packed, unpack
from fuzz.judge import MOST_S, Finding, judged, on_loop, require
from fuzz.merging import chosen_from
from fuzz.registry import TARGETS, Target, named


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_what_is_kept_is_no_finding(target: Target) -> None:
    run = target.runner()
    inputs = kept(target)
    assert inputs
    for data in inputs:
        run(data)


def test_inputs_are_kept_as_text_and_come_back_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(corpus, "KEPT", tmp_path)
    target = named("sdp")
    odd = [bytes(range(256)), b"\\n\r\n'\"\x85\x1e", b"", b"\\"]
    keep(target, [*odd, odd[0]])
    assert kept(target)[len(list(target.load().seeds())) :] == sorted(odd, key=lambda data: (len(data), data))
    unpack(odd, tmp_path / "files")
    assert sorted(packed(tmp_path / "files")) == sorted(odd)


def test_only_inputs_that_reach_something_new_are_kept() -> None:
    target = named("sdp")
    seeds = list(target.load().seeds())
    new = b"v=0\r\nm=audio 1 RTP/AVP 8\r\nb=AS:64\r\n"
    chosen, reached = chosen_from(
        target, seeds[:1], [b"v=0\r\nm=x 99999 y", new, new + b"b=AS:65\r\n", seeds[0]]
    )
    assert chosen == [b"v=0\r\nm=x 99999 y", new]
    assert reached > 100


def _logs(data: bytes) -> None:
    logging.getLogger("anything").error("broken")


def _drops_a_task(data: bytes) -> None:
    async def work() -> None:
        asyncio.get_running_loop().call_soon(require, False, "in a callback")
        await asyncio.sleep(1)

    on_loop(work())


def _works_long(data: bytes) -> None:
    end = time.thread_time() + MOST_S
    while time.thread_time() <= end:
        pass


@pytest.mark.parametrize("run", [_logs, _drops_a_task, _works_long])
def test_what_is_wrong_without_being_raised_is_a_finding(run: Callable[[bytes], None]) -> None:
    with pytest.raises(Finding):
        judged(run)(b"")
