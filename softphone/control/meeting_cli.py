"""The command line's share for meetings: `meetings` and `meeting ACTION`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from softphone.control.protocol import ControlError

MEETINGS, MEETING = "meetings", "meeting"

FILE_LIMIT = 60_000
"""Bytes of a FILE.json: its content has to fit into one message."""

WHO = "of `meeting lobby` or `meeting status`, or the participant's of `meeting create`"

ARGUMENTS = (
    "target", "unlisted", "camera", "microphone", "on", "id", "reason", "code", "text", "participant",
)  # fmt: skip

Add = Callable[[str, str], argparse.ArgumentParser]


def add_to(add: Add, shared: argparse.ArgumentParser) -> None:
    """Add both commands to the command line."""
    add(MEETINGS, "list appointments")
    meeting = add(MEETING, "make, open, join and hold a meeting")
    actions = meeting.add_subparsers(dest="action", required=True, metavar="ACTION")

    def action(name: str, text: str) -> argparse.ArgumentParser:
        return actions.add_parser(name, help=text, description=text, parents=[shared])

    action("create", "make an appointment; answers with every participant's link").add_argument("file")
    action("cancel", "cancel an appointment").add_argument("id")
    link = action("link", "make a participant's link anew; the former one ends")
    link.add_argument("id")
    link.add_argument("participant")
    opened = action("open", "open a link, or one of your own appointments by its id")
    opened.add_argument("target", metavar="LINK|ID")
    opened.add_argument("--unlisted", action="store_true", help="also at a server the company does not list")
    join = action("join", "go in, or ask to be let in")
    for device in ("camera", "microphone"):
        join.add_argument(f"--{device}", choices=("on", "off"))
        action(device, f"turn the {device} on or off").add_argument("on", choices=("on", "off"))
    action("lobby", "show who waits")
    action("admit", "let somebody in, or all who wait").add_argument("id", metavar="ID|all", help=WHO)
    for name, text in (("decline", "do not let somebody in"), ("remove", "put somebody out")):
        out = action(name, text)
        out.add_argument("id", help=WHO)
        out.add_argument("--reason", help="what that person is told")
    action("put-back", "put somebody back into the lobby").add_argument("id", help=WHO)
    action("code", "make a confirmation code").add_argument("id", nargs="?", help=WHO)
    action("confirm", "type the code that the host tells").add_argument("code")
    action("chat", "write to everybody in the meeting").add_argument("text")
    say = action("say-lobby", "write to who waits; from the lobby: to the host")
    say.add_argument("text")
    say.add_argument("--to", dest="id", help=WHO)
    action("call", "call the expert by phone while the meeting goes on")
    action("reconnect", "come back, also when another device took the place")
    action("leave", "leave the meeting")
    action("end", "end the meeting for everybody")
    action("status", "show the meeting, who is in it and what flows")


def request_of(options: argparse.Namespace) -> tuple[str, dict[str, object]]:
    """The command and its arguments for the running program. Raises ControlError (usage)."""
    command = f"meeting-{options.action}"
    if options.action == "create":
        return command, {"appointment": _document(Path(options.file))}
    names = (
        "target",
        "unlisted",
        "camera",
        "microphone",
        "on",
        "id",
        "reason",
        "code",
        "text",
        "participant",
    )
    given = {name: getattr(options, name, None) for name in names}
    return command, {name: value for name, value in given.items() if value not in (None, False)}


def _document(path: Path) -> object:
    try:
        content = path.read_bytes()
        if len(content) > FILE_LIMIT:
            raise ControlError(f"{path} is longer than {FILE_LIMIT} bytes", code="usage")
        return json.loads(content)
    except OSError as error:
        raise ControlError(f"{path}: {error.strerror}", code="usage") from None
    except (ValueError, RecursionError):
        raise ControlError(f"{path} is not JSON", code="usage") from None
