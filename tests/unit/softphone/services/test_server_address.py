"""Server addresses as people type them."""

from __future__ import annotations

import pytest

from softphone.domain.account import Refusal, Transport
from softphone.domain.errors import SignInRefused
from softphone.services.server_address import ServerAddress, parse_server


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("vip.example.com", ServerAddress("vip.example.com")),
        ("  VIP.Example.COM. ", ServerAddress("vip.example.com")),
        ("vip.example.com:5070", ServerAddress("vip.example.com", 5070)),
        ("sip:vip.example.com", ServerAddress("vip.example.com")),
        ("sip://vip.example.com/", ServerAddress("vip.example.com")),
        ("sips:vip.example.com:5061", ServerAddress("vip.example.com", 5061, Transport.TLS)),
        ("sip:040@vip.example.com;transport=TCP", ServerAddress("vip.example.com", 0, Transport.TCP)),
        ("192.0.2.7:5060", ServerAddress("192.0.2.7", 5060)),
        ("[2001:db8::7]:5060", ServerAddress("2001:db8::7", 5060)),
        ("2001:db8::7", ServerAddress("2001:db8::7")),
        ("pbx_1.local", ServerAddress("pbx_1.local")),
        ("puhelin.äö.fi", ServerAddress("puhelin.xn--4ca0b.fi")),
        ("localhost", ServerAddress("localhost")),
    ],
)
def test_good(text: str, address: ServerAddress) -> None:
    assert parse_server(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "http://vip.example.com", "a b", "vip..example.com", "-x.example", "user@host", "ä\ufffd"),
        *("host:", "host:0", "host:99999", "host:x", "999.1.1.1", "1.2.3", "[zz]:5060"),
        "sip:host;transport=carrier-pigeon",
    ],
)
def test_bad(text: str) -> None:
    with pytest.raises(SignInRefused) as refused:
        parse_server(text)
    assert refused.value.code == Refusal.BAD_ADDRESS
    assert refused.value.detail == text


def test_the_key_tells_ports_apart() -> None:
    assert parse_server("[2001:db8::7]:5060").key == "[2001:db8::7]:5060"
    assert parse_server("host").key == "host"
