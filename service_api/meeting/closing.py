"""How a meeting's WebSocket begins and ends."""

from __future__ import annotations

from enum import IntEnum

SUBPROTOCOL = "softphone.meeting.v1"
HELLO_S = 5.0
SIZE_LIMIT = 96 * 1024
PING_S = 5.0
"""Each side sends a WebSocket ping this often and gives the other up after two without an answer."""


class Close(IntEnum):
    """Why the service closes a meeting's WebSocket (RFC 6455 section 7.4). A client comes back by itself
    after GOING_AWAY, TOO_SLOW, SERVER_ERROR, RESTART and a connection that broke, and after nothing else.

    Where the service says no to a whole connection, `refused` with the reason goes before.
    """

    NORMAL = 1000
    GOING_AWAY = 1001
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    RESTART = 1012
    BAD_REQUEST = 4400
    NOT_SIGNED_IN = 4401
    REFUSED = 4403
    NO_HELLO = 4408
    TAKEN_OVER = 4409
    OVER = 4410
    TOO_FAST = 4429
    TOO_SLOW = 4430
