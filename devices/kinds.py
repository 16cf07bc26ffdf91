"""What is worn and what stands on the desk, from the words each system has for it."""

from __future__ import annotations

HEADSET, HEADPHONES, SPEAKERS, HANDSET = "headset", "headphones", "speakers", "handset"

_FORM_FACTORS = {
    "headset": HEADSET,
    "headphone": HEADPHONES,
    "handset": HANDSET,
    "hands-free": SPEAKERS,
    "speaker": SPEAKERS,
    "tv": SPEAKERS,
    "hifi": SPEAKERS,
    "car": SPEAKERS,
    "portable": SPEAKERS,
}
"""PulseAudio's device.form_factor. "internal" and "computer" say nothing of what is plugged into the jack."""

_PORT_TYPES = {
    "headset": HEADSET,
    "headphones": HEADPHONES,
    "handset": HANDSET,
    "earpiece": HANDSET,
    "speaker": SPEAKERS,
    "hdmi": SPEAKERS,
    "tv": SPEAKERS,
    "car": SPEAKERS,
    "hands-free": SPEAKERS,
}
"""PulseAudio's port types (version 14 and later)."""

_PORT_NAMES = (("headset", HEADSET), ("headphone", HEADPHONES), ("speaker", SPEAKERS), ("hdmi", SPEAKERS))
"""Words in the names of PulseAudio's ports, for servers that give no type."""

_ENDPOINT_FORM_FACTORS = {1: SPEAKERS, 3: HEADPHONES, 5: HEADSET, 6: HANDSET, 9: SPEAKERS}
"""Windows' EndpointFormFactor (mmdeviceapi.h); 9 is a screen."""

_TERMINALS = {
    b"spkr": SPEAKERS,
    b"dspk": SPEAKERS,
    b"lfes": SPEAKERS,
    b"hdmi": SPEAKERS,
    b"hdph": HEADPHONES,
    b"hset": HEADSET,
    b"hmic": HEADSET,
    b"rspk": HANDSET,
    b"rmic": HANDSET,
    b"ispk": SPEAKERS,
    b"espk": SPEAKERS,
    b"hdpn": HEADPHONES,
    (0x0301).to_bytes(4, "big"): SPEAKERS,
    (0x0302).to_bytes(4, "big"): HEADPHONES,
    (0x0304).to_bytes(4, "big"): SPEAKERS,
    (0x0401).to_bytes(4, "big"): HANDSET,
    (0x0402).to_bytes(4, "big"): HEADSET,
    (0x0403).to_bytes(4, "big"): SPEAKERS,
    (0x0404).to_bytes(4, "big"): SPEAKERS,
    (0x0405).to_bytes(4, "big"): SPEAKERS,
}
"""Core Audio's data sources and terminal types: its own four letters, or the number of the USB audio class
("Universal Serial Bus Device Class Definition for Terminal Types", 2.3 and 2.4)."""


def from_pulse(form_factor: str, port: str, port_type: str, *, is_input: bool) -> str:
    """By the device's form, else by its active port, else what is built in is taken for a loudspeaker."""
    if kind := _FORM_FACTORS.get(form_factor):
        return kind
    if kind := _PORT_TYPES.get(port_type.lower()):
        return kind
    for word, kind in _PORT_NAMES:
        if word in port.lower():
            return kind
    return SPEAKERS if form_factor == "internal" and not is_input else ""


def from_windows(form_factor: int) -> str:
    """By the endpoint's form factor."""
    return _ENDPOINT_FORM_FACTORS.get(form_factor, "")


def from_core_audio(code: int) -> str:
    """By a data source or a terminal type."""
    return _TERMINALS.get(code.to_bytes(4, "big"), "")
