"""Two sessions talk over loopback without protection."""

from __future__ import annotations

import asyncio

import pytest

from media.types import AudioFrame
from sip_bridge.core.sdp_values import Direction
from sip_bridge.rtp.policy import MediaPolicy
from tests.integration.rtp_pair import Relay, connect, ends, say, until

PLAIN = MediaPolicy("off", codecs=("PCMA",), rtcp_interval=0.1)


async def test_both_hear_each_other() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await asyncio.gather(say(alice, 50), say(bob, 30))
        await until(lambda: len(bob.packets) == 50 and len(alice.packets) == 30)
        assert bob.payloads == [number.to_bytes(2) * 40 for number in range(50)]
        first, *rest = bob.packets
        assert first.restart and first.marker and not any(packet.restart for packet in rest)
        assert [p.sequence - first.sequence for p in bob.packets] == list(range(50))
        assert [p.timestamp - first.timestamp for p in bob.packets] == [160 * n for n in range(50)]
        assert alice.session.encryption == ("", False)


async def test_reports_tell_loss_and_round_trip() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await asyncio.gather(say(alice, 80, pause=0.005), say(bob, 80, pause=0.005))
        await until(lambda: alice.session.statistics().rtt_ms is not None and alice.losses)
        figures = alice.session.statistics()
        assert set(alice.losses) == {0.0}
        assert figures.rtt_ms is not None and 0 <= figures.rtt_ms < 500
        assert figures.packets_received == 80 and figures.lost == 0


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
async def test_reports_on_a_port_of_their_own(address: str) -> None:
    async with ends(PLAIN, address=address) as (alice, bob):
        offer = (await alice.session.create_offer()).replace(b"a=rtcp-mux\r\n", b"")
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        assert alice.session.negotiated is not None and not alice.session.negotiated.rtcp_mux
        alice.session.start()
        bob.session.start()
        await say(alice, 20)
        await until(lambda: alice.losses)


async def test_loss_doubles_and_disorder() -> None:
    async with Relay.between(loss=0.1, double=0.1, swap=0.1) as relay, ends(PLAIN) as (alice, bob):
        await connect(alice, bob, relay)
        await say(alice, 400, pause=0.0005)
        await until(lambda: alice.losses and max(alice.losses) > 0)
        heard = [packet.sequence for packet in bob.packets]
        assert len(set(heard)) == len(heard) and heard != sorted(heard)
        figures = bob.session.statistics()
        assert figures.duplicates > 10
        assert 0.05 < figures.lost / 400 < 0.2


async def test_keys_arrive_once_each_even_when_packets_are_lost() -> None:
    async with Relay.between(loss=0.2, double=0.2) as relay, ends(PLAIN) as (alice, bob):
        await connect(alice, bob, relay)
        alice.session.send_dtmf("1")
        alice.session.send_dtmf("9#")
        await until(lambda: bob.digits == "19#")
        await asyncio.sleep(0.1)
        assert bob.digits == "19#" and bob.packets == []


async def test_speech_is_silent_while_a_key_is_down_and_its_time_goes_on() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await say(alice, 1)
        alice.session.send_dtmf("5")
        await asyncio.sleep(0.02)
        for _ in range(5):
            alice.session.send(AudioFrame(b"x" * 160, 160))
        await until(lambda: bob.digits == "5")
        await asyncio.sleep(0.3)
        await say(alice, 1)
        await until(lambda: len(bob.packets) == 2)
        first, second = bob.packets
        assert second.timestamp - first.timestamp == 6 * 160 and second.marker


async def test_whoever_only_listens_keeps_its_binding_alive() -> None:
    async with Relay.between() as relay, ends(PLAIN) as (alice, bob):
        offer = (await alice.session.create_offer("sendonly")).replace(b"a=rtcp-mux\r\n", b"")
        answer = await bob.session.create_answer(relay.rewrite(offer, 0))
        await alice.session.accept_answer(relay.rewrite(answer, 1))
        bob.session.start()
        await until(lambda: len(relay.seen) >= 2)
        assert {data[1] & 0x7F for data in relay.seen} == {20}
        assert alice.packets == [] and alice.session.statistics().malformed >= 1


async def test_hold_and_resume() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await alice.session.accept_answer(
            await bob.session.create_answer(await alice.session.reoffer(Direction.SENDONLY))
        )
        assert bob.session.negotiated is not None and bob.session.negotiated.remote_hold
        assert bob.session.negotiated.direction is Direction.RECVONLY
        await say(bob, 5)
        await alice.session.accept_answer(
            await bob.session.create_answer(await alice.session.reoffer(Direction.SENDRECV))
        )
        await say(bob, 3, first=100)
        await until(lambda: len(alice.packets) == 3)
        assert alice.payloads[0] == (100).to_bytes(2) * 40
        assert not alice.packets[1].restart


async def test_a_new_local_address_takes_over_when_it_is_answered() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await say(bob, 2)
        offer = await alice.session.move("127.0.0.2")
        assert b"c=IN IP4 127.0.0.2" in offer
        await say(bob, 2)
        await until(lambda: len(alice.packets) == 4)
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        await say(bob, 2)
        await say(alice, 2)
        await until(lambda: len(alice.packets) == 6 and len(bob.packets) == 2)
        assert bob.session.negotiated is not None
        assert bob.session.negotiated.remote_rtp[0] == "127.0.0.2"


async def test_a_refused_move_leaves_the_call_where_it_was() -> None:
    async with ends(PLAIN) as (alice, bob):
        await connect(alice, bob)
        await alice.session.move("127.0.0.2")
        await alice.session.abandon_offer()
        await asyncio.gather(say(alice, 3), say(bob, 3))
        await until(lambda: len(alice.packets) == 3 and len(bob.packets) == 3)


async def test_sound_before_the_answer_is_heard() -> None:
    async with ends(PLAIN) as (alice, bob):
        answer = await bob.session.create_answer(await alice.session.create_offer())
        bob.session.start()
        await say(bob, 3)
        await until(lambda: len(alice.packets) == 3)
        await alice.session.accept_answer(answer)
        await say(bob, 2)
        await until(lambda: len(alice.packets) == 5)


async def test_the_last_answer_of_a_forked_call_holds() -> None:
    async with ends(PLAIN) as (alice, bob), ends(PLAIN) as (carol, _):
        offer = await alice.session.create_offer()
        await alice.session.accept_answer(await bob.session.create_answer(offer))
        await alice.session.accept_answer(await carol.session.create_answer(offer))
        alice.session.start()
        carol.session.start()
        await asyncio.gather(say(alice, 3), say(carol, 3))
        await until(lambda: len(carol.packets) == 3 and len(alice.packets) == 3)
        assert bob.packets == []


async def test_a_stranger_is_not_heard_once_the_peer_was() -> None:
    async with ends(PLAIN) as (alice, bob), ends(PLAIN) as (stranger, other):
        await connect(alice, bob)
        await say(bob, 1)
        await until(lambda: alice.packets)
        assert alice.session.negotiated is not None
        port = int((await alice.session.create_offer()).split(b"m=audio ")[1].split()[0])
        offer = (await other.session.create_offer()).decode().split("\r\n")
        forged = [f"m=audio {port} RTP/AVP 8" if line.startswith("m=audio") else line for line in offer]
        await stranger.session.create_answer("\r\n".join(forged).encode())
        stranger.session.start()
        await say(stranger, 3)
        await until(lambda: alice.session.statistics().refused == 3)
        assert len(alice.packets) == 1
