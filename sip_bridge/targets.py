"""What a person or a peer names as the other party, as a SIP URI."""

from __future__ import annotations

import re

from sip_bridge.client_types import BadTarget
from sip_bridge.core.errors import MessageError
from sip_bridge.core.uri import SipUri, escape_user, format_host

_NUMBER = re.compile(r"\+?[0-9*#A-Da-d]+")
_SEPARATORS = str.maketrans("", "", " \t\u00a0-()./")
_NAME = re.compile(r"[A-Za-z0-9._~!*'+&=$-]+")


def target_uri(text: str, domain: str) -> str:
    """A SIP URI for a number, `user@host`, `sip:`, `sips:` or `tel:` URI. Raises BadTarget.

    Numbers go to `domain`, an IP address without brackets or a host name.
    """
    text = text.strip()
    scheme = text.partition(":")[0].lower()
    if scheme == "tel":
        return _number(text[4:].partition(";")[0], domain)
    if scheme not in ("sip", "sips") and "@" not in text:
        return _number(text, domain)
    try:
        uri = SipUri.parse(text if scheme in ("sip", "sips") else f"sip:{text}")
    except MessageError as failure:
        raise BadTarget(str(failure)) from failure
    if not uri.host:
        raise BadTarget("no host")
    return str(uri)


def _number(text: str, domain: str) -> str:
    number = text.translate(_SEPARATORS)
    if not _NUMBER.fullmatch(number):
        number = text.strip()
        if not _NAME.fullmatch(number):
            raise BadTarget("neither number nor address")
    return f"sip:{escape_user(number)}@{format_host(domain)}"
