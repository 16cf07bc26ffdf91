"""What the SIP client is told and what it raises."""

from __future__ import annotations

from dataclasses import dataclass, field

from sip_bridge.core.errors import SipError


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """Settings of the user agent and of its calls' media. Times in seconds.

    `encryption`: required, preferred (RFC 8643) or off. `sign_in_timeout_s` bounds `SipClient.start`.
    `media_ports` first…last for RTP; None lets the system choose.
    """

    user_agent: str = "Softphone"
    codecs: tuple[str, ...] = ("opus", "G722", "PCMA", "PCMU")
    encryption: str = "preferred"
    sdes_without_tls: bool = False
    keepalive_s: float = 25.0
    expires_s: int = 600
    session_expires_s: int = 1800
    sign_in_timeout_s: float = 15.0
    sign_out_timeout_s: float = 2.0
    media_ports: tuple[int, int] | None = None
    address_watch_s: float = 5.0


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """Whom to register as, and where. The secret never shows in a repr.

    `host`/`port` as typed (port 0: found by DNS). `transport` auto, udp, tcp or tls; `tls_required` where TLS
    has worked before: nothing less is tried then. `number` is the user part, or `user@domain`.
    """

    host: str
    number: str
    secret: str = field(repr=False)
    port: int = 0
    transport: str = "auto"
    auth_user: str = ""
    display_name: str = ""
    ca_file: str = ""
    tls_required: bool = False
    instance_id: str = ""


@dataclass(frozen=True, slots=True)
class Encryption:
    """What protects a call's sound now: `method` "", sdes or dtls; `trusted` only where keys or fingerprint
    came under verified TLS; `to` names the server that TLS was verified for, never the person."""

    method: str = ""
    trusted: bool = False
    to: str = ""


class ClientError(SipError):
    """A command that can't be carried out. `code` is stable; the text is for logs."""

    code = "refused"

    def __init__(self, text: str = "", code: str = "") -> None:
        super().__init__(text or code)
        if code:
            self.code = code


class UnknownCall(ClientError):
    """No call with this id, or none in a fitting state."""

    code = "unknown-call"


class BadTarget(ClientError):
    """Neither a number nor a SIP address."""

    code = "bad-target"


class NotRegistered(ClientError):
    """The command needs a registered line."""

    code = "not-registered"


class CommandRefused(ClientError):
    """The far end, or the state of the call, does not allow it now."""

    code = "refused"


class RegistrationError(ClientError):
    """Registering failed. `code` is server-not-found, no-network, server-silent, certificate,
    wrong-credentials, no-right, bad-number or server-error; `status` the SIP status, 0 where none came."""

    def __init__(self, code: str, status: int = 0) -> None:
        super().__init__(f"{code} {status or ''}".strip(), code)
        self.status = status
