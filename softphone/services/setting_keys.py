"""The schema of settings: every key with its kind, default and choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from softphone.domain.errors import BadSetting

LONGEST_TEXT = 4096
MOST_NAMES = 1000


class Kind(StrEnum):
    """What a setting's value is."""

    TEXT = "text"
    FLAG = "flag"
    NUMBER = "number"
    NAMES = "names"


@dataclass(frozen=True, slots=True)
class Definition:
    """One setting. `choices` limits text, `lowest`/`highest` numbers; people don't see `internal` ones.

    `or_text`: a plain text is a list of one, as versions wrote it that knew but one.
    """

    key: str
    kind: Kind
    default: object
    choices: tuple[str, ...] = ()
    lowest: int = 0
    highest: int = 0
    internal: bool = False
    or_text: bool = False

    def check(self, value: object) -> object:
        """The value in its normal form (lists become tuples). Raises BadSetting."""
        checked = self._typed(value)
        if checked is None or (self.choices and checked not in self.choices):
            raise BadSetting(f"{self.key}: {value!r} is not {self._expected()}")
        return checked

    def parse(self, text: str) -> object:
        """A value from a command line: true/false, digits, names with commas between. Raises BadSetting."""
        match self.kind:
            case Kind.FLAG:
                return self.check({"true": True, "1": True, "false": False, "0": False}.get(text.lower()))
            case Kind.NUMBER:
                return self.check(int(text) if text.isascii() and text.isdigit() else None)
            case Kind.NAMES:
                return self.check(tuple(part.strip() for part in text.split(",") if part.strip()))
            case Kind.TEXT:
                return self.check(text)

    def _typed(self, value: object) -> object:
        match self.kind:
            case Kind.FLAG:
                return value if isinstance(value, bool) else None
            case Kind.NUMBER:
                whole = isinstance(value, int) and not isinstance(value, bool)
                return value if whole and self.lowest <= int(str(value)) <= self.highest else None
            case Kind.NAMES:
                if self.or_text and isinstance(value, str):
                    value = (value,) if value else ()
                listed = isinstance(value, Sequence) and not isinstance(value, str)
                names = tuple(value) if listed and isinstance(value, Sequence) else (None,)
                return names if len(names) <= MOST_NAMES and all(map(_is_storable, names)) else None
            case Kind.TEXT:
                return value if _is_storable(value) else None

    def _expected(self) -> str:
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.kind is Kind.NUMBER:
            return f"a number from {self.lowest} to {self.highest}"
        return {Kind.FLAG: "true or false", Kind.NAMES: "a list of names"}.get(self.kind, "text")


def _is_storable(value: object) -> bool:
    """Whether it is a text of one line that a file takes."""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return False
    return not any(letter in "\0\r\n" or "\ud800" <= letter <= "\udfff" for letter in value)


def _text(key: str, default: str = "", *choices: str, internal: bool = False) -> Definition:
    return Definition(key, Kind.TEXT, default, choices, internal=internal)


def _flag(key: str, default: bool = False, *, internal: bool = False) -> Definition:
    return Definition(key, Kind.FLAG, default, internal=internal)


def _names(key: str, *default: str, internal: bool = False) -> Definition:
    return Definition(key, Kind.NAMES, default, internal=internal)


def _order(key: str, *default: str) -> Definition:
    return Definition(key, Kind.NAMES, default, or_text=True)


_ALL = (
    _order("audio.microphone", "default"),
    _order("audio.speaker", "default"),
    _order("audio.alert", "speaker"),
    _names("audio.ring", "default"),
    _names("audio.names", internal=True),
    _text("audio.echo_cancel", "auto", "auto", "on", "off"),
    _text("audio.noise_suppression", "low", "off", "low", "high"),
    _flag("headset.buttons", default=True),
    _flag("call.auto_answer"),
    _text("call.encryption", "preferred", "required", "preferred", "off"),
    _flag("call.sdes_without_tls"),
    _text("sip.transport", "auto", "auto", "udp", "tcp", "tls"),
    _text("sip.ca_file"),
    Definition("sip.keepalive_s", Kind.NUMBER, 25, lowest=1, highest=600),
    _text("sip.echo_number"),
    _text("service.url"),
    _text("video.camera"),
    _text("video.size", "720p", "360p", "540p", "720p"),
    _names("meetings.servers"),
    _flag("meetings.camera_on_join", default=True),
    _flag("meetings.microphone_on_join", default=True),
    _text("phone.region"),
    _names("phone.emergency_numbers"),
    _text("ui.language", "auto", "auto", "en", "fi", "sv"),
    _text("ui.theme", "system", "system", "light", "dark"),
    _flag("ui.start_with_system"),
    _text("ui.popup_screen"),
    _flag("ui.tray", default=True),
    _flag("ui.headset_page_shown", internal=True),
    _flag("control.enabled"),
    _flag("control.allow_auto_answer"),
    _flag("control.allow_screenshot"),
    _text("account.server", internal=True),
    _text("account.user", internal=True),
    _text("account.transport", "auto", "auto", "udp", "tcp", "tls", internal=True),
    _text("account.ca_file", internal=True),
    _flag("account.remember", internal=True),
    _text("account.service", internal=True),
    _text("account.instance_id", internal=True),
    _names("account.tls_servers", internal=True),
    _names("account.service_hosts", internal=True),
    _names("account.number_forms", internal=True),
    _names("meetings.places", internal=True),
)

DEFINITIONS: MappingProxyType[str, Definition] = MappingProxyType({d.key: d for d in _ALL})
"""Every setting by key. `account.*` is what the program remembers of signing in; never a secret."""


def definition(key: str) -> Definition:
    """The definition of a key. Raises BadSetting for an unknown one."""
    if key not in DEFINITIONS:
        raise BadSetting(f"unknown setting {key}")
    return DEFINITIONS[key]
