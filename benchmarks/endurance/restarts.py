"""A registration through servers that are killed and addresses that change.

    unshare -n python -m benchmarks.endurance.restarts TIMES

Three programs, by TLS, TCP and UDP. After each turn a request goes to each through the server, as a caller's
would: it comes through only where the registration is alive. Prints what held as JSON on its last line.
"""

from __future__ import annotations

import json
import secrets
import socket
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from benchmarks.endurance.figures import HEAD, Look, Verdict, counted_flat, look, row
from benchmarks.endurance.network import Network
from tests.lab.certificates import Authority
from tests.lab.kamailio import REALM, Kamailio, Options, User
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.process import wait_until
from tests.lab.program import Program

LINES = {"tls": "0401000001", "tcp": "0401000002", "udp": "0401000003"}
KNOCKER = "0402000001"
SECRET = "-".join(("not", "a", "secret"))
KEEPALIVE_S = 2
AWAY_S = 3.0
"""Longer than a keep-alive's period: by UDP nothing is connected, and nobody knows of a shorter absence."""

BACK_S = 12.0
"""How soon a line must be back: addresses are looked at every five seconds."""

GIVE_UP_S = 60.0
ANSWER_S = 0.4
SPARE_TASKS, SPARE_FILES, SPARE_THREADS = 2, 2, 1


@dataclass
class Course:
    """How it went: seconds until each line was back, by what had happened."""

    back_s: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    lost: list[str] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Rig:
    """The server, the lines and the network they are in; all ends with `stack`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._knocks_from = free_port()
        authority = Authority(folder / "authority")
        self.server = Kamailio(
            folder / "server",
            Options(
                tuple(User(number, SECRET) for number in LINES.values()),
                certificate=authority.issue("localhost", LOOPBACK),
                routes=((KNOCKER, self._knocks_from),),
            ),
        )
        self.network = Network((self.server.port, self.server.tls_port))
        stack.callback(self.server.stop)
        self.server.start()
        self.lines: dict[str, Program] = {}
        settings = {"sip.keepalive_s": str(KEEPALIVE_S)}
        for transport, number in LINES.items():
            program = self.lines[transport] = Program(folder / transport, settings=settings)
            stack.callback(program.stop)
            program.start()
            port = self.server.tls_port if transport == "tls" else self.server.port
            program.sign_in(
                f"{LOOPBACK}:{port}", number, SECRET, transport=transport, ca_file=authority.ca_file
            )

    def reached(self, transport: str) -> bool:
        """Whether a request to this line comes through."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocker:
            knocker.bind((LOOPBACK, self._knocks_from))
            knocker.settimeout(ANSWER_S)
            knocker.sendto(self._options(LINES[transport]), (LOOPBACK, self.server.port))
            try:
                return knocker.recv(65_535).startswith(b"SIP/2.0 200")
            except OSError:
                return False

    def _options(self, number: str) -> bytes:
        token = secrets.token_hex(6)
        lines = (
            f"OPTIONS sip:{number}@{REALM} SIP/2.0",
            f"Via: SIP/2.0/UDP {LOOPBACK}:{self._knocks_from};branch=z9hG4bK{token};rport",
            "Max-Forwards: 10",
            f"From: <sip:{KNOCKER}@{REALM}>;tag={token}",
            f"To: <sip:{number}@{REALM}>",
            f"Call-ID: {token}",
            "CSeq: 1 OPTIONS",
            "Content-Length: 0",
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


def restarted(rig: Rig) -> None:
    """The server crashes and is back at once; its connections break."""
    rig.server.restart()


def away(rig: Rig) -> None:
    """The server is away for some seconds."""
    rig.server.kill()
    time.sleep(AWAY_S)
    rig.server.start()


def moved(rig: Rig) -> None:
    """Another address, and a server that has forgotten us."""
    rig.network.replace()
    away(rig)


def out_and_in(rig: Rig) -> None:
    """Neither network nor server for some seconds; then another address, and a server that forgot us."""
    rig.network.lose()
    rig.server.kill()
    time.sleep(AWAY_S)
    rig.network.replace()
    rig.server.start()


def only_moved(rig: Rig) -> None:
    """Another address at the same server."""
    rig.network.replace()


TURNS: tuple[Callable[[Rig], None], ...] = (restarted, away, moved, out_and_in, only_moved)


def go_on(folder: Path, times: int, tell: Callable[[str], None]) -> Course:
    """So many turns. Raises PeerFailed."""
    course = Course()
    with ExitStack() as stack:
        rig = Rig(folder, stack)
        for transport in LINES:
            wait_until(partial(rig.reached, transport), BACK_S, 0.1)
        course.looks.append(look(rig.lines["tls"], 0))
        tell(HEAD)
        tell(row(course.looks[0]))
        for number in range(times):
            _turn(rig, number, course)
            if (number + 1) % 10 == 0 or number + 1 == times:
                course.looks.append(look(rig.lines["tls"], number + 1))
                tell(row(course.looks[-1]))
        for program in rig.lines.values():
            course.faults += [line for line in program.logged.splitlines() if " ERROR " in line]
    return course


def _turn(rig: Rig, number: int, course: Course) -> None:
    turn = TURNS[number % len(TURNS)]
    turn(rig)
    began = time.monotonic()
    # A server that was gone for a moment only can't be missed by UDP: no connection breaks.
    awaited = [transport for transport in LINES if turn is not restarted or transport != "udp"]
    for transport in awaited:
        if wait_until(partial(rig.reached, transport), GIVE_UP_S, 0.1):
            course.back_s[f"{turn.__name__}, {transport}"].append(time.monotonic() - began)
        else:
            account = rig.lines[transport].account()
            course.lost.append(f"turn {number} ({turn.__name__}), {transport}: {account}")


def judged(course: Course) -> list[Verdict]:
    """What must hold."""
    longest = max((max(seconds) for seconds in course.back_s.values()), default=0.0)
    verdicts = [
        Verdict("lines that did not come back", "; ".join(course.lost) or "none", not course.lost),
        Verdict("longest until a line was back", f"{longest:.1f} s", longest <= BACK_S),
        Verdict("faults logged", "; ".join(course.faults) or "none", not course.faults),
    ]
    spare = {"threads": SPARE_THREADS, "files": SPARE_FILES, "tasks": SPARE_TASKS}
    return verdicts + [counted_flat(course.looks, name, more) for name, more in spare.items()]


def main() -> int:
    """Run in the network of this process, which must be its own."""

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="long-run-") as folder:
        course = go_on(Path(folder), int(sys.argv[1]), tell)
    for what, seconds in course.back_s.items():
        tell(
            f"{what}: back after {statistics.median(seconds):.1f} s in the median, "
            f"{max(seconds):.1f} s at most ({len(seconds)} times)"
        )
    print(json.dumps([asdict(verdict) for verdict in judged(course)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
