"""Report descriptors: what is read from them, and that nothing whatever does more harm than an error."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.hid.descriptor import MOST_BITS, MOST_BYTES, Descriptor, DescriptorError, Report, parse
from devices.hid.layout import Layout
from devices.hid.types import Lights
from tests.doubles.hid_shapes import EPOS_LIKE, HEADSETS, JABRA_LIKE, KEYBOARD, MOUSE, OTHERS, PLAIN


def _named(descriptor: Descriptor, report: Report) -> list[tuple[int, int, int]]:
    """Report id, bit and usage of each value that is not padding."""
    return [
        (field.report_id, field.offset + index * field.size, field.usage(index))
        for field in descriptor.fields
        if field.report is report and not field.constant
        for index in range(field.count)
    ]


def test_values_stand_where_the_items_say() -> None:
    descriptor = parse(PLAIN)
    assert _named(descriptor, Report.INPUT) == [(0, 0, 0x0B0020), (0, 1, 0x0B002F)]
    assert _named(descriptor, Report.OUTPUT) == [
        (0, 0, 0x080017),
        (0, 1, 0x080009),
        (0, 2, 0x080018),
        (0, 3, 0x080020),
    ]
    assert descriptor.lengths == {(Report.INPUT, 0): 8, (Report.OUTPUT, 0): 8}
    assert descriptor.applications == (0x0B0005,)
    assert not descriptor.numbered


def test_each_report_id_counts_its_own_bits() -> None:
    descriptor = parse(JABRA_LIKE)
    assert descriptor.numbered
    assert descriptor.lengths[Report.INPUT, 1] == 8
    assert descriptor.lengths[Report.INPUT, 2] == 16
    assert descriptor.lengths[Report.INPUT, 5] == 63 * 8
    assert descriptor.applications == (0x0C0001, 0x0B0005, 0xFF000001)
    assert (2, 7, 0x090001) in _named(descriptor, Report.INPUT)
    button = next(field for field in descriptor.fields if field.usage(0) == 0x090001)
    assert button.collections == (0x0B0005, 0x0B0007)


def test_pushed_items_come_back_and_usages_of_four_bytes_bring_their_page() -> None:
    descriptor = parse(EPOS_LIKE)
    assert _named(descriptor, Report.OUTPUT) == [(3, 0, 0x080017), (3, 1, 0x080018), (3, 2, 0x080009)]
    assert descriptor.lengths[Report.OUTPUT, 3] == 8


def test_ranges_name_one_value_after_another_and_limits_have_signs() -> None:
    keys = next(f for f in parse(KEYBOARD).fields if f.count == 8)
    assert [keys.usage(index) for index in (0, 7)] == [0x0700E0, 0x0700E7]
    axes = next(f for f in parse(MOUSE).fields if f.relative)
    assert (axes.lowest, axes.highest) == (-127, 127)
    array = next(f for f in parse(KEYBOARD).fields if f.array and not f.constant)
    assert (array.lowest, array.highest, array.usage(4)) == (0, 164, 0x070004)


def test_the_last_usage_holds_for_the_values_that_follow() -> None:
    (field,) = parse(bytes.fromhex("050B 0920 092F 7501 9504 8102".replace(" ", ""))).fields
    assert [field.usage(index) for index in range(4)] == [0x0B0020, 0x0B002F, 0x0B002F, 0x0B002F]


def test_of_alternatives_in_a_delimiter_the_first_counts() -> None:
    (field,) = parse(bytes.fromhex("050B A901 0920 0921 A900 7501 9501 8102".replace(" ", ""))).fields
    assert field.usages == (range(0x0B0020, 0x0B0021),)


def test_long_items_are_passed_over() -> None:
    assert parse(bytes.fromhex("FE0299AABB") + PLAIN) == parse(PLAIN)


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        (PLAIN[:-1] + b"\x27\x01", "ends inside an item"),
        (b"\xfe\x05", "ends inside a long item"),
        (b"\xc0", "never began"),
        (b"\xb4", "never pushed"),
        (b"\xa4" * 33, "pushed too often"),
        (b"\xa1\x01" * 33, "too deep"),
        (b"\x85\x00", "report id 0"),
        (b"\x86\x00\x01", "report id 256"),
        (b"\x77\xff\xff\xff\xff\x95\x01\x81\x02", "larger"),
        (b"\x75\x20\x96\xff\xff\x81\x02", "larger"),
        (bytes(MOST_BYTES + 1), "bytes"),
    ],
)
def test_what_no_device_says_is_an_error(broken: bytes, why: str) -> None:
    with pytest.raises(DescriptorError, match=why):
        parse(broken)


def _survives(data: bytes, report: bytes) -> None:
    """Whatever can be parsed can be used."""
    try:
        descriptor = parse(data)
    except DescriptorError:
        return
    assert sum(descriptor.lengths.values()) <= MOST_BITS
    layout = Layout(descriptor)
    assert set(layout.read(report)) <= layout.controls
    assert set(layout.write(Lights(True, True, True, True))) == set(layout.write(Lights()))
    assert all(length >= 1 for _, length in layout.asked())


@given(st.binary(max_size=200), st.binary(max_size=20))
@settings(max_examples=300, deadline=None)
def test_any_bytes(data: bytes, report: bytes) -> None:
    _survives(data, report)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_headsets_with_wrong_bytes(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from([*HEADSETS.values(), *OTHERS.values()])))
    places = st.tuples(st.integers(0, len(whole) - 1), st.integers(0, 255))
    for at, byte in data.draw(st.lists(places, max_size=4)):
        whole[at] = byte
    cut = data.draw(st.integers(0, len(whole)))
    _survives(bytes(whole[:cut]), data.draw(st.binary(max_size=70)))
