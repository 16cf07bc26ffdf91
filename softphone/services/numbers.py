"""Phone numbers: national and international forms, display, and which of them are emergency numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from softphone.domain.errors import BadTarget

DEFAULT_REGION = "FI"
ALWAYS_EMERGENCY = "112"

_DIALLED = re.compile(r"\+?[0-9*#]+")
_SEPARATORS = re.compile(r"[\s()./\-\u2010-\u2015\u00a0\u202a-\u202e\u2066-\u2069]")
_USER = re.compile(r"[^\s:@<>\"\x00-\x1f]+")
_HOST = re.compile(r"(?P<host>(\[[0-9A-Fa-f:.]+\]|[\w.\-]+)(:\d{1,5})?)(?P<parameters>;[^\s?<>\"]*)?(\?\S*)?")
_PLAIN_LINK = re.compile(r"(tel:)?[0-9]+", re.IGNORECASE)
_SCHEMES = ("sip:", "sips:", "tel:")


@dataclass(frozen=True, slots=True)
class Target:
    """What to dial: a user part at the own server, or a whole SIP URI."""

    address: str
    emergency: bool = False


class Numbers:
    """Reads and writes numbers for the region in force; both sources are asked at every use."""

    def __init__(
        self,
        region: Callable[[], str] = lambda: "",
        emergency: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._region = region
        self._emergency = emergency

    @property
    def region(self) -> str:
        """ISO country whose national numbers are dialled."""
        chosen = self._region().upper()
        return chosen if chosen in phonenumbers.SUPPORTED_REGIONS else DEFAULT_REGION

    def target(self, text: str) -> Target:
        """Read what a person dials: a number in any form, a user name, a `sip:` or `tel:` address.

        Raises BadTarget when it is none of them.
        """
        text = text.strip()
        if self.is_emergency(text):
            return Target(bare(text), emergency=True)
        scheme = next((name for name in _SCHEMES if text.lower().startswith(name)), "")
        rest = text[len(scheme) :]
        if scheme != "tel:" and "@" in rest:
            return Target(_address(scheme or "sip:", rest))
        plain = bare(text)
        if not _DIALLED.fullmatch(plain) and (scheme == "tel:" or not _USER.fullmatch(plain)):
            raise BadTarget(f"not a number or address: {text!r}")
        return Target(plain)

    def is_emergency(self, text: str) -> bool:
        """Whether this calls for help: 112, the region's emergency numbers, those of the policy."""
        number = bare(text)
        if not number:
            return False
        own = {bare(listed) for listed in self._emergency()}
        return (
            number == ALWAYS_EMERGENCY
            or number in own
            or (number.isdigit() and phonenumbers.is_emergency_number(number, self.region))
        )

    def is_emergency_link(self, text: str) -> bool:
        """Whether a link is an emergency number and nothing else: only that is dialled without a question."""
        return _PLAIN_LINK.fullmatch(text.strip()) is not None and self.is_emergency(text)

    def display(self, text: str) -> str:
        """How a number is shown: national within the region, else international; addresses without scheme."""
        number = bare(text)
        parsed = self._parse(number)
        if parsed is not None and phonenumbers.is_valid_number(parsed):
            home = phonenumbers.region_code_for_number(parsed) == self.region
            form = PhoneNumberFormat.NATIONAL if home else PhoneNumberFormat.INTERNATIONAL
            return phonenumbers.format_number(parsed, form)
        if _DIALLED.fullmatch(number):
            return number
        return re.sub(r"^(sips?|tel):", "", text.strip(), flags=re.IGNORECASE)

    def typing(self, text: str) -> str:
        """What stands in the dial field while a number is typed: grouped as far as it is one."""
        plain = _SEPARATORS.sub("", text)
        if not re.fullmatch(r"\+?\d+", plain) or self.is_emergency(plain):
            return text.strip() if not _DIALLED.fullmatch(plain) else plain
        formatter = phonenumbers.AsYouTypeFormatter(self.region)
        shown = ""
        for digit in plain:
            shown = formatter.input_digit(digit)
        return shown

    def same(self, one: str, other: str) -> bool:
        """Whether two texts name the same line, in whichever form each is written."""
        return self.key(one) == self.key(other)

    def key(self, text: str) -> str:
        """A form in which equal numbers are equal: E.164 where it is a phone number, else bare."""
        number = bare(text)
        return self.international(number) or number.casefold()

    def international(self, text: str) -> str:
        """E.164 (`+358401234567`), or "" where it is no phone number."""
        parsed = self._parse(bare(text))
        if parsed is None or not phonenumbers.is_possible_number(parsed):
            return ""
        return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)

    def national(self, text: str) -> str:
        """National digits (`0401234567`), or "" where it is no phone number of the region's country code."""
        parsed = self._parse(bare(text))
        if parsed is None or not phonenumbers.is_possible_number(parsed):
            return ""
        if parsed.country_code != phonenumbers.country_code_for_region(self.region):
            return ""
        return bare(phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL))

    def _parse(self, number: str) -> PhoneNumber | None:
        """A number with a country or trunk prefix; short extensions of a house are none."""
        trunk = phonenumbers.ndd_prefix_for_region(self.region, True) == "0"
        if not re.fullmatch(r"\+?\d{5,}", number) or (trunk and not number.startswith(("+", "0"))):
            return None
        try:
            return phonenumbers.parse(number, self.region)
        except NumberParseException:
            return None


def bare(text: str) -> str:
    """The user part alone: no scheme, host, parameters, separators; digits of any script become ASCII."""
    text = re.sub(r"^(sips?|tel):", "", text.strip(), flags=re.IGNORECASE)
    text = text.partition("@")[0].partition(";")[0]
    plain = _SEPARATORS.sub("", text)
    digits = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in plain)
    return digits if _DIALLED.fullmatch(digits.replace("\uff0b", "+")) else text.strip()


def _address(scheme: str, rest: str) -> str:
    """A whole address without password and headers: those would be a stranger's words in our call."""
    user, _, where = rest.partition("@")
    found = _HOST.fullmatch(where)
    if found is None or not _USER.fullmatch(user):
        raise BadTarget(f"not an address: {rest!r}")
    return f"{scheme}{user}@{found['host']}{found['parameters'] or ''}"
