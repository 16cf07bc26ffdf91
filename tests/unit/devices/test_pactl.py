from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from devices.pactl import Endpoint, Pactl

SINKS = [
    {"name": "usb", "description": "Jabra Évolve", "channel_map": "front-left,front-right"},
    {"name": "hdmi", "description": "", "channel_map": "mono"},
]
SOURCES = [
    {
        "name": "usb.monitor",
        "description": "Monitor",
        "monitor_source": "usb",
        "properties": {"device.class": "monitor"},
    },
    {
        "name": "mic",
        "description": "Microphone",
        "channel_map": "mono",
        "monitor_source": "",
        "properties": {"device.class": "sound"},
    },
]


def program(directory: Path, info: object, sinks: object, sources: object, events: str = "") -> str:
    """A `pactl` that prints these answers."""
    for name, answer in (("info", info), ("sinks", sinks), ("sources", sources)):
        (directory / name).write_text(answer if isinstance(answer, str) else json.dumps(answer))
    (directory / "events").write_text(events)
    script = directory / "pactl"
    script.write_text(
        f'#!/bin/sh\ncd "{directory}"\n'
        'if [ "$1" = subscribe ]; then cat events; exit 0; fi\n'
        'for last; do :; done\ncat "$last"\n'
    )
    script.chmod(0o755)
    return str(script)


INFO = {"default_sink_name": "usb", "default_source_name": "mic"}


def test_lists_sinks_and_sources_without_monitors(tmp_path: Path) -> None:
    assert Pactl(program(tmp_path, INFO, SINKS, SOURCES)).endpoints() == (
        Endpoint("usb", "Jabra Évolve", 2, is_input=False, is_default=True),
        Endpoint("hdmi", "hdmi", 1, is_input=False, is_default=False),
        Endpoint("mic", "Microphone", 1, is_input=True, is_default=True),
    )


@pytest.mark.parametrize("answer", ["", "no JSON", "{}", '"text"'])
def test_an_answer_that_makes_no_sense_is_no_server(tmp_path: Path, answer: str) -> None:
    assert Pactl(program(tmp_path, INFO, answer, SOURCES)).endpoints() is None


def test_without_the_program_there_is_no_server(tmp_path: Path) -> None:
    assert Pactl(str(tmp_path / "missing")).endpoints() is None


def test_tells_plugging_and_defaults_but_not_volumes_and_streams(tmp_path: Path) -> None:
    events = (
        "Event 'new' on sink #3\nEvent 'change' on sink #3\nEvent 'new' on sink-input #8\n"
        "Event 'remove' on source #2\nEvent 'change' on server #4294967295\nEvent 'new' on client #1\n"
    )
    told = threading.Semaphore(0)
    stop = Pactl(program(tmp_path, INFO, [], [], events), retry_s=60).subscribe(told.release)
    for _ in range(4):  # three events, and the end of the program itself
        assert told.acquire(timeout=10)
    stop()
    assert not told.acquire(blocking=False)


def test_a_subscription_that_dies_is_started_again(tmp_path: Path) -> None:
    told = threading.Semaphore(0)
    stop = Pactl(program(tmp_path, INFO, [], [], "Event 'new' on sink #3\n"), retry_s=0.001).subscribe(
        told.release
    )
    for _ in range(6):
        assert told.acquire(timeout=10)
    stop()


def test_a_missing_program_is_tried_again_quietly(tmp_path: Path) -> None:
    told = threading.Semaphore(0)
    stop = Pactl(str(tmp_path / "missing"), retry_s=0.001).subscribe(told.release)
    assert told.acquire(timeout=10)
    assert told.acquire(timeout=10)
    stop()
