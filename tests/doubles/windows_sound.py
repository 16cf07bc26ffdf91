"""Windows' MMDevice API as far as the program uses it, with tables of functions that are really called."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from devices.com import S_OK, UNKNOWN, ComObject, Guid, call
from devices.mmdevice import CAPTURE, ENUMERATOR, ENUMERATOR_CLASS, NUMBER, RENDER, TEXT, PropertyKey, Value

NOT_FOUND = -0x7FF8FB70
"""HRESULT_FROM_WIN32(ERROR_NOT_FOUND): there is no default device."""

Out = ctypes.POINTER(ctypes.c_void_p)
Id = ctypes.c_void_p


@dataclass(frozen=True)
class Endpoint:
    """One endpoint; a name or a form of None has no such property."""

    flow: int
    identity: str
    name: str | None
    form: int | None


class WindowsSound:
    """Stands for ole32 with an audio service behind it. `endpoints` is what is plugged in."""

    def __init__(self, *endpoints: Endpoint) -> None:
        self.endpoints = list(endpoints)
        self.defaults: dict[int, str] = {}
        self.entered = self.texts = 0
        self.enters_with = S_OK
        self.has_service = True
        self.objects: list[ComObject] = []
        self.clients: list[int] = []
        self.registered: Callable[[], None] = lambda: None
        self._kept: list[Any] = []

    # --- ole32 ------------------------------------------------------------------------------------------

    def CoInitializeEx(self, reserved: None, mode: int) -> int:  # noqa: N802  the library's own names
        """Enter COM."""
        self.entered += self.enters_with >= S_OK
        return self.enters_with

    def CoUninitialize(self) -> None:  # noqa: N802
        """Leave COM."""
        self.entered -= 1

    def CoCreateInstance(  # noqa: N802
        self, wanted: Any, outer: None, context: int, interface: Any, found: Any
    ) -> int:
        """Give the enumerator."""
        assert bytes(wanted._obj) == bytes(ENUMERATOR_CLASS)
        assert bytes(interface._obj) == bytes(ENUMERATOR)
        if not self.has_service:
            return NOT_FOUND
        found._obj.value = self._made(
            (self._enum_endpoints, (ctypes.c_int, ctypes.c_uint32, Out)),
            (self._get_default, (ctypes.c_int, ctypes.c_int, Out)),
            (lambda *_: NOT_FOUND, (Id, Out)),
            (self._register, (ctypes.c_void_p,)),
            (self._unregister, (ctypes.c_void_p,)),
        )
        return S_OK

    def CoTaskMemFree(self, memory: Any) -> None:  # noqa: N802
        """Free a text."""
        assert memory.value
        self.texts -= 1

    def PropVariantClear(self, value: Any) -> int:  # noqa: N802
        """Free what a value holds."""
        value._obj.type = 0
        return S_OK

    # --- the service ------------------------------------------------------------------------------------

    @property
    def leaked(self) -> int:
        """Objects that were given and not released."""
        return sum(made.references for made in self.objects)

    def tell(self, slot: int, types: tuple[Any, ...], *arguments: Any) -> None:
        """Call the registered objects as the system does."""
        for client in self.clients:
            call(client, slot, types, *arguments)

    def _made(self, *methods: Any) -> int:
        made = ComObject(UNKNOWN, methods)
        self.objects.append(made)
        return made.address

    def _enum_endpoints(self, flow: int, mask: int, out: Any) -> int:
        found = [endpoint for endpoint in self.endpoints if endpoint.flow == flow]

        def count(number: Any) -> int:
            number[0] = len(found)
            return S_OK

        def item(index: int, device: Any) -> int:
            device[0] = self._device(found[index])
            return S_OK

        out[0] = self._made(
            (count, (ctypes.POINTER(ctypes.c_uint32),)),
            (item, (ctypes.c_uint32, Out)),
        )
        return S_OK

    def _get_default(self, flow: int, role: int, out: Any) -> int:
        for endpoint in self.endpoints:
            if (endpoint.flow, endpoint.identity) == (flow, self.defaults.get(flow)):
                out[0] = self._device(endpoint)
                return S_OK
        return NOT_FOUND

    def _device(self, endpoint: Endpoint) -> int:
        def identity(out: Any) -> int:
            self.texts += 1
            out[0] = self._text(endpoint.identity)
            return S_OK

        def properties(access: int, out: Any) -> int:
            out[0] = self._properties(endpoint)
            return S_OK

        return self._made(
            (lambda *_: NOT_FOUND, (ctypes.c_void_p,)),
            (properties, (ctypes.c_uint32, Out)),
            (identity, (Out,)),
        )

    def _properties(self, endpoint: Endpoint) -> int:
        def get(key: Any, value: Any) -> int:
            number = key[0].number
            if number == 14 and endpoint.name is not None:
                value[0].type, value[0].data = TEXT, self._text(endpoint.name)
            elif number == 0 and endpoint.form is not None:
                value[0].type, value[0].data = NUMBER, endpoint.form
            return S_OK

        none = (lambda *_: NOT_FOUND, (ctypes.c_void_p,))
        types = (ctypes.POINTER(PropertyKey), ctypes.POINTER(Value))
        return self._made(none, none, (get, types))

    def _text(self, text: str) -> int:
        buffer = ctypes.create_unicode_buffer(text)
        self._kept.append(buffer)
        return ctypes.addressof(buffer)

    def _register(self, client: int) -> int:
        self.clients.append(client)
        self.registered()
        return S_OK

    def _unregister(self, client: int) -> int:
        self.clients.remove(client)
        return S_OK


HEADSET_OUT = Endpoint(RENDER, "{0.0.0}.{a}", "Headset (Jabra Évolve)", 5)
HEADSET_IN = Endpoint(CAPTURE, "{0.0.1}.{b}", "Headset (Jabra Évolve)", 5)
SPEAKERS = Endpoint(RENDER, "{0.0.0}.{c}", "Speakers (Realtek)", 1)


def wrong_interface() -> Guid:
    """An interface nobody has."""
    return Guid.of("12345678-0000-0000-0000-000000000000")
