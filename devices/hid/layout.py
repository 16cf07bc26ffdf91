"""Where in a headset's reports its buttons and lights are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from devices.hid.descriptor import Descriptor, Field, Report
from devices.hid.types import Lights
from devices.hid.usages import CONTROLS, LIGHTS, PROGRAMMABLE_BUTTON, TELEPHONY_PAGE, Control, page


@dataclass(frozen=True, slots=True)
class _Cell:
    """One value of a report."""

    report_id: int
    offset: int
    size: int
    signed: bool

    def read(self, bits: int) -> int:
        value = (bits >> self.offset) & ((1 << self.size) - 1)
        negative = self.signed and value >> (self.size - 1)
        return value - (1 << self.size) if negative else value


class Layout:
    """A headset's buttons and lights. `pulses` are the controls that say "pressed" and keep no state;
    `stays` those whose state never falls back by itself."""

    def __init__(self, descriptor: Descriptor) -> None:
        self._numbered = descriptor.numbered
        self._cells: list[tuple[Control, _Cell]] = []
        self._arrays: list[Field] = []
        self._outputs: dict[int, list[tuple[str, int]]] = {}
        self._lengths = {key: (bits + 7) // 8 for key, bits in descriptor.lengths.items()}
        pulses: set[Control] = set()
        stays: set[Control] = set()
        for field in descriptor.fields:
            if field.constant or not field.size:
                continue
            if field.report is Report.INPUT:
                found = self._input(field)
                pulses.update(found if field.array or field.relative else ())
                stays.update(found if field.stays else ())
            elif field.report is Report.OUTPUT and not field.array:
                self._output(field)
        self.controls = frozenset(control for control, _ in self._cells) | frozenset(
            control for field in self._arrays for control in _controls(field).values()
        )
        self.pulses = frozenset(pulses)
        self.stays = frozenset(stays - pulses)
        telephony = any(page(usage) == TELEPHONY_PAGE for usage in descriptor.applications)
        self.is_headset = Control.HOOK in self.controls or (telephony and Control.MUTE in self.controls)

    @property
    def lights(self) -> frozenset[str]:
        """What of `Lights` the headset can show."""
        return frozenset(name for places in self._outputs.values() for name, _ in places)

    def read(self, report: bytes) -> dict[Control, int]:
        """The values of the controls this report speaks of; nothing for a report that is none of these."""
        report_id, data = (report[0] if report else 0, report[1:]) if self._numbered else (0, report)
        if len(data) < self._lengths.get((Report.INPUT, report_id), 1):
            return {}
        bits = int.from_bytes(data, "little")
        values: dict[Control, int] = {}
        for control, cell in self._cells:
            if cell.report_id == report_id:
                values[control] = values.get(control, 0) or cell.read(bits)
        for field in self._arrays:
            if field.report_id == report_id:
                for control, value in _pressed(field, bits):
                    values[control] = values.get(control, 0) or value
        return values

    def write(self, lights: Lights) -> dict[int, bytes]:
        """Every output report by its id, as hidapi wants them: the id comes first, 0 where there are none."""
        return {report_id: self._report(report_id, lights) for report_id in self._outputs}

    def shows(self, report_id: int, name: str) -> bool:
        """Whether this report carries that light."""
        return any(found == name for found, _ in self._outputs.get(report_id, ()))

    def asked(self) -> tuple[tuple[int, int], ...]:
        """Ids and lengths, the id's byte included, of the input reports that hold the hook switch's state."""
        if Control.HOOK in self.pulses:
            return ()
        ids = {cell.report_id for control, cell in self._cells if control is Control.HOOK}
        return tuple((report_id, 1 + self._lengths[Report.INPUT, report_id]) for report_id in sorted(ids))

    @property
    def longest(self) -> int:
        """Bytes of the longest input report, the id's byte included."""
        return 1 + max((size for (way, _), size in self._lengths.items() if way is Report.INPUT), default=0)

    def _input(self, field: Field) -> set[Control]:
        if field.array:
            found = set(_controls(field).values())
            if found:
                self._arrays.append(field)
            return found
        cells = list(_places(field))
        self._cells.extend(cells)
        return {control for control, _ in cells}

    def _output(self, field: Field) -> None:
        for index in range(field.count):
            name = LIGHTS.get(field.usage(index))
            if name is not None and index < _named(field):
                places = self._outputs.setdefault(field.report_id, [])
                places.append((name, field.offset + index * field.size))

    def _report(self, report_id: int, lights: Lights) -> bytes:
        bits = 0
        for name, offset in self._outputs[report_id]:
            bits |= int(getattr(lights, name)) << offset
        length = self._lengths[Report.OUTPUT, report_id]
        return bytes([report_id]) + bits.to_bytes(length, "little")


def _places(field: Field) -> Iterator[tuple[Control, _Cell]]:
    for index in range(min(field.count, _named(field))):
        control = _control(field, field.usage(index))
        if control is not None:
            offset = field.offset + index * field.size
            yield control, _Cell(field.report_id, offset, field.size, field.lowest < 0)


def _named(field: Field) -> int:
    """How many values have a usage of their own."""
    return sum(len(span) for span in field.usages)


def _control(field: Field, usage: int) -> Control | None:
    """Buttons mean something only where they belong to a telephony collection."""
    if page(usage) != TELEPHONY_PAGE:
        telephony = any(page(around) == TELEPHONY_PAGE for around in field.collections)
        below = PROGRAMMABLE_BUTTON in field.collections and page(usage) == 0x09
        return Control.REJECT if below else CONTROLS.get(usage) if telephony else None
    return CONTROLS.get(usage)


def _controls(field: Field) -> dict[int, Control]:
    """The controls an array can name, by usage."""
    spans = (usage for span in field.usages for usage in (span if len(span) <= 256 else ()))
    found = ((usage, _control(field, usage)) for usage in spans)
    return {usage: control for usage, control in found if control is not None}


def _pressed(field: Field, bits: int) -> Iterator[tuple[Control, int]]:
    """Which controls an array names now (1) and which not (0)."""
    mask = (1 << field.size) - 1
    values = ((bits >> (field.offset + index * field.size)) & mask for index in range(field.count))
    named = {field.usage(v - field.lowest) for v in values if field.lowest <= v <= field.highest}
    for usage, control in _controls(field).items():
        yield control, int(usage in named)
