"""A WebSocket whose peer answers no ping is gone, not merely asked to close.

uvicorn closes such a connection politely: over TLS that waits half a minute for the goodbye of somebody who
is not there, and only then is anybody told.
"""

from __future__ import annotations

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class WatchfulProtocol(WebSocketsSansIOProtocol):
    """For `uvicorn.Config(ws=…)`."""

    def keepalive_timeout(self) -> None:
        """The ping was not answered in time (RFC 6455 section 5.5.2)."""
        super().keepalive_timeout()
        self.transport.abort()
