"""HID report descriptors (Device Class Definition for HID 1.11, section 6.2.2): bytes in, fields out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

MOST_BYTES = 4096
MOST_BITS = 8 * 65_536
"""All reports together; real devices stay far below."""
DEEPEST = 32

_CONSTANT, _VARIABLE, _RELATIVE, _NO_PREFERRED = 0x01, 0x02, 0x04, 0x20
_LONG_ITEM = 0xFE


class DescriptorError(Exception):
    """The bytes are no report descriptor, or one larger than any real one."""


class Report(StrEnum):
    """Which way a report travels."""

    INPUT = "input"
    OUTPUT = "output"
    FEATURE = "feature"


@dataclass(frozen=True, slots=True)
class Field:
    """One main item: `count` values of `size` bits from bit `offset` of a report, its id byte not counted.

    `usages` are ranges in order; `collections` the usages of the collections around it, outermost first.
    """

    report: Report
    report_id: int
    offset: int
    size: int
    count: int
    flags: int
    lowest: int
    highest: int
    usages: tuple[range, ...]
    collections: tuple[int, ...]

    @property
    def constant(self) -> bool:
        """Padding."""
        return bool(self.flags & _CONSTANT)

    @property
    def array(self) -> bool:
        """Values name usages, instead of one value for each usage."""
        return not self.flags & _VARIABLE

    @property
    def relative(self) -> bool:
        """A value is a change, not a state."""
        return bool(self.flags & _RELATIVE)

    @property
    def stays(self) -> bool:
        """The control has no position it returns to by itself ("No Preferred")."""
        return bool(self.flags & _NO_PREFERRED)

    def usage(self, index: int) -> int:
        """The usage of a value, or 0; the last one counts for all that follow it in a variable field."""
        for span in self.usages:
            if index < len(span):
                return span[index]
            index -= len(span)
        return self.usages[-1][-1] if self.usages and not self.array else 0


@dataclass(frozen=True, slots=True)
class Descriptor:
    """All fields; `lengths` in bits by way and report id; `applications` are the outermost usages."""

    fields: tuple[Field, ...]
    lengths: Mapping[tuple[Report, int], int]
    applications: tuple[int, ...]

    @property
    def numbered(self) -> bool:
        """Whether each report begins with its id."""
        return any(report_id for _, report_id in self.lengths)


@dataclass(frozen=True, slots=True)
class _Globals:
    page: int = 0
    lowest: tuple[int, int] = (0, 0)
    highest: tuple[int, int] = (0, 0)
    size: int = 0
    report_id: int = 0
    count: int = 0

    def logical(self) -> tuple[int, int]:
        """Least and greatest value; the greatest is unsigned where nothing is below zero."""
        lowest = _signed(*self.lowest)
        return lowest, _signed(*self.highest) if lowest < 0 else self.highest[0]


@dataclass(slots=True)
class _Locals:
    usages: list[tuple[int, int, int]] = field(default_factory=list)
    lowest: tuple[int, int] | None = None
    alternative: int = -1
    """-1 outside a delimiter; inside it the number of usages seen, of which the first counts."""

    def take(self, first: int, last: int, size: int) -> None:
        if self.alternative < 1:
            self.usages.append((first, last, size))
        if self.alternative >= 0:
            self.alternative += 1

    def resolved(self, page: int) -> tuple[range, ...]:
        """Usages of one or two bytes get the page that holds at the main item."""
        whole = ((0 if size == 4 else page << 16, first, last) for first, last, size in self.usages)
        return tuple(range(base + first, base + last + 1) for base, first, last in whole if first <= last)


def parse(data: bytes) -> Descriptor:
    """The fields of a report descriptor. Raises DescriptorError."""
    if len(data) > MOST_BYTES:
        raise DescriptorError(f"{len(data)} bytes")
    reading = _Reading()
    for kind, tag, value, size in _items(data):
        reading.take(kind, tag, value, size)
    return Descriptor(tuple(reading.fields), reading.lengths, tuple(reading.applications))


def _items(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Type, tag, value and size of every short item; long items carry nothing that is defined."""
    at = 0
    while at < len(data):
        prefix = data[at]
        if prefix == _LONG_ITEM:
            if at + 2 >= len(data):
                raise DescriptorError("ends inside a long item")
            at += 3 + data[at + 1]
            continue
        size = (0, 1, 2, 4)[prefix & 0x03]
        if at + 1 + size > len(data):
            raise DescriptorError("ends inside an item")
        value = int.from_bytes(data[at + 1 : at + 1 + size], "little")
        yield (prefix >> 2) & 0x03, prefix >> 4, value, size
        at += 1 + size


class _Reading:
    """The parser's state: globals with their stack, locals, collections."""

    def __init__(self) -> None:
        self.fields: list[Field] = []
        self.lengths: dict[tuple[Report, int], int] = {}
        self.applications: list[int] = []
        self._globals = _Globals()
        self._stack: list[_Globals] = []
        self._locals = _Locals()
        self._collections: list[int] = []

    def take(self, kind: int, tag: int, value: int, size: int) -> None:
        if kind == 0:
            self._main(tag, value)
            self._locals = _Locals()
        elif kind == 1:
            self._global(tag, value, size)
        elif kind == 2:
            self._local(tag, value, size)

    def _main(self, tag: int, value: int) -> None:
        reports = {8: Report.INPUT, 9: Report.OUTPUT, 11: Report.FEATURE}
        if tag in reports:
            self._field(reports[tag], value)
        elif tag == 10:
            self._open()
        elif tag == 12:
            if not self._collections:
                raise DescriptorError("a collection ends that never began")
            self._collections.pop()

    def _open(self) -> None:
        usages = self._locals.resolved(self._globals.page)
        usage = usages[0][0] if usages else 0
        if len(self._collections) >= DEEPEST:
            raise DescriptorError("collections too deep")
        if not self._collections:
            self.applications.append(usage)
        self._collections.append(usage)

    def _field(self, report: Report, flags: int) -> None:
        now = self._globals
        key = (report, now.report_id)
        offset = self.lengths.get(key, 0)
        length = offset + now.size * now.count
        self.lengths[key] = length
        if sum(self.lengths.values()) > MOST_BITS:
            raise DescriptorError("larger than any real device's")
        usages = self._locals.resolved(now.page)
        place = (report, now.report_id, offset, now.size, now.count, flags)
        self.fields.append(Field(*place, *now.logical(), usages, tuple(self._collections)))

    def _global(self, tag: int, value: int, size: int) -> None:
        now = self._globals
        match tag:
            case 0:
                self._globals = replace(now, page=value & 0xFFFF)
            case 1:
                self._globals = replace(now, lowest=(value, size))
            case 2:
                self._globals = replace(now, highest=(value, size))
            case 7:
                self._globals = replace(now, size=value)
            case 8:
                self._globals = replace(now, report_id=_id(value))
            case 9:
                self._globals = replace(now, count=value)
            case 10:
                self._push()
            case 11:
                self._pop()

    def _push(self) -> None:
        if len(self._stack) >= DEEPEST:
            raise DescriptorError("pushed too often")
        self._stack.append(self._globals)

    def _pop(self) -> None:
        if not self._stack:
            raise DescriptorError("popped what was never pushed")
        self._globals = self._stack.pop()

    def _local(self, tag: int, value: int, size: int) -> None:
        here = self._locals
        match tag:
            case 0:
                here.take(value, value, size)
            case 1:
                here.lowest = (value, size)
            case 2 if here.lowest is not None:
                here.take(here.lowest[0], value, here.lowest[1])
                here.lowest = None
            case 10:
                here.alternative = 0 if value else -1


def _id(value: int) -> int:
    if not 1 <= value <= 255:
        raise DescriptorError(f"report id {value}")
    return value


def _signed(value: int, size: int) -> int:
    bits = 8 * size
    return value - (1 << bits) if bits and value >= 1 << (bits - 1) else value
