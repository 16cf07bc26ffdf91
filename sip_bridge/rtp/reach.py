"""What must happen on the wire before sound can pass: pair checks, then the handshake."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sip_bridge.core.offer_answer import NegotiatedAudio
from sip_bridge.core.sdp_values import IceDescription
from sip_bridge.rtp.ice import IceFailed, IceLink
from sip_bridge.rtp.path import MediaPath
from sip_bridge.rtp.security import MediaSecurity
from sip_bridge.tasks import Tasks

log = logging.getLogger(__name__)


class Reach:
    """Reaches the peer of one call. `failed` is called with ice or consent when that is at an end."""

    def __init__(self, security: MediaSecurity, tasks: Tasks, failed: Callable[[str], None]) -> None:
        self._security, self._tasks, self._failed = security, tasks, failed
        self._controlling = False

    async def describe(self, path: MediaPath, agreed: NegotiatedAudio, *, controlling: bool) -> None:
        """The peer is at the addresses of `agreed`, which are resolved."""
        self._controlling = controlling
        if agreed.ice is None:
            path.describe(agreed.remote_rtp, agreed.remote_rtcp, rtcp_mux=agreed.rtcp_mux)
        elif await _renewed(path, agreed.ice):
            path.await_ice()

    def begin(self, path: MediaPath, agreed: NegotiatedAudio) -> None:
        """Start it; harmless where it has begun."""
        if agreed.ice is None or path.ice is None:
            self._security.begin(path.latch.target, sure=False)
        elif path.ice.remote is None:
            # Taken before the task runs: the next description may come in the same turn of the loop.
            path.ice.remote = agreed.ice
            check = self._check(path, path.ice, agreed.ice, agreed)
            self._tasks.spawn(check, "ice")

    async def _check(
        self, path: MediaPath, link: IceLink, remote: IceDescription, agreed: NegotiatedAudio
    ) -> None:
        try:
            pair = await link.connect(remote, agreed.remote_rtp, controlling=self._controlling)
        except IceFailed:
            if not link.closed:
                self._failed("ice")
            return
        path.select(pair)
        self._security.begin(path.latch.target, sure=True)
        await link.lost()
        if not link.closed:
            self._failed("consent")


async def _renewed(path: MediaPath, remote: IceDescription) -> bool:
    """Whether pairs must be checked for this peer; a running link to the same one goes on."""
    link = path.ice
    if link is None:
        raise AssertionError("ICE was agreed without candidates of ours")
    if link.remote is None:
        return True
    if link.talks_to(remote):
        return False
    path.ice = await link.renewed()
    return True
