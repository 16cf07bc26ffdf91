"""Accounts, the devices they are signed in on, and the tokens of a device."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, auto

from service_api.states import AccountRole


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign in. `number` is in the service's own form, `password` an argon2id hash."""

    account_id: str
    number: str
    name: str
    role: AccountRole
    password: str = field(repr=False)
    created_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Device:
    """A computer an account is signed in on; `instance_id` is the installation's own (RFC 5626)."""

    device_id: str
    account_id: str
    instance_id: str
    name: str
    signed_in_at: float
    seen_at: float


@dataclass(frozen=True, slots=True)
class SipCredential:
    """What the registrar knows of a device: HA1 (RFC 7616) of a random secret, `number` as it dials."""

    device_id: str
    auth_user: str
    realm: str
    algorithm: str
    ha1: str = field(repr=False)
    number: str = ""


class Shown(Enum):
    """What a refresh token is to its device."""

    CURRENT = auto()
    FORMER = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class RefreshChain:
    """Fingerprints of the last token that was issued and of the one it was issued for."""

    current: str = field(repr=False)
    former: str = field(repr=False)

    def shown(self, fingerprint: str) -> Shown:
        """What this one is. The former counts until the current one is used: an answer may get lost."""
        if fingerprint == self.current:
            return Shown.CURRENT
        return Shown.FORMER if fingerprint == self.former else Shown.OTHER

    @staticmethod
    def after(fingerprint: str, issued: str) -> RefreshChain:
        """`issued` has been given for `fingerprint`."""
        return RefreshChain(issued, fingerprint)
