"""Redirection of a call of ours, played by a sipp that is every place it leads to."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tests.lab.scenarios import ANSWERED, bye, pause, recv, reply
from tests.lab.scenarios_stage import call_and_end, ended, facing, hang_up, seen

pytestmark = pytest.mark.peer

HERE = "Contact: <sip:{}@[local_ip]:[local_port]>\n"


def numbers(messages: str, method: str) -> list[str]:
    """The CSeq numbers of our requests of a method, each once, in order."""
    asked = re.findall(rf"received.*?\n\n{method} sip:.*?^CSeq: (\d+) {method}", messages, re.M | re.S)
    return list(dict.fromkeys(asked))


@pytest.mark.conformance("RFC 3261 8.1.3.4", "302 is followed to the place it names")
async def test_elsewhere(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("302 Moved Temporarily", "a", headers=HERE.format("other")),
        recv("ACK"),
        *ANSWERED,
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await call_and_end(caller)
        await seen(peer, "INVITE sip:other@")


@pytest.mark.conformance("RFC 3261 8.1.3.4", "302 to where we just were: no second INVITE, it ends")
async def test_a_redirection_to_itself(tmp_path: Path) -> None:
    steps = (
        recv("INVITE"),
        reply("302 Moved Temporarily", "a", headers=HERE.format("other")),
        recv("ACK"),
        recv("INVITE"),
        reply("302 Moved Temporarily", "b", headers=HERE.format("other")),
        recv("ACK"),
        pause(300),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await caller.client.dial("peer")
        gone = await ended(caller)
        assert gone.status == 302
        assert numbers(peer.messages, "INVITE") == ["1", "2"]


@pytest.mark.conformance("RFC 3261 8.1.3.4", "302 always to somewhere new: we stop after five")
async def test_redirections_without_end(tmp_path: Path) -> None:
    rounds = [
        (recv("INVITE"), reply("302 Moved Temporarily", "a", headers=HERE.format(f"p{n}")), recv("ACK"))
        for n in range(6)
    ]
    async with facing(tmp_path, *(step for one in rounds for step in one), pause(300)) as (caller, peer):
        await caller.client.dial("peer")
        assert (await ended(caller)).status == 302
        await asyncio.to_thread(peer.finish)
        assert numbers(peer.messages, "INVITE") == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.conformance("RFC 3261 8.1.3.4", "of several places the better one is tried first, then the next")
async def test_places_by_preference(tmp_path: Path) -> None:
    places = "Contact: <sip:later@[local_ip]:[local_port]>;q=0.2, <sip:first@[local_ip]:[local_port]>;q=0.9\n"
    steps = (
        recv("INVITE"),
        reply("300 Multiple Choices", "a", headers=places),
        recv("ACK"),
        recv("INVITE"),
        reply("480 Temporarily Unavailable", "b"),
        recv("ACK"),
        *ANSWERED,
        bye(),
    )
    async with facing(tmp_path, *steps) as (caller, peer):
        await hang_up(caller, await caller.dial("peer"))
        asked = re.findall(r"^INVITE sip:(\w+)@", peer.messages, re.M)
        assert list(dict.fromkeys(asked)) == ["peer", "first", "later"]
