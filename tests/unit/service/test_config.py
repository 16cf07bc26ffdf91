"""How a service is set up, and every way in which it must not be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from service.__main__ import main
from service.config import ConfigError, read_config, split_address
from service.domain.appointment import Window
from service.domain.numbers import Numbering
from service.serve import serve
from service.usecases.sign_in import SipSide

WHOLE = """
listen = "0.0.0.0:8443"
public_url = "https://meet.example.com/"
tls_certificate = "cert.pem"
tls_key = "/etc/key.pem"
trusted_proxies = ["127.0.0.1"]
minimum_version = "1.2"

[sip]
domain = "sip.example.com"
port = 5061
transport = "tls"
realm = "example.com"
algorithm = "SHA-256"
table = "registrar/subscriber"

[numbers]
country = "46"
international = true

[meetings]
opens_before_minutes = 5
closes_after_minutes = 30
media_address = "203.0.113.1"
media_bind = "10.0.0.5"
media_ports = [40000, 40100]
"""


def read(folder: Path, text: str) -> None:
    """As it is served."""
    (folder / "service.toml").write_text(text, "utf-8")
    read_config(folder, {}).check()


def test_everything_can_be_said(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text(WHOLE)
    config = read_config(tmp_path, {})
    assert (config.host, config.port) == ("0.0.0.0", 8443)
    assert (config.public_url, config.origin) == ("https://meet.example.com", "https://meet.example.com")
    assert (config.certificate, config.key) == (tmp_path / "cert.pem", Path("/etc/key.pem"))
    assert config.sip == SipSide("sip.example.com", 5061, "tls", "example.com", "SHA-256")
    assert config.sip_table == tmp_path / "registrar/subscriber"
    assert config.numbering == Numbering(country="46", international=True)
    assert config.window == Window(300.0, 1800.0)
    assert (config.media_address, config.media_bind) == ("203.0.113.1", "10.0.0.5")
    assert config.media_ports == (40000, 40100)
    assert (config.trusted_proxies, config.minimum_version) == (("127.0.0.1",), "1.2")


def test_nothing_has_to_be_said_on_loopback(tmp_path: Path) -> None:
    config = read_config(tmp_path, {})
    assert (config.host, config.port, config.certificate) == ("127.0.0.1", 8443, None)
    assert config.window == Window(900.0, 3600.0)
    assert (config.media_address, config.media_bind) == ("127.0.0.1", "")


def test_the_command_line_goes_before_the_file(tmp_path: Path) -> None:
    (tmp_path / "service.toml").write_text('listen = "127.0.0.1:1"')
    assert read_config(tmp_path, {"listen": "[::1]:2"}).port == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('listen = "0.0.0.0:1"', "needs TLS"),
        ('listen = "192.0.2.1:1"', "needs TLS"),
        ('listen = "example.com:1"', "needs TLS"),
        ('listen = "[::]:1"', "needs TLS"),
        ('tls_key = "x"', "certificate needs its key"),
        ('listen = "127.0.0.1"', "write HOST:PORT"),
        ('listen = "127.0.0.1:99999"', "write HOST:PORT"),
        ('public_url = "http://meet.example.com"', "nobody else may read"),
        ('public_url = "http://10.0.0.5:8443"', "nobody else may read"),
        ('public_url = "https://työ.example"', "xn--"),
        ('public_url = "https://työ.example:8443/x"', "xn--"),
        ('public_url = "meet.example.com"', "write https://HOST"),
        ('public_url = "https://meet.example.com/#x"', "write https://HOST"),
        ('public_url = "https://meet.example.com:99999"', "write https://HOST"),
        ('public_url = "https://[::1"', "write https://HOST"),
        ("listen = 3", "listen must be text"),
        ('lisen = "127.0.0.1:1"', "nobody knows lisen"),
        ('[sip]\nport = "5061"', "port must be a whole number"),
        ("[sip]\nport = true", "port must be a whole number"),
        ('[sip]\ntransport = "sctp"', "sip.transport is one of"),
        ('[sip]\nalgorithm = "SHA-1"', "MD5 or SHA-256"),
        ("sip = 3", r"\[sip\] is a table"),
        ("[meetings]\nmedia_ports = [1, 2]", "media_ports is"),
        ("[meetings]\nopens_before_minutes = -1", "never less than nothing"),
        ('[meetings]\nmedia_address = "meet.example.com"', "an IP address"),
        ('[meetings]\nmedia_address = "0.0.0.0"', "an IP address"),
        ('[meetings]\nmedia_bind = "eth0"', "an IP address of this computer"),
        ('[meetings]\nmedia_address = "203.0.113.1"\nmedia_bind = "fe80::1"', "both IPv4 or both IPv6"),
        ("listen = ", "can't be understood"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(ConfigError, match=sentence):
        read(tmp_path, text)


@pytest.mark.parametrize(
    ("media", "reached"),
    [
        ("", False),
        ('media_address = "203.0.113.1"', True),
        ('media_address = "203.0.113.1"\nmedia_bind = "0.0.0.0"', True),
        ('media_address = "203.0.113.1"\nmedia_bind = "127.0.0.1"', False),
        ('media_address = "::1"\nmedia_bind = "::"', False),
    ],
)
def test_who_reaches_the_media(tmp_path: Path, media: str, reached: bool) -> None:
    (tmp_path / "service.toml").write_text(f"[meetings]\n{media}", "utf-8")
    far = read_config(tmp_path, {"public_url": "https://meet.example.com"})
    assert far.media_reached is reached
    assert read_config(tmp_path, {"public_url": "https://127.0.0.1:8443"}).media_reached


@pytest.mark.parametrize("public_url", ["http://127.0.0.1:8443", "http://[::1]:1", "http://localhost:8443"])
def test_on_one_computer_nobody_else_reads(tmp_path: Path, public_url: str) -> None:
    read_config(tmp_path, {"public_url": public_url}).check()


def test_a_certificate_may_stand_on_the_command_line_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "service.toml").write_text('listen = "0.0.0.0:443"')
    read_config(tmp_path, {"tls_certificate": "/etc/c.pem", "tls_key": "/etc/k.pem"}).check()
    with pytest.raises(ConfigError, match="needs TLS"):
        serve(read_config(tmp_path, {}))
    monkeypatch.setattr(os, "umask", lambda _mask: 0o077)
    assert main(["admin", "list-users", "--data", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_addresses() -> None:
    assert split_address("[::1]:80") == ("::1", 80)
    assert split_address("localhost:0") == ("localhost", 0)


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        ("https://Meet.Example.com", "https://meet.example.com"),
        ("https://meet.example.com:443/base", "https://meet.example.com"),
        ("https://meet.example.com:8443", "https://meet.example.com:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_the_origin_is_as_browsers_write_it(tmp_path: Path, public_url: str, origin: str) -> None:
    assert read_config(tmp_path, {"public_url": public_url}).origin == origin
