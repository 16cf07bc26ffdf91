"""What stands beside the program with its windows as a program of its own.

Started as a program, this module is somebody's other program (`other FILE`), or one refused sign-in in the
network this process has (`refused FOLDER`: input says what to type, output what came of it).
"""

from __future__ import annotations

import asyncio
import json
import shlex
import ssl
import subprocess
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from softphone.adapters.directory import PATH
from tests.e2e.window_rig import Form, Refused, Windowed, refused, story
from tests.lab.disk import permitted
from tests.lab.dns import DnsServer

ALONE = ("--map-root-user", "--net", "--mount")


def other_program(written: Path) -> int:
    """Fills the screen, takes text, and writes down what it was given after every key."""
    qt = QApplication(["other"])
    window = QWidget()
    window.setWindowTitle("Other program")
    editor = QLineEdit(window)
    editor.setGeometry(40, 40, 400, 40)
    entered: list[str] = []

    def note() -> None:
        new = written.with_suffix(".new")
        new.write_text(json.dumps({"text": editor.text(), "entered": len(entered)}))
        new.replace(written)

    def enter() -> None:
        entered.append(editor.text())
        note()

    editor.textChanged.connect(note)
    editor.returnPressed.connect(enter)
    window.showMaximized()
    window.activateWindow()
    editor.setFocus()
    note()
    return qt.exec()


@dataclass(frozen=True, slots=True)
class Well:
    """An HTTPS server on its own port 443 of loopback that serves one discovery document."""

    certificate: str
    key: str
    document: Mapping[str, str]

    async def serve(self) -> asyncio.Server:
        """Listen."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return await asyncio.start_server(self._answer, "127.0.0.1", 443, ssl=context)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked = (await reader.readline()).split()[1].decode()
        while (await reader.readline()).strip():
            pass
        body = json.dumps(dict(self.document)).encode()
        status = "200 OK" if asked == PATH else "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body
        )
        await writer.drain()
        writer.close()


def module_command(what: str, place: Path) -> list[str]:
    """How this module is started as a program of its own."""
    return [sys.executable, "-m", "tests.e2e.window_alone", what, str(place)]


def refused_alone(
    folder: Path, network: str, form: Form, *, well: Well | None = None, names: bool = False
) -> Refused:
    """`refused` in a network of its own, made by the shell commands `network`; nothing else is there.

    With `names` a name server that knows no names stands on its loopback. Skipped where no process may
    have such a network.
    """
    if not permitted(*ALONE):
        pytest.skip("this system lets no process have a network of its own")
    asked = json.dumps({"form": asdict(form), "well": well and asdict(well), "names": names})
    here = f"{network}\nexec {shlex.join(module_command('refused', folder))}"
    done = subprocess.run(
        ["unshare", *ALONE, "sh", "-ec", here],
        input=asked,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(done.stdout.splitlines()[-1])
    told["kept"] = Form(**told["kept"])
    told["sentences"] = {language: tuple(lines) for language, lines in told["sentences"].items()}
    return Refused(**told)


def main(arguments: list[str]) -> int:
    """Run what the command line names."""
    what, place = arguments
    if what == "other":
        return other_program(Path(place))
    given = json.load(sys.stdin)
    form = Form(**given["form"])
    well = Well(**given["well"]) if given["well"] else None
    application = QApplication(["softphone"])
    application.setQuitOnLastWindowClosed(False)
    outcomes: list[Refused] = []

    @story
    async def play() -> None:
        async with AsyncExitStack() as stack:
            if given["names"]:
                stack.enter_context(DnsServer({}, port=53))
            if well is not None:
                stack.callback((await well.serve()).close)
            program = await stack.enter_async_context(Windowed(Path(place)))
            outcomes.append(await refused(program, form))

    play()
    sys.stdout.write(json.dumps(asdict(outcomes[0])) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
