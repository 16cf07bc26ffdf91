"""What is worn and what stands on the desk, by a device's name: on loudspeakers the far end hears itself."""

from __future__ import annotations

WORN = frozenset({"headset", "headphones", "handset"})
"""Kinds that the microphone does not hear."""

_PRODUCTS = (
    (
        "speakers",
        (
            "speakerphone",
            "jabra speak",
            "jabra panacast",
            "poly sync",
            "poly studio",
            "calisto",
            "epos expand",
            "sennheiser sp ",
            "sennheiser sp2",
            "powerconf",
            "yealink cp",
            "yealink sp",
            "logitech p710",
            "meetup",
            "soundbar",
        ),
    ),
    (
        "headset",
        (
            "jabra",
            "blackwire",
            "voyager",
            "encorepro",
            "savi ",
            "plantronics",
            "poly ",
            "epos",
            "sennheiser sc",
            "sennheiser mb",
            "sennheiser sd",
            "sennheiser dw",
            "sennheiser presence",
            "yealink uh",
            "yealink wh",
            "yealink bh",
            "zone wired",
            "zone wireless",
            "zone vibe",
            "airpods",
            "earpods",
            "hyperx cloud",
            "arctis",
            "lifechat",
        ),
    ),
    ("headphones", ("wh-1000x", "wf-1000x", "quietcomfort", "momentum")),
)
"""Makers' names for their products. They say more than the system does: Windows calls the speaker of many
headsets "Speakers", and many speakerphones call themselves headsets."""

_WORDS = (
    (
        "headset",
        (
            "headset",
            "hands-free",
            "handsfree",
            "earset",
            "kuulokemikrofoni",
            "sankaluuri",
            "luurit",
            "sprechgarnitur",
        ),
    ),
    (
        "headphones",
        ("headphone", "earphone", "earbud", "kuulok", "hörlur", "kopfhörer", "ohrhörer", "phones out"),
    ),
    ("handset", ("handset", "luuri", "telefonlur", "handlur", "telefonhörer", "earpiece")),
    (
        "speakers",
        ("speaker", "kaiut", "högtalar", "lautsprecher", "hdmi", "displayport", "display audio", "monitor"),
    ),
)
"""What systems and makers call them, in the languages of their drivers; the first match counts."""


def guess_kind(name: str, told: str = "") -> str:
    """By a product's name, else as the system `told` it, else by the words in the name; "" where unknown."""
    words = f"{name.casefold()} "
    return _find(_PRODUCTS, words) or told or _find(_WORDS, words)


def _find(table: tuple[tuple[str, tuple[str, ...]], ...], words: str) -> str:
    return next((kind for kind, marks in table if any(mark in words for mark in marks)), "")
