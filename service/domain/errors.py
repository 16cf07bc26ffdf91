"""The service's errors: one tree, each with the code that the one who asked is told."""

from __future__ import annotations

from service_api.devices import ErrorCode
from service_api.states import MeetingRefusal


class ServiceError(Exception):
    """Root. The text is for the log and holds nothing secret."""


class RefusedError(ServiceError):
    """The one who asked is told `code`, and nothing else; nothing was changed."""

    def __init__(self, code: MeetingRefusal, *, tries_left: int = 0) -> None:
        super().__init__(code.value)
        self.code = code
        self.tries_left = tries_left


class IllegalTransition(ServiceError):
    """A state was to change in a way the table does not have."""


class EngineError(ServiceError):
    """The media engine can't do it now."""


class SignInRefusedError(ServiceError):
    """A sign-in or sign-out was refused; the device is told `code`."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(code.value)
        self.code = code
