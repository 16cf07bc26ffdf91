"""sipp playing a scenario: the peer that does exactly what a test needs, however odd."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

from tests.lab.ports import LOOPBACK, free_port, held
from tests.lab.process import PeerFailed, Process, wait_until


class Sipp:
    """One run of a scenario. `remote` is where it sends (host, port), or None where it only answers.

    `scenario` is the text of an XML file; `rows` become its CSV fields; `calls` is how many calls it plays
    before it ends by itself. `host` is the loopback address it has; `call_id` the Call-ID its requests carry,
    where it shall not invent one. With `echo` the sound it gets at its media port goes back where it came
    from.
    """

    def __init__(
        self,
        folder: Path,
        scenario: str,
        *,
        remote: tuple[str, int] | None = None,
        rows: Sequence[Sequence[str]] = (),
        keys: Sequence[tuple[str, str]] = (),
        transport: str = "udp",
        calls: int = 1,
        port: int = 0,
        timeout_s: int = 30,
        echo: bool = False,
        host: str = LOOPBACK,
        call_id: str = "",
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self._folder = folder
        path = folder / "scenario.xml"
        path.write_text(scenario)
        self._command = [
            "sipp", "-sf", str(path), "-i", host, "-p", str(self.port), "-mi", host,
            "-m", str(calls), "-l", "10", "-r", "20", "-t", {"udp": "u1", "tcp": "t1"}[transport],
            "-nostdin", "-trace_err", "-error_file", str(folder / "errors"),
            "-trace_msg", "-message_file", str(folder / "messages"),
            "-timeout", str(timeout_s), "-timeout_error",
        ]  # fmt: skip
        self._command += ["-rtp_echo", "-mp", str(free_port())] if echo else []
        self._command += ["-cid_str", call_id] if call_id else []
        self._command += [word for name, value in keys for word in ("-key", name, value)]
        self._command += ["-inf", str(self._table(rows))] if rows else []
        self._command += [f"{remote[0]}:{remote[1]}"] if remote is not None else []
        self._process: Process | None = None

    def _table(self, rows: Sequence[Sequence[str]]) -> Path:
        table = self._folder / "fields.csv"
        table.write_text("SEQUENTIAL\n" + "".join(";".join(row) + "\n" for row in rows))
        return table

    @property
    def messages(self) -> str:
        """Every message it sent and received so far."""
        path = self._folder / "messages"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def errors(self) -> str:
        """What it found wrong."""
        path = self._folder / "errors"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start playing; returns when it can be reached. Raises PeerFailed."""
        self._process = Process(self._command, self._folder / "log", cwd=self._folder)
        if not wait_until(lambda: held(self.port), 10.0):
            self.stop()
            raise PeerFailed(f"sipp does not listen: {self._process.output[-1000:]}")

    def pause(self) -> None:
        """Freeze it: what arrives waits unread."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Go on after `pause`."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    def finish(self, timeout_s: float = 15.0) -> None:
        """Wait until all its calls went as the scenario says. Raises PeerFailed."""
        if self._process is None:
            raise PeerFailed("sipp was not started")
        status = self._process.wait(timeout_s)
        if status != 0:
            self.stop()
            raise PeerFailed(f"sipp ended with {status}: {self.errors[-3000:]} {self.messages[-3000:]}")

    def stop(self) -> None:
        """End it; harmless when it has ended."""
        if self._process is not None:
            self._process.stop(0.3)
