"""What is kept of a secret."""

from __future__ import annotations

import hashlib


def fingerprint(secret: str) -> str:
    """SHA-256 in hex. For random secrets of 128 bits or more alone: a password needs argon2id."""
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def ha1(algorithm: str, user: str, realm: str, secret: str) -> str:
    """RFC 7616 3.4.2, of a secret nobody can guess; `algorithm` is MD5 or SHA-256."""
    text = f"{user}:{realm}:{secret}".encode()
    if algorithm == "MD5":
        return hashlib.md5(text, usedforsecurity=False).hexdigest()
    return hashlib.sha256(text).hexdigest()
