"""Report descriptors of headsets, written from the USB HID usage tables in the shapes headsets come in.

None is a copy of a product's. Items: 05 page, 09 usage, 19/29 usages from…to, 15/25 logical from…to, 75 bits,
95 count, 85 report id, A1/C0 collection, 81 input, 91 output. Flags: 02 absolute, 06 relative, 22 absolute
"no preferred", 26 relative "no preferred", 03 padding.
"""

from __future__ import annotations


def _bytes(text: str) -> bytes:
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


PLAIN = _bytes("""
    05 0B 09 05 A1 01              # telephony: headset
    15 00 25 01 75 01
    09 20 95 01 81 22              # hook switch, stays
    09 2F 95 01 81 06              # phone mute, relative
    95 06 81 03
    05 08 09 17 09 09 09 18 09 20  # off-hook, mute, ring, hold
    95 04 91 22
    95 04 91 03
    C0
""")
"""No report ids: hook bit 0 (state), mute bit 1 (pulse); lights in one byte: off-hook, mute, ring, hold."""

LATCHED = _bytes("""
    05 0B 09 05 A1 01
    85 01 15 00 25 01 75 01
    09 20 09 2F 95 02 81 22        # both are states that stay
    95 06 81 03
    85 02 05 08 09 17 95 01 91 22 95 07 91 03
    85 03 09 09 95 01 91 22 95 07 91 03
    85 04 09 18 95 01 91 22 95 07 91 03
    C0
""")
"""A mute switch that stays where it is put, and a report of its own for each light; no hold."""

JABRA_LIKE = _bytes("""
    05 0C 09 01 A1 01              # consumer control: volume up, down
    85 01 15 00 25 01 09 E9 09 EA 75 01 95 02 81 02
    95 06 81 03
    C0
    05 0B 09 05 A1 01              # telephony: headset
    85 02 15 00 25 01 75 01
    09 20 09 97 95 02 81 22        # hook switch, line busy tone
    09 2A 95 01 81 22              # line
    09 2F 09 21 09 24 09 50 95 04 81 06   # mute, flash, redial, speed dial
    09 07 A1 02 05 09 09 01 95 01 81 02 C0  # programmable button: button 1
    95 08 81 03
    85 02 05 08
    09 17 09 09 09 18 09 20 09 21 95 05 91 22   # off-hook, mute, ring, hold, microphone
    05 0B 09 9E 95 01 91 22        # ringer
    95 0A 91 03
    C0
    06 00 FF 09 01 A1 01           # vendor's own
    85 05 26 FF 00 75 08 95 3F 09 01 81 02 09 01 91 02
    C0
""")
"""Consumer, telephony and vendor collections; reject is a button below a programmable button."""

POLY_LIKE = _bytes("""
    05 0B 09 05 A1 01
    85 08 15 00 25 01 75 01
    09 20 95 01 81 23              # a constant twin, as some have: padding
    09 20 95 01 81 22              # hook switch
    09 2F 95 01 81 06              # mute
    09 21 95 01 81 06              # flash
    09 26 95 01 81 06              # drop
    95 03 81 01
    85 09 05 08 09 17 95 01 91 22 95 07 91 01
    85 0A 05 0B 09 9E 95 01 91 22 95 07 91 01   # ringer
    85 0B 05 08 09 09 95 01 91 22 95 07 91 01
    85 0C 09 20 95 01 91 22 95 07 91 01
    C0
""")
"""One report for each light, the ringer instead of the ring light, keys for flash and drop."""

EPOS_LIKE = _bytes("""
    05 0B 09 01 A1 01              # telephony: phone
    85 03 15 00 25 01 75 01
    A4                             # push
    09 20 95 01 81 02              # hook switch, no word on whether it stays
    09 2F 95 01 81 02              # mute, the same
    05 09 09 07 95 01 81 06        # button 7: reject
    05 0B 09 24 95 01 81 06        # redial
    75 04 95 01 81 03
    B4                             # pop
    05 08 0B 17 00 08 00 0B 18 00 08 00 95 02 91 02   # extended usages: off-hook, ring
    0B 09 00 08 00 95 01 91 02
    75 05 95 01 91 03
    C0
""")
"""Push and pop, usages of four bytes, momentary states, button 7 for reject; no hold light."""

ARRAY = _bytes("""
    05 0B 09 05 A1 01
    85 01 15 01 25 10 19 20 29 2F 75 08 95 02 81 00   # two slots that name usages 20 to 2F
    85 02 15 00 25 01 05 08 19 17 29 18 75 01 95 02 91 02 95 06 91 03
    C0
""")
"""Buttons come as numbers in slots; usages as a range."""

KEYBOARD = _bytes("""
    05 01 09 06 A1 01
    05 07 19 E0 29 E7 15 00 25 01 75 01 95 08 81 02
    95 01 75 08 81 03
    95 05 75 01 05 08 19 01 29 05 91 02 95 01 75 03 91 03
    95 06 75 08 15 00 26 A4 00 05 07 19 00 2A A4 00 81 00
    C0
""")
"""The boot keyboard with its five lights."""

MOUSE = _bytes("""
    05 01 09 02 A1 01 09 01 A1 00
    05 09 19 01 29 08 15 00 25 01 95 08 75 01 81 02
    05 01 09 30 09 31 09 38 15 81 25 7F 75 08 95 03 81 06
    C0 C0
""")
"""Eight buttons (the seventh too), two axes, a wheel."""

CONSUMER = _bytes("""
    05 0C 09 01 A1 01
    15 00 25 01 09 E9 09 EA 09 CD 05 0B 09 2F 75 01 95 04 81 02 95 04 81 03
    C0
""")
"""Keys for media, with a mute key of the telephony page among them, as keyboards have."""

HEADSETS = {
    "plain": PLAIN,
    "latched": LATCHED,
    "jabra-like": JABRA_LIKE,
    "poly-like": POLY_LIKE,
    "epos-like": EPOS_LIKE,
    "array": ARRAY,
}
OTHERS = {"keyboard": KEYBOARD, "mouse": MOUSE, "consumer": CONSUMER}
