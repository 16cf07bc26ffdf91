"""Who is signed in, where, and in what state the line is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from service_api.devices import DeviceCredentials


class LineState(StrEnum):
    """State of the line, as `status` and the main window tell it."""

    SIGNED_OUT = "signed-out"
    SIGNING_IN = "signing-in"
    REGISTERED = "registered"
    RECONNECTING = "reconnecting"
    REFUSED = "refused"


class Transport(StrEnum):
    """How SIP travels. AUTO tries TLS first and never falls to plain where TLS is known to work."""

    AUTO = "auto"
    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


class Refusal(StrEnum):
    """Why signing in failed; each has a sentence of its own in every language."""

    SERVER_NOT_FOUND = "server-not-found"
    NO_NETWORK = "no-network"
    SERVER_SILENT = "server-silent"
    CERTIFICATE = "certificate"
    WRONG_CREDENTIALS = "wrong-credentials"
    NO_RIGHT = "no-right"
    OTHER_SERVER = "other-server"
    TOO_OLD = "too-old"
    BAD_ADDRESS = "bad-address"
    BAD_NUMBER = "bad-number"
    SERVER_ERROR = "server-error"


@dataclass(frozen=True, slots=True)
class ServiceDevice:
    """What the company service at `service_url` issued for this device, in place of the password."""

    service_url: str
    issued: DeviceCredentials


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a person types to sign in. The password never shows in a repr, a log or an exception.

    After signing in at a company service `device` is there and the password is gone.
    """

    server: str
    user: str
    password: str = field(repr=False)
    transport: Transport = Transport.AUTO
    ca_file: str = ""
    remember: bool = False
    device: ServiceDevice | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """The line as it stands. `reason` is the refusal's value, or empty."""

    state: LineState = LineState.SIGNED_OUT
    user: str = ""
    server: str = ""
    transport: str = ""
    display_name: str = ""
    reason: str = ""
