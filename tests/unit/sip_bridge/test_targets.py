"""What people and peers write, as SIP URIs."""

from __future__ import annotations

import pytest

from sip_bridge.client_types import BadTarget
from sip_bridge.targets import target_uri


@pytest.mark.parametrize(
    ("text", "uri"),
    [
        ("0401234567", "sip:0401234567@vip.example.com"),
        (" +358 (40) 123-45.67 ", "sip:+358401234567@vip.example.com"),
        ("*21#", "sip:*21%23@vip.example.com"),
        ("tel:+358-40-1234567;phone-context=x", "sip:+358401234567@vip.example.com"),
        ("alice", "sip:alice@vip.example.com"),
        ("alice@example.org", "sip:alice@example.org"),
        ("sip:alice@example.org;transport=tcp", "sip:alice@example.org;transport=tcp"),
        ("SIPS:alice@example.org", "SIPS:alice@example.org"),
        ("sip:[2001:db8::1]:5070", "sip:[2001:db8::1]:5070"),
    ],
)
def test_targets(text: str, uri: str) -> None:
    assert target_uri(text, "vip.example.com") == uri


def test_an_ipv6_domain_gets_its_brackets() -> None:
    assert target_uri("1002", "2001:db8::1") == "sip:1002@[2001:db8::1]"


@pytest.mark.parametrize(
    "text", ["", "   ", "two words", "tel:", "sip:", "sip:a@b c", "http://example.org/x", "a@"]
)
def test_what_is_none(text: str) -> None:
    with pytest.raises(BadTarget):
        target_uri(text, "vip.example.com")
