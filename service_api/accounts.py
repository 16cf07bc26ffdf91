"""Tokens of a signed-in device, and the list of devices. Signing in itself stands in `devices`."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from service_api.model import Secret, Token, Wire
from service_api.states import AccountRole

TOKENS_PATH = "/tokens"
ME_PATH = "/me"


class TokenRequest(Wire):
    """`POST {service}/tokens`: the device's refresh token for new ones. A refresh token works once.

    The former one is still taken until the new one has been used, so a lost answer loses no sign-in; a token
    older than that ends the device's sign-in, for somebody else has a copy.
    """

    device_id: Token
    refresh_token: Secret = Field(repr=False)


class Tokens(Wire):
    """What opens every other request: `Authorization: Bearer {access_token}`, for `expires_in` seconds."""

    access_token: Secret = Field(repr=False)
    expires_in: int = Field(ge=1, le=86400)
    refresh_token: Secret = Field(repr=False)


class Account(Wire):
    """`GET {service}/me`."""

    id: Token
    number: str
    name: str
    role: AccountRole


class Device(Wire):
    """A computer this person is signed in on. `current`: the one that asks. `name` is as it was kept."""

    id: Token
    name: str
    signed_in_at: AwareDatetime
    seen_at: AwareDatetime
    current: bool


class DeviceList(Wire):
    """`GET {service}/devices`; `DELETE {service}/devices/{id}` signs one out."""

    devices: tuple[Device, ...]


class Refused(Wire):
    """Every answer that is not 2xx, except those of `devices`, which has the same member."""

    code: str
