"""What is looked at when more comes than anybody means: before it is parsed, and before it is obeyed.

What belongs to a call or to a request of ours is heard whatever else comes; it is recognised by its branch
or Call-ID, which strangers can't guess. The rest has rates that no telephone reaches, and what is beyond them
is lost like any datagram.
"""

from __future__ import annotations

import re
from collections import OrderedDict

from sip_bridge.core.calls import Calls
from sip_bridge.core.transaction_layer import TransactionLayer

STRANGERS_A_SECOND = 20.0
"""Messages of hosts that are not our server: all they can get is a refusal."""

COMPLAINTS_A_SECOND = 20.0
"""Answers to malformed requests."""

REQUESTS_A_SECOND = 300.0
"""New requests of our server."""

REQUESTS_OF_A_CALL_A_SECOND = 100.0
"""New requests inside one call: its far end may be anybody, and must not cost the other calls theirs."""

CALLS = 32
"""Calls whose requests are counted; of more the one silent longest is forgotten."""

HEAD = 4096
"""Octets in which a message names its branch and its Call-ID, unless it means to be slow."""

_BRANCH = re.compile(rb"[;\s]branch[ \t]*=[ \t]*([^\s;,\"]{1,256})", re.IGNORECASE)
_CALL_ID = re.compile(rb"\n(?:call-id|i)[ \t]*:[ \t]*([^\r\n]{1,256})", re.IGNORECASE)


class Bucket:
    """So many a second, and one second's worth at once. `now` in seconds."""

    def __init__(self, rate: float) -> None:
        self._rate = self._left = rate
        self._at = 0.0

    def take(self, now: float) -> bool:
        """Whether there is one left; it is taken."""
        self._left = min(self._rate, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True


class Admission:
    """The rates of one user agent."""

    def __init__(self, layer: TransactionLayer, calls: Calls) -> None:
        self._layer = layer
        self._calls = calls
        self._strangers = Bucket(STRANGERS_A_SECOND)
        self._complaints = Bucket(COMPLAINTS_A_SECOND)
        self._requests = Bucket(REQUESTS_A_SECOND)
        self._of_calls: OrderedDict[str, Bucket] = OrderedDict()

    def stranger(self, now: float) -> bool:
        """Whether to parse a datagram of a host that is not our server, about nothing of ours."""
        return self._strangers.take(now)

    def complaint(self, now: float) -> bool:
        """Whether a malformed request is answered."""
        return self._complaints.take(now)

    def request(self, now: float) -> bool:
        """Whether a new request of our server's is taken."""
        return self._requests.take(now)

    def request_of(self, call_id: str, now: float) -> bool:
        """Whether a new request inside one of our calls is taken."""
        bucket = self._of_calls.setdefault(call_id, Bucket(REQUESTS_OF_A_CALL_A_SECOND))
        self._of_calls.move_to_end(call_id)
        if len(self._of_calls) > CALLS:
            self._of_calls.popitem(last=False)
        return bucket.take(now)

    def expects(self, data: bytes) -> bool:
        """Whether a message is about a call or a request of ours, as far as a glance can tell."""
        branch = _BRANCH.search(data, 0, HEAD)
        if branch is not None and self._layer.knows_branch(branch[1].decode("utf-8", "surrogateescape")):
            return True
        call_id = _CALL_ID.search(data, 0, HEAD)
        if call_id is None:
            return False
        return self._calls.knows(call_id[1].decode("utf-8", "surrogateescape").strip())
