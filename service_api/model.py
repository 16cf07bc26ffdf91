"""The base of every wire type but a device's sign-in: checked, frozen, silent about what it held."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, StringConstraints


class Wire(BaseModel):
    """A frozen JSON object. Unknown members are passed over; an error names the member, never its content."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?([Zz]|[+\-][0-9]{2}:[0-9]{2})"
)


def _written_out(value: object) -> object:
    """Numbers and dates alone would be taken for times otherwise."""
    if isinstance(value, str) and _RFC_3339.fullmatch(value):
        return value
    if isinstance(value, str | int | float):
        raise ValueError("time")
    return value


def _lines(value: object) -> object:
    """Text from elsewhere ends its lines in other ways."""
    return value.replace("\r\n", "\n").replace("\r", "\n") if isinstance(value, str) else value


Time = Annotated[AwareDatetime, BeforeValidator(_written_out)]
"""RFC 3339 5.6, with its offset; seconds may be left out, as people do."""

PRINTABLE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
TEXT = r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$"

Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{1,64}$")]
"""An identifier the service made."""

Secret = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-]{22,128}$")]
"""128 random bits or more, base64url."""

Name = Annotated[
    str, StringConstraints(pattern=PRINTABLE, min_length=1, max_length=80, strip_whitespace=True)
]
"""A person's, an office's or a device's name: one line."""

Line = Annotated[str, StringConstraints(pattern=PRINTABLE, max_length=200, strip_whitespace=True)]
"""One line, may be empty."""

Paragraphs = Annotated[str, BeforeValidator(_lines), StringConstraints(pattern=TEXT, max_length=4000)]
"""Several lines, may be empty; between them a line feed, however they came."""

Message = Annotated[str, StringConstraints(pattern=TEXT, min_length=1, max_length=2000)]
"""A chat line."""

PhoneNumber = Annotated[str, StringConstraints(pattern=r"^(\+?[0-9][0-9 ()\-]{2,30})?$")]
"""As a person writes it, or empty."""

Email = Annotated[str, StringConstraints(pattern=r"^([^\s@]{1,64}@[^\s@]{1,190})?$")]
"""An address, or empty."""

Language = Annotated[str, StringConstraints(pattern=r"^(en|fi|sv)$")]

Sdp = Annotated[str, StringConstraints(min_length=1, max_length=64 * 1024)]
"""RFC 8866, every candidate in it: nothing is trickled."""
