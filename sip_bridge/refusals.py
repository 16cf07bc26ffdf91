"""Why registering failed, in the words the rest of the program knows."""

from __future__ import annotations

from sip_bridge.core.effects import (
    REFUSED_CERTIFICATE,
    REFUSED_NO_NETWORK,
    REFUSED_NOT_FOUND,
)

SERVER_NOT_FOUND = "server-not-found"
NO_NETWORK = "no-network"
SERVER_SILENT = "server-silent"
CERTIFICATE = "certificate"
WRONG_CREDENTIALS = "wrong-credentials"
NO_RIGHT = "no-right"
SERVER_ERROR = "server-error"

_BY_WORD = {
    REFUSED_NOT_FOUND: SERVER_NOT_FOUND,
    REFUSED_NO_NETWORK: NO_NETWORK,
    REFUSED_CERTIFICATE: CERTIFICATE,
}

_BY_STATUS = {
    401: WRONG_CREDENTIALS,
    407: WRONG_CREDENTIALS,
    # An unknown number must read like a wrong password: the sentence may not tell which numbers exist.
    404: WRONG_CREDENTIALS,
    410: WRONG_CREDENTIALS,
    484: WRONG_CREDENTIALS,
    604: WRONG_CREDENTIALS,
    403: NO_RIGHT,
    603: NO_RIGHT,
    408: SERVER_SILENT,
    480: SERVER_SILENT,
    504: SERVER_SILENT,
}


def refusal(status: int, reason_key: str) -> str:
    """The refusal for a RegistrationFailed event: its SIP status, or 0 and why nobody answered."""
    if status:
        return _BY_STATUS.get(status, SERVER_ERROR)
    return _BY_WORD.get(reason_key, SERVER_SILENT)
