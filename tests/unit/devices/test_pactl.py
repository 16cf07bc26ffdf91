from __future__ import annotations

import queue
from pathlib import Path

from devices.pactl import Change, Endpoint, Pactl

INFO = """Server String: unix:/run/user/1000/pulse/native
Server Name: pulseaudio
Default Sink: usb
Default Source: mic
Cookie: 850e:f016
"""
SINKS = """Sink #0
	State: IDLE
	Name: usb
	Description: Jabra Évolve: 2
	Driver: module-alsa-card.c
	Channel Map: front-left,front-right
	Volume: front-left: 65536 / 100% / 0.00 dB,   front-right: 65536 / 100% / 0.00 dB
	Properties:
		device.description = "Sink #9: something"
		device.serial = "GN_Audio_Jabra_0123"
		device.bus_path = "pci-0000:00:14.0-usb-0:1:1.0"
		device.form_factor = "headset"
		Name: not this one
	Ports:
		analog-output: Analog Output (type: Analog, priority: 9900)
	Active Port: analog-output

Sink #7
	Name: hdmi
	Description:
	Channel Map: mono

Sink #8
	Name: nothing
	Description: No channels
	Channel Map:
"""
SOURCES = """Source #0
	Name: usb.monitor
	Description: Monitor of Jabra Évolve
	Channel Map: front-left,front-right
	Monitor of Sink: usb

Source #1
	Name: mic
	Description: Inre mikrofon för tal
	Channel Map: mono
	Monitor of Sink: n/a
	Properties:
		device.form_factor = "internal"
		device.bus_path = "pci-0000:00:1f.3"
"""


def program(directory: Path, info: str = INFO, sinks: str = SINKS, events: str = "") -> str:
    """A `pactl` that prints these answers."""
    for name, answer in (("info", info), ("sinks", sinks), ("sources", SOURCES), ("events", events)):
        (directory / name).write_text(answer)
    script = directory / "pactl"
    script.write_text(
        f'#!/bin/sh\ncd "{directory}"\n'
        'if [ "$1" = subscribe ]; then cat events; exit 0; fi\n'
        'for last; do :; done\ncat "$last"\n'
    )
    script.chmod(0o755)
    return str(script)


def test_lists_sinks_and_sources_without_monitors(tmp_path: Path) -> None:
    assert Pactl(program(tmp_path)).endpoints() == (
        Endpoint("usb", "Jabra Évolve: 2", 2, False, True, "headset", "GN_Audio_Jabra_0123", 0),
        Endpoint("hdmi", "hdmi", 1, False, False, "", "", 7),
        Endpoint("mic", "Inre mikrofon för tal", 1, True, True, "", "pci-0000:00:1f.3", 1),
    )


def test_a_server_with_nothing_is_still_a_server(tmp_path: Path) -> None:
    endpoints = Pactl(program(tmp_path, info="", sinks="")).endpoints()
    assert [endpoint.name for endpoint in endpoints or ()] == ["mic"]


def test_a_program_that_fails_is_no_server(tmp_path: Path) -> None:
    command = program(tmp_path)
    (tmp_path / "sources").unlink()
    assert Pactl(command).endpoints() is None


def test_without_the_program_there_is_no_server(tmp_path: Path) -> None:
    assert Pactl(str(tmp_path / "missing")).endpoints() is None


def heard(told: queue.Queue[Change]) -> Change:
    return told.get(timeout=10)


def test_tells_plugging_and_defaults_but_not_streams(tmp_path: Path) -> None:
    events = (
        "Event 'new' on sink #3\nEvent 'change' on sink #3\nEvent 'new' on sink-input #8\n"
        "Event 'remove' on source #2\nEvent 'change' on server #4294967295\nEvent 'new' on client #1\n"
    )
    told = queue.Queue[Change]()
    subscription = Pactl(program(tmp_path, events=events), retry_s=60).subscribe(told.put)
    found = [heard(told) for _ in range(4)]
    subscription.stop()
    assert found == [Change(), Change(detail=True), Change(gone=2, is_input=True), Change(defaults=True)]
    assert told.empty()


def test_a_subscription_that_dies_is_started_again(tmp_path: Path) -> None:
    told = queue.Queue[Change]()
    subscription = Pactl(program(tmp_path, events="Event 'new' on sink #3\n"), retry_s=0.001).subscribe(
        told.put
    )
    for _ in range(3):
        assert heard(told) == Change()
    subscription.stop()


def test_a_missing_program_is_tried_again_until_it_is_there(tmp_path: Path) -> None:
    told = queue.Queue[Change]()
    subscription = Pactl(str(tmp_path / "pactl"), retry_s=0.01).subscribe(told.put)
    assert told.empty()
    program(tmp_path, events="Event 'new' on sink #3\n")
    assert heard(told) == Change()
    subscription.stop()


def test_the_defaults_alone(tmp_path: Path) -> None:
    assert Pactl(program(tmp_path)).defaults() == ("usb", "mic")
    assert Pactl(str(tmp_path / "missing")).defaults() is None


def test_a_server_that_goes_is_told(tmp_path: Path) -> None:
    command = program(tmp_path)
    (tmp_path / "pactl").write_text("#!/bin/sh\nsleep 0.8\n")
    told = queue.Queue[Change]()
    subscription = Pactl(command, retry_s=60).subscribe(told.put)
    assert heard(told) == Change()  # connected by now, whatever was plugged before
    connected = [subscription.connected]
    assert heard(told) == Change()  # and gone
    assert [*connected, subscription.connected] == [True, False]
    subscription.stop()
