"""Which devices are headsets, and which bits of theirs mean what."""

from __future__ import annotations

import pytest

from devices.hid.descriptor import parse
from devices.hid.layout import Layout
from devices.hid.types import DARK, Lights
from devices.hid.usages import Control
from tests.doubles import hid_shapes as shapes

OFF_HOOK, MUTED = Lights(off_hook=True), Lights(off_hook=True, muted=True)
RINGING, HELD = Lights(ringing=True), Lights(off_hook=True, held=True)

WRITTEN = [
    (shapes.PLAIN, RINGING, {0: "0004"}),
    (shapes.PLAIN, Lights(ringing=True, silenced=True), {0: "0000"}),
    (shapes.PLAIN, OFF_HOOK, {0: "0001"}),
    (shapes.PLAIN, MUTED, {0: "0003"}),
    (shapes.PLAIN, HELD, {0: "0009"}),
    (shapes.PLAIN, DARK, {0: "0000"}),
    (shapes.LATCHED, MUTED, {2: "0201", 3: "0301", 4: "0400"}),
    (shapes.LATCHED, RINGING, {2: "0200", 3: "0300", 4: "0401"}),
    (shapes.JABRA_LIKE, RINGING, {2: "022400"}),
    (shapes.JABRA_LIKE, OFF_HOOK, {2: "020100"}),
    (shapes.JABRA_LIKE, MUTED, {2: "020300"}),
    (shapes.JABRA_LIKE, HELD, {2: "020900"}),
    (shapes.POLY_LIKE, RINGING, {9: "0900", 10: "0A01", 11: "0B00", 12: "0C00"}),
    (shapes.POLY_LIKE, MUTED, {9: "0901", 10: "0A00", 11: "0B01", 12: "0C00"}),
    (shapes.POLY_LIKE, HELD, {9: "0901", 10: "0A00", 11: "0B00", 12: "0C01"}),
    (shapes.EPOS_LIKE, RINGING, {3: "0302"}),
    (shapes.EPOS_LIKE, MUTED, {3: "0305"}),
    (shapes.ARRAY, RINGING, {2: "0202"}),
]

READ = [
    (shapes.PLAIN, "01", {Control.HOOK}),
    (shapes.PLAIN, "02", {Control.MUTE}),
    (shapes.PLAIN, "FC", set()),
    (shapes.LATCHED, "0103", {Control.HOOK, Control.MUTE}),
    (shapes.JABRA_LIKE, "020100", {Control.HOOK}),
    (shapes.JABRA_LIKE, "020600", set()),
    (shapes.JABRA_LIKE, "020800", {Control.MUTE}),
    (shapes.JABRA_LIKE, "021000", {Control.FLASH}),
    (shapes.JABRA_LIKE, "022000", {Control.REDIAL}),
    (shapes.JABRA_LIKE, "028000", {Control.REJECT}),
    (shapes.JABRA_LIKE, "0103", set()),
    (shapes.POLY_LIKE, "0801", set()),
    (shapes.POLY_LIKE, "0802", {Control.HOOK}),
    (shapes.POLY_LIKE, "0804", {Control.MUTE}),
    (shapes.POLY_LIKE, "0808", {Control.FLASH}),
    (shapes.POLY_LIKE, "0810", {Control.DROP}),
    (shapes.EPOS_LIKE, "0301", {Control.HOOK}),
    (shapes.EPOS_LIKE, "0302", {Control.MUTE}),
    (shapes.EPOS_LIKE, "0304", {Control.REJECT}),
    (shapes.EPOS_LIKE, "0308", {Control.REDIAL}),
    (shapes.ARRAY, "010110", {Control.HOOK, Control.MUTE}),
    (shapes.ARRAY, "010400", {Control.HOLD}),
]


@pytest.mark.parametrize("name", shapes.HEADSETS)
def test_headsets_are_headsets(name: str) -> None:
    layout = Layout(parse(shapes.HEADSETS[name]))
    assert layout.is_headset
    assert {"off_hook", "rings"} <= layout.lights


@pytest.mark.parametrize("name", shapes.OTHERS)
def test_others_are_none(name: str) -> None:
    layout = Layout(parse(shapes.OTHERS[name]))
    assert not layout.is_headset
    assert not layout.write(Lights(True, True, True, True))


@pytest.mark.parametrize(("descriptor", "lights", "reports"), WRITTEN)
def test_lights_become_reports(descriptor: bytes, lights: Lights, reports: dict[int, str]) -> None:
    written = Layout(parse(descriptor)).write(lights)
    assert written == {report_id: bytes.fromhex(text) for report_id, text in reports.items()}


@pytest.mark.parametrize(("descriptor", "report", "pressed"), READ)
def test_reports_become_values(descriptor: bytes, report: str, pressed: set[Control]) -> None:
    values = Layout(parse(descriptor)).read(bytes.fromhex(report))
    assert {control for control, value in values.items() if value} == pressed


@pytest.mark.parametrize("report", ["", "02", "0201", "0901", "FF"])
def test_reports_too_short_or_unknown_say_nothing(report: str) -> None:
    assert Layout(parse(shapes.JABRA_LIKE)).read(bytes.fromhex(report)) == {}


def test_only_a_hook_switch_with_a_state_is_asked_for() -> None:
    assert Layout(parse(shapes.JABRA_LIKE)).asked() == ((2, 3),)
    assert Layout(parse(shapes.PLAIN)).asked() == ((0, 2),)
    assert Layout(parse(shapes.ARRAY)).asked() == ()


def test_a_mouse_button_in_no_telephony_collection_rejects_nothing() -> None:
    assert Layout(parse(shapes.MOUSE)).controls == frozenset()
