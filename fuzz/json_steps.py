"""JSON messages as a fuzzer can reach them: a sound one by its number, then members changed line by line.

A step is a byte that chooses, then lines `member=value` (JSON, or a word taken as text). The byte 255 means
that what follows is the whole message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

RAW = 255


def message_of(step: bytes, sound: Sequence[Mapping[str, object]], words: Mapping[bytes, str]) -> str | bytes:
    """The message of one step; each of `words` found in a value stands for a text known only now."""
    for word, meant in words.items():
        step = step.replace(word, meant.encode())
    if not step or step[0] == RAW:
        return _text(step[1:])
    members = dict(sound[step[0] % len(sound)])
    for line in step[1:].split(b"\n")[:20]:
        name, _, value = line.partition(b"=")
        if name:
            members[name.decode("utf-8", "replace")] = _value(value)
    return json.dumps(members)


def _text(data: bytes) -> str | bytes:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _value(text: bytes) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text.decode("utf-8", "replace")
