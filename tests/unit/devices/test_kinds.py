from __future__ import annotations

import pytest

from devices.kinds import from_core_audio, from_pulse, from_windows


@pytest.mark.parametrize(
    ("form", "port", "port_type", "is_input", "kind"),
    [
        ("headset", "analog-output", "Analog", False, "headset"),
        ("headphone", "", "", False, "headphones"),
        ("handset", "", "", False, "handset"),
        ("speaker", "", "", False, "speakers"),
        ("hands-free", "", "", False, "speakers"),
        ("internal", "analog-output-headphones", "Headphones", False, "headphones"),
        ("internal", "analog-output-headphones", "", False, "headphones"),
        ("internal", "analog-output-speaker", "Speaker", False, "speakers"),
        ("internal", "analog-input-headset-mic", "Headset", True, "headset"),
        ("internal", "analog-output", "Analog", False, "speakers"),
        ("internal", "analog-input-mic", "Mic", True, ""),
        ("webcam", "analog-input-mic", "Mic", True, ""),
        ("", "hdmi-output-0", "HDMI", False, "speakers"),
        ("", "", "", False, ""),
    ],
)
def test_pulseaudio(form: str, port: str, port_type: str, is_input: bool, kind: str) -> None:
    assert from_pulse(form, port, port_type, is_input=is_input) == kind


@pytest.mark.parametrize(
    ("form", "kind"),
    [(1, "speakers"), (3, "headphones"), (4, ""), (5, "headset"), (6, "handset"), (10, ""), (99, "")],
)
def test_windows(form: int, kind: str) -> None:
    assert from_windows(form) == kind


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (int.from_bytes(b"hdph", "big"), "headphones"),
        (int.from_bytes(b"ispk", "big"), "speakers"),
        (int.from_bytes(b"hset", "big"), "headset"),
        (0x0402, "headset"),
        (0x0302, "headphones"),
        (0x0201, ""),
        (0, ""),
    ],
)
def test_core_audio(code: int, kind: str) -> None:
    assert from_core_audio(code) == kind
