"""Typed header values: parse in, str out (RFC 3261 sections 20 and 25 and its extensions).

A parsed value prints as it came. Parameters are kept as written, quotes included; `parameter()` gives
the value without them. Names of parameters are compared without regard to case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from sip_bridge.core.errors import MessageError
from sip_bridge.core.grammar import (
    QUOTED_END,
    find_parameter,
    format_parameters,
    is_token,
    number_or_none,
    parse_list,
    parse_number,
    parse_parameters,
    quote,
    replace_parameter,
    split_outside,
    unquote,
)
from sip_bridge.core.uri import Parameters, SipUri, format_host, parse_host_port

__all__ = [
    "CSeq", "EventHeader", "NameAddr", "RAck", "Reason", "ReplacesHeader", "RetryAfter", "SessionExpires",
    "SubscriptionState", "Via", "find_parameter", "format_parameters", "is_token", "parse_list",
    "parse_number", "parse_parameters", "quote", "replace_parameter", "split_outside", "unquote",
]  # fmt: skip

_QVALUE = re.compile(r"[01](?:\.[0-9]{0,6})?|\.[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A name-addr or addr-spec with parameters: From, To, Contact, Route, Refer-To… (RFC 3261 20.10).

    `uri` is None for `Contact: *`. `display_name` is without quotes. `raw` is the text it was parsed from.
    """

    display_name: str = ""
    uri: SipUri | None = None
    parameters: Parameters = ()
    raw: str = field(default="", init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> NameAddr:
        """Parse one address; raises MessageError."""
        text = text.strip()
        if text == "*":
            address = cls()
        else:
            name, uri, parameters = _split_address(text)
            address = cls(name, SipUri.parse(uri), parse_parameters(parameters) if parameters else ())
        object.__setattr__(address, "raw", text)
        return address

    def __str__(self) -> str:
        if self.raw:
            return self.raw
        if self.uri is None:
            return "*"
        name = f"{quote(self.display_name)} " if self.display_name else ""
        return f"{name}<{self.uri}>{format_parameters(self.parameters)}"

    def parameter(self, name: str) -> str | None:
        """The unquoted value; "" for a parameter without a value, None when absent."""
        return find_parameter(self.parameters, name)

    @property
    def tag(self) -> str:
        """The tag exactly as written, "" when absent."""
        return self.parameter("tag") or ""

    @property
    def expires(self) -> int | None:
        """Seconds a Contact is good for, None when absent or malformed."""
        return number_or_none(self.parameter("expires"))

    @property
    def instance(self) -> str:
        """The `+sip.instance` URN with its angle brackets (RFC 5626 4.1), "" when absent."""
        return self.parameter("+sip.instance") or ""

    @property
    def reg_id(self) -> int | None:
        """The flow number of RFC 5626, None when absent or malformed."""
        return number_or_none(self.parameter("reg-id"))

    @property
    def q(self) -> float:
        """The preference of a Contact, 0.0–1.0; 1.0 when absent or malformed."""
        text = self.parameter("q") or ""
        return min(float(text), 1.0) if _QVALUE.fullmatch(text) else 1.0

    def with_tag(self, tag: str) -> NameAddr:
        """This address with the tag set; everything else stays byte for byte where there was none."""
        return self.with_parameter("tag", tag)

    def with_parameter(self, name: str, value: str | None = None) -> NameAddr:
        """This address with a parameter set; `value` is wire text (quote it where needed)."""
        changed = replace(self, parameters=replace_parameter(self.parameters, name, value))
        if self.raw and self.parameter(name) is None:
            object.__setattr__(changed, "raw", self.raw + format_parameters(((name, value),)))
        return changed


def _split_address(text: str) -> tuple[str, str, str]:
    """Display name, URI and parameter text of one address."""
    if text.startswith('"'):
        end = QUOTED_END.match(text, 1)
        if end is None:
            raise MessageError("display name without its closing quote")
        name, rest = unquote(text[: end.end()]), text[end.end() :].lstrip()
        if not rest.startswith("<"):
            raise MessageError("display name without an address in angle brackets")
    else:
        opening = text.find("<")
        before = text[:opening] if opening >= 0 else text
        if opening < 0 or ";" in before or '"' in before:
            # Without brackets all parameters belong to the header, and no "?" may stand (RFC 3261 20).
            uri, _, parameters = text.partition(";")
            if "?" in uri:
                raise MessageError("URI with headers without angle brackets")
            return "", uri.strip(), parameters
        name, rest = before.strip(), text[opening:]
    uri, closed, parameters = rest[1:].partition(">")
    parameters = parameters.lstrip()
    if not closed or (parameters and not parameters.startswith(";")):
        raise MessageError("address without its closing bracket, or with text behind it")
    return name, uri.strip(), parameters[1:]


@dataclass(frozen=True, slots=True)
class Via:
    """One Via (RFC 3261 20.42, RFC 3581). `host` has no IPv6 brackets; `transport` is upper case."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = ()
    raw: str = field(default="", init=False, repr=False, compare=False)

    @classmethod
    def parse(cls, text: str) -> Via:
        """Parse one Via; raises MessageError."""
        text = text.strip()
        sent, _, parameters = text.partition(";")
        pieces = sent.split("/", 2)
        if len(pieces) != 3 or pieces[0].strip().upper() != "SIP" or pieces[1].strip() != "2.0":
            raise MessageError("Via is not SIP/2.0")
        where = pieces[2].split(None, 1)
        if len(where) != 2 or not is_token(where[0]):
            raise MessageError("Via without transport and host")
        host, port = parse_host_port("".join(where[1].split()))
        via = cls(where[0].upper(), host, port, parse_parameters(parameters) if parameters else ())
        object.__setattr__(via, "raw", text)
        return via

    def __str__(self) -> str:
        return self.raw or f"SIP/2.0/{self.transport} {self.sent_by}{format_parameters(self.parameters)}"

    @property
    def sent_by(self) -> str:
        """`host[:port]` as written in the header."""
        return format_host(self.host) + (f":{self.port}" if self.port is not None else "")

    def parameter(self, name: str) -> str | None:
        """The unquoted value; "" for a parameter without a value, None when absent."""
        return find_parameter(self.parameters, name)

    @property
    def branch(self) -> str:
        """The branch exactly as written, "" when absent."""
        return self.parameter("branch") or ""

    @property
    def received(self) -> str:
        """The address the message came from, without brackets, "" when absent."""
        return (self.parameter("received") or "").strip("[]")

    @property
    def rport(self) -> int | None:
        """The port the message came from; 0 where it was only asked for, None when absent or malformed."""
        value = self.parameter("rport")
        if value is None:
            return None
        return number_or_none(value) if value else 0

    def with_received(self, address: str, port: int) -> Via:
        """This Via as a receiver marks it (RFC 3261 18.2.1, RFC 3581 section 4).

        `received` is written where it differs from the sent-by or rport was asked for, and never taken
        over from the sender.
        """
        asked = self.parameter("rport") is not None
        if not asked and self.host == address and self.parameter("received") is None:
            return self
        parameters = replace_parameter(self.parameters, "received", address)
        if asked:
            parameters = replace_parameter(parameters, "rport", str(port))
        return replace(self, parameters=parameters)


@dataclass(frozen=True, slots=True)
class CSeq:
    """Sequence number, below 2**31, and method (RFC 3261 20.16, 8.1.1.5)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Parse `1 INVITE`; raises MessageError."""
        parts = text.split()
        if len(parts) != 2 or not is_token(parts[1]):
            raise MessageError(f"bad CSeq {text[:40]!r}")
        return cls(parse_number(parts[0], 2**31 - 1), parts[1])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class RAck:
    """What a PRACK acknowledges (RFC 3262 7.2)."""

    response: int
    cseq: int
    method: str

    @classmethod
    def parse(cls, text: str) -> RAck:
        """Parse `RSEQ CSEQ METHOD`; raises MessageError."""
        parts = text.split()
        if len(parts) != 3 or not is_token(parts[2]):
            raise MessageError(f"bad RAck {text[:40]!r}")
        return cls(parse_number(parts[0]), parse_number(parts[1], 2**31 - 1), parts[2])

    def __str__(self) -> str:
        return f"{self.response} {self.cseq} {self.method}"


def _head_and_parameters(text: str) -> tuple[str, Parameters]:
    """The first element of a `value;name=value` header and its parameters."""
    head, _, rest = text.partition(";")
    return head.strip(), parse_parameters(rest) if rest else ()


@dataclass(frozen=True, slots=True)
class ReplacesHeader:
    """The dialog a new INVITE takes over (RFC 3891 6.1); tags are from the receiver's point of view."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False

    @classmethod
    def parse(cls, text: str) -> ReplacesHeader:
        """Parse the header; both tags must be there. Raises MessageError."""
        call_id, parameters = _head_and_parameters(text)
        to_tag = find_parameter(parameters, "to-tag") or ""
        from_tag = find_parameter(parameters, "from-tag") or ""
        if not call_id or not is_token(to_tag) or not is_token(from_tag):
            raise MessageError("Replaces needs Call-ID, to-tag and from-tag")
        return cls(call_id, to_tag, from_tag, find_parameter(parameters, "early-only") is not None)

    def __str__(self) -> str:
        early = ";early-only" if self.early_only else ""
        return f"{self.call_id};to-tag={self.to_tag};from-tag={self.from_tag}{early}"


@dataclass(frozen=True, slots=True)
class SessionExpires:
    """Session interval in seconds and who refreshes: "uac", "uas" or "" (RFC 4028 section 4)."""

    seconds: int
    refresher: str = ""

    @classmethod
    def parse(cls, text: str) -> SessionExpires:
        """Parse the header; raises MessageError."""
        seconds, parameters = _head_and_parameters(text)
        refresher = (find_parameter(parameters, "refresher") or "").lower()
        return cls(parse_number(seconds), refresher if refresher in ("uac", "uas") else "")

    def __str__(self) -> str:
        return f"{self.seconds};refresher={self.refresher}" if self.refresher else str(self.seconds)


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a request was sent (RFC 3326): `Q.850;cause=16;text="Normal"`. `cause` is None when absent."""

    protocol: str
    cause: int | None = None
    text: str = ""

    @classmethod
    def parse(cls, text: str) -> Reason:
        """Parse one value of the header; raises MessageError."""
        protocol, parameters = _head_and_parameters(text)
        if not is_token(protocol):
            raise MessageError("Reason without a protocol")
        return cls(
            protocol,
            number_or_none(find_parameter(parameters, "cause")),
            find_parameter(parameters, "text") or "",
        )

    def __str__(self) -> str:
        cause = "" if self.cause is None else f";cause={self.cause}"
        return f"{self.protocol}{cause}" + (f";text={quote(self.text)}" if self.text else "")


@dataclass(frozen=True, slots=True)
class EventHeader:
    """An event package, byte-exact, with its optional id (RFC 6665 8.2.1)."""

    package: str
    id: str = ""
    parameters: Parameters = field(default=(), compare=False)

    @classmethod
    def parse(cls, text: str) -> EventHeader:
        """Parse the header; raises MessageError."""
        package, parameters = _head_and_parameters(text)
        number = find_parameter(parameters, "id") or ""
        if not is_token(package) or not (is_token(number) or not number):
            raise MessageError("Event without a package, or with an id that is none")
        return cls(package, number, parameters)

    def __str__(self) -> str:
        others = tuple(pair for pair in self.parameters if pair[0].lower() != "id")
        return self.package + (f";id={self.id}" if self.id else "") + format_parameters(others)


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """The state a NOTIFY tells (RFC 6665 8.2.3): "active", "pending" or "terminated", in lower case.

    A reason that is no token is none.
    """

    state: str
    expires: int | None = None
    reason: str = ""
    retry_after: int | None = None

    @classmethod
    def parse(cls, text: str) -> SubscriptionState:
        """Parse the header; raises MessageError."""
        state, parameters = _head_and_parameters(text)
        if not is_token(state):
            raise MessageError("Subscription-State without a state")
        reason = (find_parameter(parameters, "reason") or "").lower()
        return cls(
            state.lower(),
            number_or_none(find_parameter(parameters, "expires")),
            reason if is_token(reason) else "",
            number_or_none(find_parameter(parameters, "retry-after")),
        )

    def __str__(self) -> str:
        pairs: list[tuple[str, str | None]] = []
        if self.expires is not None:
            pairs.append(("expires", str(self.expires)))
        if self.reason:
            pairs.append(("reason", self.reason))
        if self.retry_after is not None:
            pairs.append(("retry-after", str(self.retry_after)))
        return self.state + format_parameters(tuple(pairs))


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Seconds to wait before asking again (RFC 3261 20.33); comment and duration are not kept."""

    seconds: int

    @classmethod
    def parse(cls, text: str) -> RetryAfter:
        """Parse `18000 (in a meeting);duration=3600`; raises MessageError."""
        return cls(parse_number(text.partition(";")[0].partition("(")[0]))

    def __str__(self) -> str:
        return str(self.seconds)
