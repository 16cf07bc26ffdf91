"""Who calls, whatever the headers say."""

from __future__ import annotations

import pytest

from sip_bridge.arrivals import caller_of
from sip_bridge.core.events import IncomingInvite


def invite(from_: str, *asserted: str) -> IncomingInvite:
    headers = tuple(("P-Asserted-Identity", value) for value in asserted)
    return IncomingInvite("call-1", from_, "<sip:us@example.com>", "Bob", headers, None, "")


@pytest.mark.parametrize("nothing", ["", ",", " , ", "<", "\udcff", '"'])
def test_an_identity_that_says_nothing_leaves_the_call_to_from(nothing: str) -> None:
    assert str(caller_of(invite("<sip:bob@example.com>", nothing)).uri) == "sip:bob@example.com"
    asserted = caller_of(
        invite("<sip:bob@example.com>", nothing, '"Carol" <sip:carol@example.com>, <tel:+1>')
    )
    assert (asserted.display_name, str(asserted.uri)) == ("Carol", "sip:carol@example.com")


def test_a_from_that_can_not_be_read_is_somebody_of_that_name() -> None:
    caller = caller_of(invite("<"))
    assert (caller.display_name, caller.uri) == ("Bob", None)
