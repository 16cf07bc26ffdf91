"""As much of COM as it takes to call interfaces and to be called: tables of function pointers, by ctypes.

An interface is the address of an address of its table; the first three functions are IUnknown's.
"""

from __future__ import annotations

import ctypes
import uuid
from collections.abc import Callable, Sequence
from typing import Any

S_OK = 0
E_NOINTERFACE = -0x7FFFBFFE
"""0x80004002 as a signed number."""

HRESULT = ctypes.c_int32
FUNCTION: Any = getattr(ctypes, "WINFUNCTYPE", ctypes.CFUNCTYPE)

RELEASE = 2
"""IUnknown's third function."""

Method = tuple[Callable[..., int], tuple[Any, ...]]
"""A function without its `this`, and the types of its arguments."""


class Guid(ctypes.Structure):
    """An interface's or a class's id."""

    _fields_ = (("octets", ctypes.c_ubyte * 16),)

    @classmethod
    def of(cls, text: str) -> Guid:
        """From its usual text."""
        return cls.from_buffer_copy(uuid.UUID(text).bytes_le)

    def __bytes__(self) -> bytes:
        return bytes(self.octets)


UNKNOWN = Guid.of("00000000-0000-0000-C000-000000000046")


def call(interface: int, slot: int, types: Sequence[Any] = (), *arguments: Any) -> None:
    """Call a function that returns HRESULT. Raises OSError for a failure."""
    result = _function(interface, slot, HRESULT, types)(interface, *arguments)
    if result < 0:
        raise OSError(f"function {slot} of an interface failed: {result & 0xFFFFFFFF:#010x}")


def release(interface: int) -> None:
    """IUnknown::Release."""
    _function(interface, RELEASE, ctypes.c_uint32, ())(interface)


def _function(interface: int, slot: int, result: Any, types: Sequence[Any]) -> Callable[..., int]:
    table = ctypes.cast(interface, ctypes.POINTER(ctypes.POINTER(ctypes.c_void_p)))[0]
    function: Callable[..., int] = FUNCTION(result, ctypes.c_void_p, *types)(table[slot])
    return function


class ComObject:
    """An object of ours that others call. It has to be kept for as long as anybody may."""

    def __init__(self, interface: Guid, methods: Sequence[Method]) -> None:
        self._interfaces = (bytes(UNKNOWN), bytes(interface))
        self.references = 1
        unknown: tuple[tuple[Callable[..., int], Any, tuple[Any, ...]], ...] = (
            (self._query, HRESULT, (ctypes.POINTER(Guid), ctypes.POINTER(ctypes.c_void_p))),
            (self._add_reference, ctypes.c_uint32, ()),
            (self._release, ctypes.c_uint32, ()),
        )
        own = ((_without_this(method), HRESULT, types) for method, types in methods)
        self._functions = [
            FUNCTION(result, ctypes.c_void_p, *types)(method) for method, result, types in (*unknown, *own)
        ]
        addresses = [ctypes.cast(function, ctypes.c_void_p).value for function in self._functions]
        self._table = (ctypes.c_void_p * len(addresses))(*addresses)
        self._object = ctypes.c_void_p(ctypes.addressof(self._table))

    @property
    def address(self) -> int:
        """What others know it by."""
        return ctypes.addressof(self._object)

    def _query(self, _this: int, wanted: Any, found: Any) -> int:
        known = bytes(wanted[0]) in self._interfaces
        found[0] = self.address if known else None
        self.references += known
        return S_OK if known else E_NOINTERFACE

    def _add_reference(self, _this: int) -> int:
        self.references += 1
        return self.references

    def _release(self, _this: int) -> int:
        self.references -= 1
        return self.references


def _without_this(method: Callable[..., int]) -> Callable[..., int]:
    return lambda _this, *arguments: method(*arguments)
