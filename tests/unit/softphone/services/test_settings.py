"""Settings in their three layers."""

from __future__ import annotations

import pytest

from softphone.domain.errors import BadSetting
from softphone.domain.events import Event, Notice, SettingChanged
from softphone.runtime.bus import Bus
from softphone.services.setting_keys import DEFINITIONS
from softphone.services.settings import Settings
from tests.doubles.stores import FakeSettingsStore


class Bench:
    """Settings with a store, and what the bus said."""

    def __init__(
        self,
        policy: dict[str, object] | None = None,
        overrides: dict[str, str] | None = None,
        **stored: object,
    ) -> None:
        self.store = FakeSettingsStore(**{key.replace("__", "."): value for key, value in stored.items()})
        self.events: list[Event] = []
        bus = Bus()
        bus.subscribe(self.events.append)
        self.settings = Settings(self.store, bus, policy=policy, overrides=overrides)


async def test_defaults_are_valid_values_of_their_own_kind() -> None:
    bench = Bench()
    for key, definition in DEFINITIONS.items():
        assert definition.check(definition.default) == bench.settings.get(key)


async def test_layers() -> None:
    bench = Bench(
        {"call.encryption": "required"}, {"call.encryption": "off", "ui.theme": "dark"}, ui__theme="light"
    )
    await bench.settings.load()
    assert bench.settings.text("call.encryption") == "required"
    assert bench.settings.locked("call.encryption")
    assert bench.settings.text("ui.theme") == "dark"
    with pytest.raises(BadSetting):
        await bench.settings.set("call.encryption", "off")
    await bench.settings.set("ui.theme", "system")
    assert bench.settings.text("ui.theme") == "system"
    assert bench.store.values == {"ui.theme": "system"}


async def test_overrides_are_never_written() -> None:
    bench = Bench(overrides={"audio.microphone": "file:/tmp/a.wav"})
    await bench.settings.set("ui.theme", "dark")
    assert "audio.microphone" not in bench.store.values


async def test_change_is_told_once_to_those_who_listen() -> None:
    bench = Bench()
    heard: list[object] = []
    cancel = bench.settings.subscribe("audio.ring", heard.append)
    await bench.settings.set("audio.ring", ["a", "b"])
    await bench.settings.set("audio.ring", ("a", "b"))
    await bench.settings.set("ui.theme", "dark")
    cancel()
    await bench.settings.set("audio.ring", ())
    assert heard == [("a", "b")]
    assert bench.events == [
        SettingChanged("audio.ring", ("a", "b")),
        SettingChanged("ui.theme", "dark"),
        SettingChanged("audio.ring", ()),
    ]
    assert bench.settings.names("audio.ring") == ()


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("call.auto_answer", "true", True),
        ("call.auto_answer", "0", False),
        ("sip.keepalive_s", "2", 2),
        ("audio.ring", "a, b,", ("a", "b")),
        ("audio.ring", "", ()),
        ("ui.language", "sv", "sv"),
    ],
)
async def test_text(key: str, text: str, value: object) -> None:
    bench = Bench()
    await bench.settings.set_text(key, text)
    assert bench.settings.get(key) == value


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("call.auto_answer", "perhaps"),
        ("sip.keepalive_s", "0"),
        ("sip.keepalive_s", "x"),
        ("sip.keepalive_s", "²"),
        ("ui.language", "de"),
        ("no.such", "1"),
    ],
)
async def test_bad_text(key: str, text: str) -> None:
    with pytest.raises(BadSetting):
        await Bench().settings.set_text(key, text)
    with pytest.raises(BadSetting):
        Bench(overrides={key: text})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("call.auto_answer", 1),
        ("audio.ring", "abc"),
        ("audio.ring", [1]),
        ("sip.keepalive_s", True),
        ("ui.theme", None),
    ],
)
async def test_wrong_kinds(key: str, value: object) -> None:
    with pytest.raises(BadSetting):
        await Bench().settings.set(key, value)


async def test_nonsense_on_disk_is_left_out_and_foreign_keys_survive(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench(ui__theme="pink", call__auto_answer=True, future__key={"a": 1})
    await bench.settings.load()
    assert bench.settings.text("ui.theme") == "system"
    assert "ui.theme" in caplog.text
    assert bench.settings.flag("call.auto_answer")
    await bench.settings.set("ui.language", "fi")
    assert bench.store.values["future.key"] == {"a": 1}


async def test_damaged_file_is_told() -> None:
    bench = Bench()
    bench.store.damaged = True
    await bench.settings.load()
    assert bench.events == [Notice("settings-recovered")]


async def test_full_disk_keeps_the_value_and_tells_once_each_way() -> None:
    bench = Bench()
    bench.store.full = True
    await bench.settings.set("ui.theme", "dark")
    await bench.settings.set("ui.theme", "light")
    assert bench.settings.text("ui.theme") == "light"
    bench.store.full = False
    await bench.settings.set("ui.language", "sv")
    assert [e for e in bench.events if isinstance(e, Notice)] == [
        Notice("storage-failed", {"what": "settings"}),
        Notice("storage-recovered", {"what": "settings"}),
    ]
    assert bench.store.values == {"ui.theme": "light", "ui.language": "sv"}


async def test_people_do_not_see_internal_keys() -> None:
    assert not [d for d in Bench().settings.definitions() if d.key.startswith("account.")]


@pytest.mark.parametrize("absurd", ["\ud800", "x" * 5_000, "a\nb", "a\0b"])
@pytest.mark.parametrize("key", ["sip.ca_file", "phone.emergency_numbers"])
async def test_text_no_file_takes_is_refused(absurd: str, key: str) -> None:
    settings = Settings(FakeSettingsStore(), Bus())
    with pytest.raises(BadSetting):
        await settings.set(key, (absurd,) if key == "phone.emergency_numbers" else absurd)
