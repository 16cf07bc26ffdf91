from __future__ import annotations

from devices.pactl import Endpoint
from devices.titles import Titles


def headset(name: str, *, is_input: bool = False, description: str = "Headset") -> Endpoint:
    return Endpoint(name, description, 2, is_input, False)


def listed(titles: Titles, *endpoints: Endpoint) -> list[str]:
    """The titles in the order of the list."""
    found = titles.of(endpoints)
    return [found[one.is_input, one.name] for one in endpoints]


def test_twins_are_numbered_and_others_are_not() -> None:
    other = headset("c", description="Speakers")
    assert listed(Titles(), headset("a"), headset("b"), other) == ["Headset", "Headset (2)", "Speakers"]


def test_a_microphone_is_no_twin_of_the_speaker_beside_it() -> None:
    assert listed(Titles(), headset("a"), headset("a", is_input=True)) == ["Headset", "Headset"]


def test_a_title_stays_while_its_device_is_there() -> None:
    titles = Titles()
    listed(titles, headset("a"), headset("b"))
    assert listed(titles, headset("b")) == ["Headset (2)"]
    assert listed(titles, headset("b"), headset("a")) == ["Headset (2)", "Headset"]
    assert listed(titles, headset("c"), headset("b"), headset("a")) == [
        "Headset (3)",
        "Headset (2)",
        "Headset",
    ]


def test_a_device_that_went_leaves_its_number() -> None:
    titles = Titles()
    listed(titles, headset("a"))
    assert listed(titles, headset("b")) == ["Headset"]


def test_another_description_is_another_title_at_once() -> None:
    titles = Titles()
    listed(titles, headset("a"))
    assert listed(titles, headset("a", description="Headset, hands-free")) == ["Headset, hands-free"]
