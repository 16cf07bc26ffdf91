"""Whom a TLS connection trusts, and when that is read."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path

import pytest

from sip_bridge.io import tls
from tests.lab.certificates import Authority

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system itself is asked")


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Authority:
    """The only one this system knows."""
    made = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path / "none"))
    return made


def test_the_systems_authorities_are_there_before_the_first_handshake(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    context = tls.system_context()
    assert len(context.get_ca_certs()) == 1
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_where_openssl_looks_in_vain_the_systems_own_bundle_is_found(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setattr(tls, "BUNDLES", (str(tmp_path / "nor-this"), str(authority.ca_file)))
    assert len(tls.system_context().get_ca_certs()) == 1


def test_nothing_is_trusted_where_there_is_nothing(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    monkeypatch.setattr(tls, "BUNDLES", ())
    assert tls.system_context().get_ca_certs() == []


def test_a_handshake_reads_no_files(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    context = tls.system_context()
    authority.ca_file.unlink()
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="phone.test")
    assert len(context.get_ca_certs()) == 1
