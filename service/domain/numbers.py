"""Phone numbers: one form for the service, so that 040 123 and +358 40 123 are one account."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SEPARATORS = re.compile(r"[\s()\-./\u00a0]")
_NUMBER = re.compile(r"\+?[0-9]{2,30}")


@dataclass(frozen=True, slots=True)
class Numbering:
    """How numbers are written where the service stands.

    `country` is the country's code (ITU-T E.164), `trunk` what national numbers begin with, `abroad` the
    prefix that stands for "+". A number without any of them is the company's own (an extension) and stays.
    """

    country: str = "358"
    trunk: str = "0"
    abroad: str = "00"
    international: bool = False

    def canonical(self, text: str) -> str | None:
        """With "+" and country where it has one; None where it is no number."""
        number = _SEPARATORS.sub("", text)
        if not _NUMBER.fullmatch(number):
            return None
        if number.startswith("+"):
            return number
        if self.abroad and number.startswith(self.abroad) and len(number) > len(self.abroad) + 4:
            return "+" + number[len(self.abroad) :]
        if self.trunk and number.startswith(self.trunk) and len(number) > len(self.trunk) + 1:
            return f"+{self.country}{number[len(self.trunk) :]}"
        return number

    def shown(self, canonical: str) -> str:
        """In the form the SIP server has: `international`, or national where it is this country's."""
        prefix = f"+{self.country}"
        if self.international or not canonical.startswith(prefix):
            return canonical
        return self.trunk + canonical[len(prefix) :]
