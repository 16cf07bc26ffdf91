"""Signing a device in and out: `POST {service}/devices` and `POST {service}/devices/revoke`.

The service checks number and password and issues this device a SIP secret; it keeps no more of it than HA1.
A second sign-in with the same number and instance id takes the place of the first. Unknown number and wrong
password are one answer: same code, status and timing. The same holds for revoking an unknown device and a
wrong secret.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from service_api.wire import WireError, check, number_of, read_document, text_of, write_document

SIGN_IN_PATH = "/devices"
REVOKE_PATH = "/devices/revoke"
CONTENT_TYPE = "application/json"
TRANSPORTS = ("auto", "udp", "tcp", "tls")

_NUMBER = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,;?/%]{1,128}")
_PASSWORD = re.compile(r"[^\ud800-\udfff]{1,1024}")
_SEEN = r"(?=.*[^\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff])"
"""Something in it shows: the owner of a list has to see what stands there."""
_NAME = re.compile(_SEEN + r"[^\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]{1,64}")
_INSTANCE = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.\-]{0,251}[A-Za-z0-9_])?|[0-9A-Fa-f:.]{2,45}")
_TOKEN = re.compile(r"[A-Za-z0-9._~+\-]{1,128}")
_SECRET = re.compile(r"[A-Za-z0-9_\-]{43,128}")
_CODE = re.compile(r"[a-z][a-z\-]{0,39}")

SIGN_IN_MEMBERS = ("phone", "password", "device_name", "instance_id")
SHAPES = {
    "phone": _NUMBER,
    "password": _PASSWORD,
    "device_name": _NAME,
    "instance_id": _INSTANCE,
    "sip_domain": _HOST,
    "user": _NUMBER,
    "auth_user": _TOKEN,
    "sip_secret": _SECRET,
    "device_id": _TOKEN,
    "refresh_token": _SECRET,
}
"""What each member looks like from its first character to its last."""


class ErrorCode(StrEnum):
    """What the service refuses with. Codes that the program has as a refusal have the same name there."""

    WRONG_CREDENTIALS = "wrong-credentials"
    NO_RIGHT = "no-right"
    TOO_OLD = "too-old"
    BAD_NUMBER = "bad-number"
    SERVER_ERROR = "server-error"
    BAD_REQUEST = "bad-request"
    TOO_MANY_TRIES = "too-many-tries"


STATUS = {
    ErrorCode.WRONG_CREDENTIALS: 403,
    ErrorCode.NO_RIGHT: 403,
    ErrorCode.TOO_OLD: 400,
    ErrorCode.BAD_NUMBER: 400,
    ErrorCode.SERVER_ERROR: 500,
    ErrorCode.BAD_REQUEST: 400,
    ErrorCode.TOO_MANY_TRIES: 429,
}
"""The HTTP status that goes with each code; a program reads the code."""


@dataclass(frozen=True, slots=True)
class DeviceSignIn:
    """What a program asks with: `phone` without separators, `instance_id` as in `+sip.instance`."""

    phone: str
    password: str = field(repr=False)
    device_name: str
    instance_id: str

    def __post_init__(self) -> None:
        check("phone", self.phone, _NUMBER)
        check("password", self.password, _PASSWORD)
        check("device_name", self.device_name, _NAME)
        check("instance_id", self.instance_id, _INSTANCE)

    @classmethod
    def parse(cls, body: bytes) -> DeviceSignIn:
        """Read a request. Raises WireError."""
        members = read_document(body)
        return cls(**{name: text_of(members, name) for name in SIGN_IN_MEMBERS})

    def serialise(self) -> bytes:
        """The request as it travels."""
        return write_document(asdict(self))


@dataclass(frozen=True, slots=True)
class DeviceCredentials:
    """What the service issues: how this device registers.

    `user` is the number in the server's form, `auth_user` answers challenges and is this device's own,
    `sip_secret` is random, 256 bits or more in base64url; `sip_port` 0 where DNS knows. `refresh_token` opens
    the rest of the service (see `accounts`); "" where the service has no more to offer than SIP.
    """

    sip_domain: str
    transport: str
    user: str
    auth_user: str
    sip_secret: str = field(repr=False)
    device_id: str
    sip_port: int = 0
    refresh_token: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check("sip_domain", self.sip_domain, _HOST)
        if self.transport not in TRANSPORTS:
            raise WireError("transport")
        check("user", self.user, _NUMBER)
        check("auth_user", self.auth_user, _TOKEN)
        check("sip_secret", self.sip_secret, _SECRET)
        check("device_id", self.device_id, _TOKEN)
        if not 0 <= self.sip_port <= 65535:
            raise WireError("sip_port")
        if self.refresh_token:
            check("refresh_token", self.refresh_token, _SECRET)

    @classmethod
    def parse(cls, body: bytes) -> DeviceCredentials:
        """Read an answer. Raises WireError."""
        members = read_document(body)
        names = ("sip_domain", "transport", "user", "auth_user", "sip_secret", "device_id")
        texts = {name: text_of(members, name) for name in names}
        refresh = text_of(members, "refresh_token") if "refresh_token" in members else ""
        return cls(**texts, sip_port=number_of(members, "sip_port", 0), refresh_token=refresh)

    def serialise(self) -> bytes:
        """The answer as it travels, and as the keyring keeps it."""
        return write_document(asdict(self))


@dataclass(frozen=True, slots=True)
class DeviceRevocation:
    """Signing out: the device shows the secret it was issued, which the service knows by its HA1."""

    device_id: str
    sip_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        check("device_id", self.device_id, _TOKEN)
        check("sip_secret", self.sip_secret, _SECRET)

    @classmethod
    def parse(cls, body: bytes) -> DeviceRevocation:
        """Read a request. Raises WireError."""
        members = read_document(body)
        return cls(text_of(members, "device_id"), text_of(members, "sip_secret"))

    def serialise(self) -> bytes:
        """The request as it travels."""
        return write_document(asdict(self))


@dataclass(frozen=True, slots=True)
class ServiceRefusal:
    """Why the service said no. Codes may be added: who does not know one takes it for server-error."""

    code: str

    def __post_init__(self) -> None:
        check("code", self.code, _CODE)

    @classmethod
    def parse(cls, body: bytes) -> ServiceRefusal:
        """Read an answer. Raises WireError."""
        return cls(text_of(read_document(body), "code"))

    def serialise(self) -> bytes:
        """The answer as it travels."""
        return write_document(asdict(self))
