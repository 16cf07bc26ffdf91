"""`softphonectl` and `main.py ctl`: the command line of the control interface."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from softphone.control import client, meeting_cli
from softphone.control.protocol import ControlError
from softphone.profile import default_folder

ON_CALL = ("answer", "decline", "hangup", "hold", "resume", "mute", "unmute")
PATIENCE_S = 75.0
"""Longer than a sign-in or a keyring that asks may take."""

EXIT_REFUSED, EXIT_NOT_RUNNING, EXIT_INTERRUPTED = 1, 3, 130


def main(argv: Sequence[str] | None = None, profile: Path | None = None) -> int:
    """Run one command and return the exit code: 0, 1 refused or a check that failed, 2 usage, 3 no
    running program."""
    options = parser().parse_args(argv)
    folder = Path(options.profile) if options.profile else profile or default_folder()
    try:
        if options.command == "events":
            return _print_events(folder)
        command, arguments = _request(options)
        result = client.request(folder, command, arguments, PATIENCE_S)
    except ControlError as error:
        return _refused(error, options.json)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    _print(json.dumps(result) if options.json else "\n".join(_lines(result)))
    return EXIT_REFUSED if result.get("ok") is False else 0


def parser() -> argparse.ArgumentParser:
    """The command line; every command takes `--json`."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--json", action="store_true", help="print one JSON object")
    top = argparse.ArgumentParser(prog="softphonectl", description="Speak to a running Softphone.")
    top.add_argument("--profile", help="folder of the profile (default: the person's own)")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[shared])

    for name in ("status", "sign-out", "devices", "check", "events", "resources", "quit"):
        add(name, _HELP[name])
    for name in ON_CALL:
        add(name, _HELP[name]).add_argument(
            "id", nargs="?", help="the call; may be left out where there is one"
        )
    _add_sign_in(add("sign-in", "sign in; the password is read from standard input"))
    add("dial", "call a number or SIP address").add_argument("target")
    transfer = add("transfer", "hand a call over, or join it to another call")
    transfer.add_argument("id")
    transfer.add_argument("target", nargs="?")
    transfer.add_argument("--to-call", metavar="ID")
    add("dtmf", "send keys into the call").add_argument("digits")
    meeting_cli.add_to(add, shared)
    settings = add("settings", "read or change settings")
    settings.add_argument("action", choices=("get", "set"))
    settings.add_argument("key", nargs="?")
    settings.add_argument("value", nargs="?")
    add("screenshot", "save a picture of the windows").add_argument("path")
    return top


_HELP = {
    "status": "show account, calls and devices",
    "sign-out": "sign out and forget the password",
    "devices": "list sound devices",
    "check": "look at everything a call needs: line, sound, devices; it is heard and rings",
    "events": "print events as JSON lines until interrupted",
    "resources": "count the program's own tasks, threads and objects, and holes in the sound",
    "quit": "end the program",
    "answer": "answer a call",
    "decline": "decline a call",
    "hangup": "end a call",
    "hold": "put a call on hold",
    "resume": "take a call off hold",
    "mute": "stop sending the microphone",
    "unmute": "send the microphone again",
}


def _add_sign_in(sign_in: argparse.ArgumentParser) -> None:
    sign_in.add_argument("--server", required=True)
    sign_in.add_argument("--user", required=True)
    sign_in.add_argument("--password-stdin", action="store_true", required=True)
    sign_in.add_argument("--transport", choices=("auto", "udp", "tcp", "tls"), default="auto")
    sign_in.add_argument("--ca-file", default="")
    sign_in.add_argument("--remember", action="store_true")


def _request(options: argparse.Namespace) -> tuple[str, dict[str, object]]:
    """The command and its arguments for the running program. Raises ControlError (usage)."""
    match options.command:
        case "sign-in":
            return "sign-in", {
                "server": options.server,
                "user": options.user,
                "password": sys.stdin.readline().rstrip("\r\n"),
                "transport": options.transport,
                "ca_file": str(Path(options.ca_file).absolute()) if options.ca_file else "",
                "remember": options.remember,
            }
        case "transfer":
            if (options.target is None) == (options.to_call is None):
                raise ControlError("transfer needs either TARGET or --to-call ID", code="usage")
            given = {"id": options.id, "target": options.target, "to_call": options.to_call}
        case "settings":
            if options.action == "set" and (options.key is None or options.value is None):
                raise ControlError("settings set needs KEY and VALUE", code="usage")
            given = {"key": options.key, "value": options.value if options.action == "set" else None}
            return f"settings-{options.action}", {k: v for k, v in given.items() if v is not None}
        case meeting_cli.MEETING:
            return meeting_cli.request_of(options)
        case "screenshot":
            given = {"path": str(Path(options.path).absolute())}
        case _:
            given = {name: getattr(options, name, None) for name in ("id", "target", "digits")}
    return options.command, {name: value for name, value in given.items() if value is not None}


def _print_events(folder: Path) -> int:
    try:
        for event in client.events(folder):
            if "error" in event:
                raise client.as_error(event)
            _print(json.dumps(event))
    except KeyboardInterrupt:
        return 0
    return 0


def _refused(error: ControlError, as_json: bool) -> int:
    if as_json:
        _print(json.dumps({"error": {"code": error.code, "message": str(error)}}))
    else:
        sys.stderr.write(f"{error.code}: {error}\n")
    if error.code == "usage":
        return 2
    return EXIT_NOT_RUNNING if error.code == "not-running" else EXIT_REFUSED


def _lines(value: object, indent: str = "") -> list[str]:
    """A result as plain lines for people."""
    if isinstance(value, dict):
        lines = []
        for key, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                lines += [f"{indent}{key}:", *_lines(inner, indent + "  ")]
            else:
                lines.append(f"{indent}{key}: {_word(inner)}")
        return lines
    if isinstance(value, list):
        return [line for inner in value for line in _item(inner, indent)]
    return [f"{indent}{_word(value)}"]


def _item(inner: object, indent: str) -> list[str]:
    lines = _lines(inner, indent + "  ")
    return [f"{indent}- {lines[0].lstrip()}", *lines[1:]] if lines else []


def _word(value: object) -> str:
    if value is None or value in ("", [], {}):
        return "-"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _print(text: str) -> None:
    """What the terminal can't show, as a name in other letters on Windows, is written as an escape."""
    if text:
        encoding = sys.stdout.encoding or "utf-8"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stdout.flush()
