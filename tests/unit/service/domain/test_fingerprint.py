"""What is kept of secrets."""

from __future__ import annotations

import hashlib

from service.domain.account import RefreshChain, Shown
from service.domain.fingerprint import fingerprint, ha1


def test_sha256_in_hex() -> None:
    assert fingerprint("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert len(fingerprint("\udcff")) == 64


def test_ha1_of_rfc_7616() -> None:
    # RFC 7616 3.9.1 gives the response; its HA1s are these hashes of the same text.
    text = b"Mufasa:http-auth@example.org:Circle of Life"
    args = ("Mufasa", "http-auth@example.org", "Circle of Life")
    assert ha1("MD5", *args) == hashlib.md5(text, usedforsecurity=False).hexdigest()
    assert ha1("SHA-256", *args) == hashlib.sha256(text).hexdigest()


def test_what_a_shown_token_is() -> None:
    chain = RefreshChain("new", "old")
    assert [chain.shown(one) for one in ("new", "old", "older", "")] == [
        Shown.CURRENT,
        Shown.FORMER,
        Shown.OTHER,
        Shown.OTHER,
    ]
    assert RefreshChain.after("old", "newer") == RefreshChain("newer", "old")
    assert "old" not in repr(chain)
