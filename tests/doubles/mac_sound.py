"""Core Audio and the part of Core Foundation it needs, as far as the program uses them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

from devices.core_audio import SYSTEM, UTF8, Address

Property = tuple[int, bytes, bytes]
"""Object, selector, scope."""


class MacSound:
    """Stands for both libraries. `numbers` and `texts` are the objects' properties."""

    def __init__(self) -> None:
        self.numbers: dict[Property, list[int]] = {}
        self.texts: dict[Property, str] = {}
        self.listeners: list[tuple[bytes, Any]] = []
        self.strings: dict[int, str] = {}
        self.refuses = 0
        self.own_thread = False
        self.registered: Callable[[], None] = lambda: None
        self.CFStringGetCString: Any = lambda *arguments: self._get_string(*arguments)
        self._next = 1

    def add(self, device: int, name: str, uid: str, *, outputs: int = 0, inputs: int = 0) -> None:
        """Plug a device in; a number of streams in a direction is the number of its first stream."""
        self.numbers.setdefault((SYSTEM, b"dev#", b"glob"), []).append(device)
        self.texts[device, b"lnam", b"glob"] = name
        self.texts[device, b"uid ", b"glob"] = uid
        for scope, stream in ((b"outp", outputs), (b"inpt", inputs)):
            self.numbers[device, b"stm#", scope] = [stream] if stream else []

    def load(self, name: str) -> MacSound:
        """Either library."""
        assert name in ("CoreAudio", "CoreFoundation")
        return self

    def tell(self) -> None:
        """Call every listener as Core Audio does."""
        for _, listener in self.listeners:
            listener(SYSTEM, 1, None, None)

    # --- Core Audio -------------------------------------------------------------------------------------

    def AudioObjectGetPropertyDataSize(  # noqa: N802  the library's own names
        self, owner: int, where: Any, qualifiers: int, qualifier: None, size: Any
    ) -> int:
        """The size of a property, or an error where the object has none such."""
        wanted = _wanted(owner, where)
        if wanted in self.texts:
            size._obj.value = 8
        elif wanted in self.numbers:
            size._obj.value = 4 * len(self.numbers[wanted])
        else:
            return 1
        return 0

    def AudioObjectGetPropertyData(  # noqa: N802
        self, owner: int, where: Any, qualifiers: int, qualifier: None, size: Any, data: Any
    ) -> int:
        """A property; a text comes as a new string."""
        wanted = _wanted(owner, where)
        if wanted in self.texts:
            self.strings[self._next] = self.texts[wanted]
            octets = self._next.to_bytes(8, "little")
            self._next += 1
        else:
            octets = b"".join(number.to_bytes(4, "little") for number in self.numbers[wanted])
        ctypes.memmove(data, octets, len(octets))
        return 0

    def AudioObjectSetPropertyData(  # noqa: N802
        self, owner: int, where: Any, qualifiers: int, qualifier: None, size: int, data: Any
    ) -> int:
        """Only the run loop may be set, and to none."""
        assert _wanted(owner, where) == (SYSTEM, b"rnlp", b"glob")
        assert (size, data._obj.value) == (8, None)
        self.own_thread = True
        return 0

    def AudioObjectAddPropertyListener(  # noqa: N802
        self, owner: int, where: Any, listener: Any, data: None
    ) -> int:
        """Register a function."""
        if self.refuses:
            return self.refuses
        self.listeners.append((_wanted(owner, where)[1], listener))
        if len(self.listeners) == 3:
            self.registered()
        return 0

    def AudioObjectRemovePropertyListener(  # noqa: N802
        self, owner: int, where: Any, listener: Any, data: None
    ) -> int:
        """Forget a function; harmless for one that is not known."""
        entry = (_wanted(owner, where)[1], listener)
        if entry in self.listeners:
            self.listeners.remove(entry)
        return 0

    # --- Core Foundation --------------------------------------------------------------------------------

    def _get_string(self, string: Any, buffer: Any, size: Any, encoding: int) -> int:
        assert encoding == UTF8
        octets = self.strings[string.value].encode() + b"\0"
        if len(octets) > size.value:
            return 0
        ctypes.memmove(buffer, octets, len(octets))
        return 1

    def CFRelease(self, string: Any) -> None:  # noqa: N802
        """Free a string."""
        del self.strings[string.value]


def _wanted(owner: int, where: Any) -> Property:
    address: Address = where._obj
    assert address.element == 0
    return owner, address.selector.to_bytes(4, "big"), address.scope.to_bytes(4, "big")
