from __future__ import annotations

import pytest

from softphone.domain.device_kind import WORN, guess_kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Headset", "headset"),
        ("Speakers (Jabra Evolve2 65)", "headset"),
        ("Jabra Speak 510 USB", "speakers"),
        ("Echo Cancelling Speakerphone (Jabra SPEAK 410)", "speakers"),
        ("Plantronics Blackwire 5220", "headset"),
        ("Poly Voyager Focus 2", "headset"),
        ("Poly Sync 20", "speakers"),
        ("EPOS IMPACT 1060T", "headset"),
        ("EPOS EXPAND 40", "speakers"),
        ("Sennheiser SC 165 USB", "headset"),
        ("Sennheiser SP 30", "speakers"),
        ("Kuulokemikrofoni (USB Audio)", "headset"),
        ("Sankaluuri", "headset"),
        ("Kuulokkeet", "headphones"),
        ("Hörlurar (Realtek)", "headphones"),
        ("Kopfhörer (Realtek)", "headphones"),
        ("WH-1000XM5", "headphones"),
        ("Headphones", "headphones"),
        ("Puhelinluuri", "handset"),
        ("USB Handset", "handset"),
        ("Kaiuttimet (Realtek High Definition Audio)", "speakers"),
        ("Högtalare", "speakers"),
        ("Lautsprecher", "speakers"),
        ("MacBook Pro Speakers", "speakers"),
        ("HDMI / DisplayPort", "speakers"),
        ("Built-in Audio Analog Stereo", ""),
        ("heard.wav", ""),
    ],
)
def test_a_name_says_what_it_is(name: str, kind: str) -> None:
    assert guess_kind(name) == kind


@pytest.mark.parametrize(
    ("name", "told", "kind"),
    [
        ("Built-in Audio Analog Stereo", "headphones", "headphones"),
        ("Speakers (USB Audio)", "headset", "headset"),
        ("Jabra Speak 750", "headset", "speakers"),
        ("Speakers (Jabra Evolve2 65)", "speakers", "headset"),
    ],
)
def test_a_product_says_more_than_the_system_and_the_system_more_than_a_word(
    name: str, told: str, kind: str
) -> None:
    assert guess_kind(name, told) == kind


def test_echo_comes_from_what_is_not_worn() -> None:
    kinds = {guess_kind(name) for name in ("Headset", "Headphones", "Handset", "Speakers", "heard.wav")}
    assert kinds - WORN == {"speakers", ""}
