from __future__ import annotations

from devices.described import Described
from devices.portaudio import Listed
from devices.seats import Seats, Told

API = "Windows WASAPI"


def output(name: str = "Headset", system_id: str = "", nth: int = 0) -> Told:
    row = Listed(nth, API, name, 0, 2, 48_000, False, False, nth)
    return row, Described(name, False, "headset", system_id) if system_id else None


def microphone(name: str = "Headset", nth: int = 0) -> Told:
    return Listed(9, API, name, 1, 0, 48_000, True, False, nth), Described(name, True, "", "mic")


def names(seats: Seats, *rows: Told) -> list[tuple[str, str]]:
    """Each device's name and the system's id of it."""
    return [(name, seat.system_id) for (_, name), seat in seats.seated(rows).items()]


def test_devices_of_one_name_are_told_apart() -> None:
    assert names(Seats(), output(), output(nth=1), output(nth=2)) == [
        ("Headset", ""),
        ("Headset (2)", ""),
        ("Headset (3)", ""),
    ]


def test_a_device_keeps_its_name_when_the_list_comes_in_another_order() -> None:
    seats = Seats()
    assert names(seats, output(system_id="a"), output(system_id="b", nth=1)) == [
        ("Headset", "a"),
        ("Headset (2)", "b"),
    ]
    assert sorted(names(seats, output(system_id="b"), output(system_id="a", nth=1))) == [
        ("Headset", "a"),
        ("Headset (2)", "b"),
    ]


def test_a_device_keeps_its_name_while_its_twin_is_away() -> None:
    seats = Seats()
    names(seats, output(system_id="a"), output(system_id="b", nth=1))
    assert names(seats, output(system_id="b")) == [("Headset (2)", "b")]
    assert sorted(names(seats, output(system_id="b"), output(system_id="a", nth=1))) == [
        ("Headset", "a"),
        ("Headset (2)", "b"),
    ]


def test_another_headset_of_the_model_takes_the_place_of_the_one_that_went() -> None:
    seats = Seats()
    names(seats, output(system_id="a"))
    assert names(seats, output(system_id="b")) == [("Headset", "b")]
    assert sorted(names(seats, output(system_id="a"), output(system_id="b", nth=1))) == [
        ("Headset", "a"),
        ("Headset (2)", "b"),
    ]


def test_what_records_and_what_plays_under_one_name_is_one_device() -> None:
    ((_, seat),) = Seats().seated([output(system_id="a"), microphone()]).items()
    assert seat.output is not None
    assert seat.input is not None
    assert (seat.kind, seat.system_id, seat.default_input, seat.default_output) == (
        "headset",
        "a",
        True,
        False,
    )


def test_a_device_without_channels_is_left_out() -> None:
    row = Listed(0, API, "Nothing", 0, 0, 48_000, False, False)
    assert Seats().seated([(row, None)]) == {}


def test_the_same_name_at_another_host_api_is_another_device() -> None:
    other = Listed(5, "MME", "Headset", 0, 2, 48_000, False, False)
    assert set(Seats().seated([output(), (other, None)])) == {(API, "Headset"), ("MME", "Headset")}
