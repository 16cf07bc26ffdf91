"""The control interface from the command line, and what a packaged installation grants."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path

import pytest

from softphone.control import cli, client, handover
from softphone.domain.account import Credentials
from softphone.domain.events import Notice
from tests.doubles.application import running_application
from tests.integration.control_bench import Bench, bench, packaged

__all__ = ["bench", "packaged"]


# --- a packaged installation


async def test_packaged_everything_is_off_but_open(packaged: Bench) -> None:
    for command in ("status", "events", "quit", "dial", "sign-in"):
        assert await packaged.refused(command) == "not-granted"
    await packaged.ask("open")


async def test_packaged_grants(packaged: Bench) -> None:
    settings = packaged.application.settings
    await settings.set("control.enabled", True)
    assert (await packaged.ask("status"))["calls"] == []
    assert await packaged.refused("screenshot", path="/x.png") == "not-granted"
    assert await packaged.refused("settings-set", key="call.auto_answer", value="true") == "not-granted"
    assert (
        await packaged.refused("settings-set", key="control.allow_screenshot", value="true") == "not-granted"
    )
    await packaged.ask("settings-set", key="ui.theme", value="dark")
    await settings.set("control.allow_screenshot", True)
    await settings.set("control.allow_auto_answer", True)
    assert await packaged.refused("screenshot", path="/x.png") == "no-screen"
    await packaged.ask("settings-set", key="call.auto_answer", value="true")


# --- the command line


async def run_cli(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Run `softphonectl` in a thread and return exit code, output and errors."""
    code = await asyncio.to_thread(cli.main, argv)
    shown = capsys.readouterr()
    return code, shown.out, shown.err


async def test_cli_json_and_plain(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    profile = ("--profile", str(bench.profile))
    code, out, _ = await run_cli(capsys, *profile, "status", "--json")
    assert (code, json.loads(out)["account"]["state"]) == (0, "signed-out")
    code, out, _ = await run_cli(capsys, *profile, "settings", "get", "call.encryption")
    assert (code, out.strip().splitlines()[-1].strip()) == (0, "call.encryption: preferred")
    code, out, _ = await run_cli(capsys, *profile, "dial", "1001", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "not-signed-in")
    code, out, err = await run_cli(capsys, *profile, "dial", "1001")
    assert (code, out) == (1, "")
    assert err.startswith("not-signed-in")
    code, out, _ = await run_cli(capsys, *profile, "transfer", "x", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "usage")
    code, out, _ = await run_cli(capsys, *profile, "settings", "set", "ui.theme", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (2, "usage")


async def test_cli_sign_in_reads_the_password(
    bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("päss wörd \n"))
    account = ("--server", "vip.example.com", "--user", "1001", "--password-stdin", "--transport", "tcp")
    code, out, _ = await run_cli(capsys, "--profile", str(bench.profile), "sign-in", *account, "--json")
    assert (code, json.loads(out)["account"]["transport"]) == (0, "tcp")
    assert bench.doubles.telephony.secret == "päss wörd "


async def test_cli_events_are_json_lines_until_the_program_ends(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_application(tmp_path / "p") as (application, doubles):
        listening = asyncio.create_task(run_cli(capsys, "--profile", str(tmp_path / "p"), "events"))
        async with asyncio.timeout(10):
            while "listening" not in (shown := capsys.readouterr().out):
                await asyncio.sleep(0.01)
        await application.session.sign_in(Credentials("vip.example.com", "1001", "x"))
        doubles.telephony.incoming()
        async with asyncio.timeout(10):
            while '"call"' not in shown:
                await asyncio.sleep(0.01)
                shown += capsys.readouterr().out
    code, rest, _ = await asyncio.wait_for(listening, 10)
    kinds = [json.loads(line)["event"] for line in (shown + rest).splitlines()]
    assert code == 0
    assert kinds[:4] == ["listening", "account", "account", "call"]


async def test_cli_events_of_a_packaged_program(packaged: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = await run_cli(capsys, "--profile", str(packaged.profile), "events", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (1, "not-granted")


@pytest.mark.parametrize(
    ("argv", "command", "arguments"),
    [
        (("hold",), "hold", {}),
        (("mute", "7"), "mute", {"id": "7"}),
        (("dtmf", "12#"), "dtmf", {"digits": "12#"}),
        (("transfer", "1", "040"), "transfer", {"id": "1", "target": "040"}),
        (("transfer", "1", "--to-call", "2"), "transfer", {"id": "1", "to_call": "2"}),
        (("settings", "get"), "settings-get", {}),
        (("settings", "set", "ui.theme", "dark"), "settings-set", {"key": "ui.theme", "value": "dark"}),
        (("screenshot", "/a.png"), "screenshot", {"path": "/a.png"}),
        (("quit",), "quit", {}),
    ],
)
def test_cli_words_become_requests(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    argv: tuple[str, ...],
    command: str,
    arguments: dict[str, object],
) -> None:
    sent: list[tuple[str, dict[str, object]]] = []

    def request(profile: Path, name: str, given: dict[str, object], timeout_s: float) -> dict[str, object]:
        sent.append((name, given))
        return {"done": [{"a": True, "b": None}, "c"], "empty": {}}

    monkeypatch.setattr(client, "request", request)
    assert cli.main(argv) == 0
    assert sent == [(command, arguments)]
    assert capsys.readouterr().out == "done:\n  - a: yes\n    b: -\n  - c\nempty: -\n"


async def test_a_second_start_hands_over(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(handover.hand_over, bench.profile, "sip:1001@vip.example.com") == 0
    assert bench.doubles.events[-1] == Notice("dial-confirm", {"target": "sip:1001@vip.example.com"})
    assert await asyncio.to_thread(handover.hand_over, bench.profile, "sip:") == 1
    assert "did not listen" in capsys.readouterr().err


async def test_cli_without_a_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = await run_cli(capsys, "--profile", str(tmp_path), "status", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (3, "not-running")
