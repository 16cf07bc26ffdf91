"""The program's one error tree. `code` is stable and goes to `ctl`; words come from the presenters."""

from __future__ import annotations


class SoftphoneError(Exception):
    """Anything this program reports to a person. The text is for logs and holds no secret."""

    code = "error"

    def __init__(self, text: str = "", *, code: str | None = None) -> None:
        super().__init__(text)
        if code is not None:
            self.code = code


class IllegalTransition(SoftphoneError):
    """A move the state's table does not have: a fault of our own."""

    code = "illegal-transition"


class SignInRefused(SoftphoneError):
    """Signing in failed; `code` is a Refusal's value, `detail` names the server or number concerned.

    `status_code` is the SIP status that said no, 0 where none came.
    """

    def __init__(self, code: str, detail: str = "", status_code: int = 0) -> None:
        super().__init__(detail, code=code)
        self.detail = detail
        self.status_code = status_code


class NotSignedIn(SoftphoneError):
    """The command needs a registered line."""

    code = "not-signed-in"


class UnknownCall(SoftphoneError):
    """No call with this id, or none in a fitting state."""

    code = "unknown-call"


class BadTarget(SoftphoneError):
    """Neither a phone number nor a SIP address."""

    code = "bad-target"


class CommandRefused(SoftphoneError):
    """The command is understood but not possible now, or not granted by policy."""

    code = "refused"


class BadSetting(SoftphoneError):
    """Unknown key, value of the wrong kind, or a key locked by policy."""

    code = "bad-setting"


class DeviceError(SoftphoneError):
    """A sound device could not be used; the text names it."""

    code = "device"


class SecretsUnavailable(SoftphoneError):
    """No keyring, a locked one or one that refuses; the session goes on without remembering."""

    code = "secrets-unavailable"


class StorageError(SoftphoneError):
    """Something could not be written or read (full disk, damaged file); nothing in memory is lost."""

    code = "storage"


class MeetingRefused(SoftphoneError):
    """The company service said no; `code` is its word (service_api.states.MeetingRefusal)."""

    def __init__(self, code: str, *, tries_left: int = 0) -> None:
        super().__init__("", code=code)
        self.tries_left = tries_left


class ServiceUnreachable(SoftphoneError):
    """The company service does not answer; `code` is a Refusal's value (server-silent, certificate…)."""

    code = "server-silent"
