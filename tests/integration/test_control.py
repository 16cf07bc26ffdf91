"""The control interface over its real socket: commands, shapes, limits, grants, strangers."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from contextlib import suppress
from pathlib import Path

import pytest

from softphone.control import unix_socket
from softphone.control.place import LONGEST_PATH, socket_path
from softphone.control.protocol import MESSAGE_LIMIT
from softphone.control.server import CONNECTIONS_WAITING
from softphone.domain.device import Device
from softphone.domain.events import Notice
from softphone.domain.quality import CallQuality
from tests.doubles.application import running_application, settle
from tests.integration.control_bench import SIGN_IN, Bench, bench

__all__ = ["bench"]


async def test_status(bench: Bench) -> None:
    assert await bench.ask("status") == {
        "account": {"state": "signed-out", "user": "", "server": "", "transport": "", "reason": ""},
        "calls": [],
        "devices": {
            "microphone": "Laptop microphone",
            "speaker": "Laptop speakers",
            "alert": "Laptop speakers",
            "ring": ["Laptop speakers"],
            "why": {
                "microphone": {"wanted": "default", "used": "fake:microphone", "reason": ""},
                "speaker": {"wanted": "default", "used": "fake:speakers", "reason": ""},
                "alert": {"wanted": "speaker", "used": "fake:speakers", "reason": ""},
            },
        },
    }


async def test_a_day_at_the_phone(bench: Bench) -> None:
    assert (await bench.ask("sign-in", **SIGN_IN))["account"]["state"] == "registered"
    call_id = (await bench.ask("dial", target="050 765 4321"))["id"]
    bench.doubles.telephony.establish(call_id)
    bench.doubles.clock.advance(2.5)
    bench.doubles.telephony.qualities[call_id] = CallQuality(4.1, 0.5, 7.0, 31.0, 0.2)
    await asyncio.sleep(0.05)
    (call,) = (await bench.ask("status"))["calls"]
    assert {
        "id": call_id,
        "direction": "outgoing",
        "remote": "0507654321",
        "state": "active",
        "held": False,
        "muted": False,
        "codec": "opus",
        "encryption": "sdes",
        "duration_ms": 2500,
    }.items() <= call.items()
    for command, field, value in (
        ("mute", "muted", True),
        ("unmute", "muted", False),
        ("hold", "held", True),
    ):
        await bench.ask(command)
        assert (await bench.ask("status"))["calls"][0][field] is value
    await bench.ask("resume", id=call_id)
    await bench.ask("dtmf", digits="12#")
    await bench.ask("transfer", id=call_id, target="1001")
    await bench.ask("hangup")
    incoming = bench.doubles.telephony.incoming()
    await asyncio.sleep(0.05)
    await bench.ask("answer")
    await bench.ask("hangup", id=incoming)
    bench.doubles.telephony.incoming()
    await asyncio.sleep(0.05)
    await bench.ask("decline")
    await bench.ask("sign-out")
    status = await bench.ask("status")
    assert (status["account"]["state"], status["calls"]) == ("signed-out", [])
    sent = [command[0] for command in bench.doubles.telephony.commands]
    assert {"send_dtmf", "transfer", "answer", "reject", "hang_up", "sign_out"} <= set(sent)


async def test_quality_is_in_the_status(bench: Bench) -> None:
    await bench.ask("sign-in", **SIGN_IN)
    call_id = (await bench.ask("dial", target="1001"))["id"]
    bench.doubles.telephony.qualities[call_id] = CallQuality(4.1, 0.5, 7.0, None, 0.2)
    bench.doubles.telephony.establish(call_id)
    await asyncio.sleep(0.05)
    (call,) = (await bench.ask("status"))["calls"]
    assert {
        "mos": 4.1,
        "loss_percent": 0.5,
        "jitter_ms": 7.0,
        "rtt_ms": None,
        "concealed_percent": 0.2,
    }.items() <= call["quality"].items()


async def test_what_the_program_holds(bench: Bench) -> None:
    bench.doubles.sound.emptied = 3
    found = await bench.ask("resources")
    assert set(found) == {"tasks", "threads", "objects", "underflows"}
    assert found["underflows"] == 3
    more = await bench.ask("resources", kinds=True)
    assert max(more["kinds"].values()) <= more["objects"]
    listener = asyncio.create_task(asyncio.sleep(60))
    again = await bench.ask("resources")
    listener.cancel()
    assert again["tasks"] == found["tasks"] + 1


async def test_attended_transfer(bench: Bench) -> None:
    await bench.ask("sign-in", **SIGN_IN)
    calls = []
    for target in ("1001", "1002"):
        calls.append((await bench.ask("dial", target=target))["id"])
        bench.doubles.telephony.establish(calls[-1])
    await bench.ask("transfer", id=calls[0], to_call=calls[1])
    assert ("transfer_to_call", *calls) in bench.doubles.telephony.commands


async def test_devices_and_settings(bench: Bench) -> None:
    devices = await bench.ask("devices")
    assert [device["id"] for device in devices["devices"]] == [
        "fake:microphone",
        "fake:speakers",
        "fake:headset",
    ]
    assert devices["chosen"] == {
        "microphone": ["default"],
        "speaker": ["default"],
        "alert": ["speaker"],
        "ring": ["default"],
    }
    await bench.ask("settings-set", key="audio.ring", value="fake:headset,fake:speakers")
    assert await bench.ask("settings-get", key="audio.ring") == {
        "settings": {"audio.ring": ["fake:headset", "fake:speakers"]}
    }
    every = (await bench.ask("settings-get"))["settings"]
    assert every["call.encryption"] == "preferred"
    assert not [key for key in every if key.startswith("account.")]


async def test_lists_of_devices_are_set_and_told_with_the_reason(bench: Bench) -> None:
    sound = bench.doubles.sound
    for value, chosen in (("fake:headset", ["fake:headset"]), ("fake:dock, fake:headset", None)):
        await bench.ask("settings-set", key="audio.microphone", value=value)
        settings = (await bench.ask("settings-get", key="audio.microphone"))["settings"]
        assert settings["audio.microphone"] == (chosen or ["fake:dock", "fake:headset"])
    sound.plug(Device("fake:dock", "USB dock", True, True))
    await settle()
    sound.pull("fake:dock")
    devices = await bench.ask("devices")
    assert devices["chosen"]["microphone"] == ["fake:dock", "fake:headset"]
    assert devices["names"] == {"fake:dock": "USB dock", "fake:headset": "Jabra Evolve2"}
    assert [device["kind"] for device in devices["devices"]] == ["", "speakers", "headset"]
    used = (await bench.ask("status"))["devices"]
    assert devices["used"] == used
    assert (used["microphone"], used["alert"]) == ("Jabra Evolve2", "Laptop speakers")
    why = {"wanted": "fake:dock", "used": "fake:headset", "reason": "not-plugged-in"}
    assert used["why"]["microphone"] == why
    assert used["why"]["speaker"]["reason"] == ""
    assert "audio.names" not in (await bench.ask("settings-get"))["settings"]


async def test_refusals_have_codes(bench: Bench) -> None:
    assert await bench.refused("dial", target="1001") == "not-signed-in"
    await bench.ask("sign-in", **SIGN_IN)
    assert await bench.refused("dial", target="not a number") == "bad-target"
    assert await bench.refused("answer") == "unknown-call"
    assert await bench.refused("settings-get", key="no.such") == "bad-setting"
    assert await bench.refused("settings-set", key="ui.theme", value="pink") == "bad-setting"
    assert await bench.refused("settings-set", key="account.user", value="x") == "bad-setting"
    assert await bench.refused("settings-get", key="account.user") == "bad-setting"
    assert await bench.refused("screenshot", path="/x.png") == "no-screen"
    assert await bench.refused("nonsense") == "bad-request"
    assert await bench.refused("dial") == "bad-request"
    assert await bench.refused("dial", target=7) == "bad-request"
    assert await bench.refused("sign-in", **{**SIGN_IN, "server": "http://x"}) == "bad-address"
    assert await bench.refused("sign-in", **{**SIGN_IN, "transport": "pigeon"}) == "bad-request"


async def test_what_is_no_request(bench: Bench) -> None:
    for line in (
        b"hello\n",
        b"[1]\n",
        b'{"command": 1}\n',
        b"\xff\xfe\n",
        b'{"command":"status","arguments":[]}\n',
    ):
        (answer,) = await bench.raw(line)
        assert answer["error"]["code"] == "bad-request"
    assert await bench.raw(b"no end of line") == []
    assert (await bench.ask("status"))["calls"] == []


async def test_an_oversized_message_is_refused(bench: Bench) -> None:
    (answer,) = await bench.raw(b'{"command": "status", "x": "' + b"a" * (MESSAGE_LIMIT + 10) + b'"}\n')
    assert answer["error"]["code"] == "too-large"
    assert (await bench.ask("status"))["calls"] == []


async def test_several_requests_on_one_connection(bench: Bench) -> None:
    answers = await bench.raw(b'{"command":"status"}\n{"command":"nonsense"}\n{"command":"status"}\n')
    assert ["result" in answer for answer in answers] == [True, False, True]


async def test_who_connects_and_never_finishes_asking_keeps_nobody_out(bench: Bench) -> None:
    path = str(socket_path(bench.profile))
    slow = [await asyncio.open_unix_connection(path) for _ in range(3 * CONNECTIONS_WAITING)]
    for _, writer in slow:
        writer.write(b'{"command": "sta')
    assert "account" in await bench.ask("status")
    for reader, _ in slow[: 2 * CONNECTIONS_WAITING]:
        with suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b"", "it was let go"
    reader, writer = slow[-1]
    writer.write(b'tus"}\n')
    assert "account" in json.loads(await reader.readline())["result"]
    for _, writer in slow:
        writer.close()


async def test_the_socket_is_for_this_user_alone(bench: Bench) -> None:
    path = socket_path(bench.profile)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_another_users_process_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unix_socket, "peer_uid", lambda connection: os.getuid() + 1)
    assert await bench.refused("status") == "not-granted"


async def test_a_peer_that_can_not_be_told_is_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(connection: object) -> int:
        raise OSError("no such option")

    monkeypatch.setattr(unix_socket, "peer_uid", unknown)
    assert await bench.refused("status") == "not-granted"


async def test_events_until_the_listener_goes(bench: Bench) -> None:
    reader, writer = await asyncio.open_unix_connection(str(socket_path(bench.profile)))
    writer.write(b'{"command":"events"}\n')
    assert json.loads(await reader.readline()) == {"event": "listening"}
    await bench.ask("sign-in", **SIGN_IN)
    states = [json.loads(await reader.readline())["account"]["state"] for _ in range(2)]
    assert states == ["signing-in", "registered"]
    call_id = bench.doubles.telephony.incoming("0507654321")
    call = json.loads(await reader.readline())
    assert (call["event"], call["call"]["id"], call["call"]["state"]) == ("call", call_id, "ringing")
    bench.doubles.telephony.far_end_presses(call_id, "5")
    assert json.loads(await reader.readline()) == {"event": "dtmf", "id": call_id, "digit": "5"}
    writer.close()
    await writer.wait_closed()
    assert (await bench.ask("status"))["account"]["state"] == "registered"


async def test_quit_and_open(bench: Bench) -> None:
    asked: list[str] = []
    bench.application.on_quit = lambda: asked.append("quit")
    await bench.ask("quit")
    assert asked == ["quit"]
    await bench.ask("open")
    await bench.ask("open", target="tel:+358401234567")
    assert [e for e in bench.doubles.events if isinstance(e, Notice)] == [
        Notice("show-window"),
        Notice("dial-confirm", {"target": "tel:+358401234567"}),
    ]
    assert await bench.refused("open", target="tel:nobody") == "bad-target"
    assert bench.application.calls.calls() == ()
    await bench.ask("open", target="tel:112")
    assert bench.application.calls.calls()[0].emergency


async def test_a_long_profile_path_finds_its_socket(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * LONGEST_PATH) / "profile"
    assert len(str(socket_path(deep))) <= LONGEST_PATH
    async with running_application(deep) as (application, doubles):
        assert (await Bench(application, doubles).ask("status"))["calls"] == []
