"""Many datagrams a second at one port, sent by a process of their own so that the test's own time stays free.

`python -m tests.lab.flood KIND HOST PORT RATE SECONDS SOURCE SOURCE_PORT TARGET` sends, and prints what came
of it as JSON: how many were sent, and how often each status was answered.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.lab.process import Process

STEP_S = 0.01
SEED = 20_261_122
POOL = 200
"""Different malformed datagrams, sent in turn."""

STATUS = re.compile(rb"SIP/2\.0 (\d{3})")
CODECS = b"v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 9 RTP/AVP 8 0\r\n"
HOME = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a flood goes, what of, how fast, and which address it says it comes from.

    `kind`: malformed (SIP), invites (each a new call of another stranger), caller (each a new call
    of the same one) or rtp. `target`: whom the INVITEs are for.
    """

    kind: str
    host: str
    port: int
    rate: int
    seconds: float
    source: str = "127.0.0.66"
    source_port: int = 0
    target: str = "somebody"


class Flood:
    """A flood that runs. `wait` until it is over, then see what was `sent` and `answered`."""

    def __init__(self, aim: Aim, log: Path) -> None:
        words = (aim.kind, aim.host, aim.port, aim.rate, aim.seconds, aim.source, aim.source_port, aim.target)
        command = [sys.executable, "-m", "tests.lab.flood", *map(str, words)]
        self._process = Process(command, log, cwd=HOME)
        self._patience_s = 3 * aim.seconds + 20
        self._told: dict[str, int] = {}

    def wait(self) -> None:
        """Wait for its end. Raises AssertionError when it failed."""
        status = self._process.wait(self._patience_s)
        assert status == 0, self._process.output[-2000:]
        self._told = json.loads(self._process.output.splitlines()[-1])

    def close(self) -> None:
        """End it."""
        self._process.stop()

    @property
    def sent(self) -> int:
        """Datagrams that were sent."""
        return self._told["sent"]

    def answered(self, status: int) -> int:
        """How many answers with this status came."""
        return self._told.get(str(status), 0)


@contextmanager
def flooding(aim: Aim, folder: Path) -> Iterator[Flood]:
    """A flood that ends with the block."""
    flood = Flood(aim, folder / f"flood-{aim.kind}-{time.monotonic_ns()}.log")
    try:
        yield flood
    finally:
        flood.close()


# --- what is sent -----------------------------------------------------------------------------------


def invite(number: int, aim: Aim, local: tuple[str, int]) -> bytes:
    """A well-formed INVITE of another stranger's other call."""
    host, port = local
    who = "flooder" if aim.kind == "caller" else f"stranger{number}"
    body = CODECS % (host.encode(), host.encode())
    return (
        f"INVITE sip:{aim.target}@phone.test SIP/2.0\r\n"
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bKflood{number};rport\r\n"
        "Max-Forwards: 70\r\n"
        f"From: <sip:{who}@phone.test>;tag=from{number}\r\n"
        f"To: <sip:{aim.target}@phone.test>\r\nCall-ID: flood{number}@{host}\r\nCSeq: 1 INVITE\r\n"
        f"Contact: <sip:{who}@{host}:{port}>\r\nContent-Type: application/sdp\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def acknowledgement(response: bytes) -> bytes:
    """The ACK of a refusal, out of what it repeats of the INVITE."""
    lines = response.decode("utf-8", "replace").split("\r\n")
    kept = [line for line in lines if line.lower().startswith(("via:", "from:", "to:", "call-id:"))]
    to = next(line for line in kept if line.lower().startswith("to:"))
    uri = to.partition("<")[2].partition(">")[0]
    return "\r\n".join(
        (f"ACK {uri} SIP/2.0", *kept, "Max-Forwards: 70", "CSeq: 1 ACK", "Content-Length: 0", "", "")
    ).encode()


def malformed(chance: random.Random, aim: Aim) -> bytes:
    """Something that is no SIP message, or nearly one."""
    good = invite(chance.getrandbits(32), aim, (aim.source, 5060))
    cut = chance.randrange(1, len(good) - 1)
    return chance.choice(
        (
            lambda: chance.randbytes(chance.randrange(1, 1400)),
            lambda: good[:cut],
            lambda: good.replace(b"CSeq: 1 INVITE", b"CSeq: 99999999999 BYE"),
            lambda: good.replace(b"Via: ", b"Via "),
            lambda: good.replace(b"\r\n\r\n", b"\r\n" + b"X: \xff\xfe\r\n" * 60 + b"\r\n", 1),
            lambda: good.replace(b"From: ", b"From: <<<<" + b"\x00" * 40, 1),
            lambda: good.replace(b"Content-Length: ", b"Content-Length: 9999999", 1),
            lambda: b"SIP/2.0 200 OK\r\n" + good.partition(b"\r\n")[2].replace(b"Via: ", b"Via: ;;;"),
            lambda: good.replace(b"INVITE sip:", b"INV ITE \x01sip:", 1),
            lambda: b"INVITE sip:" + b"a" * 1300,
            lambda: b"\r\n" * chance.randrange(1, 30),
            lambda: b"\0" * chance.randrange(0, 100),
        )
    )()


def rtp(chance: random.Random) -> bytes:
    """Like speech of somebody else, like STUN, like the start of a DTLS handshake, like nothing."""
    head = b"\x80\x08" + chance.randbytes(10)
    return chance.choice(
        (
            lambda: head + chance.randbytes(160),
            lambda: b"\x80\x60" + chance.randbytes(100),
            lambda: b"\x80\xc8\x00\x06" + chance.randbytes(24),
            lambda: b"\x00\x01\x00\x08\x21\x12\xa4\x42" + chance.randbytes(20),
            lambda: b"\x16\xfe\xff\x00\x00" + chance.randbytes(80),
            lambda: chance.randbytes(chance.randrange(1, 400)),
            lambda: head[:7],
        )
    )()


def datagrams(aim: Aim, local: tuple[str, int]) -> Iterator[bytes]:
    """What this flood sends, without end."""
    chance = random.Random(SEED)
    if aim.kind in ("invites", "caller"):
        yield from (invite(number, aim, local) for number in count(time.monotonic_ns()))
    pool = [rtp(chance) if aim.kind == "rtp" else malformed(chance, aim) for _ in range(POOL)]
    while True:
        yield from pool


# --- as a program of its own --------------------------------------------------------------------------


def send_all(aim: Aim) -> Counter[str]:
    """Send for as long as asked, in small steps; refusals are acknowledged."""
    counted: Counter[str] = Counter()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as place:
        place.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        place.bind((aim.source, aim.source_port))
        place.setblocking(False)
        pool = datagrams(aim, place.getsockname())
        began = time.monotonic()
        while (passed := time.monotonic() - began) < aim.seconds:
            while counted["sent"] < passed * aim.rate:
                with suppress(OSError):
                    place.sendto(next(pool), (aim.host, aim.port))
                counted["sent"] += 1
            _hear(place, counted, lambda data: place.sendto(acknowledgement(data), (aim.host, aim.port)))
            time.sleep(STEP_S)
        time.sleep(0.5)
        _hear(place, counted, lambda data: None)
    return counted


def _hear(place: socket.socket, counted: Counter[str], refused: Callable[[bytes], object]) -> None:
    while True:
        try:
            data = place.recv(65_536)
        except BlockingIOError:
            return
        except OSError:
            continue
        if (found := STATUS.match(data)) is not None:
            counted[found[1].decode()] += 1
            if found[1] >= b"300" and b"INVITE" in data:
                refused(data)


def main(words: list[str]) -> int:
    """Run what the command line names."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 0)  # what is flooded may be more important
    kind, host, port, rate, seconds, source, source_port, target = words
    aim = Aim(kind, host, int(port), int(rate), float(seconds), source, int(source_port), target)
    print(json.dumps(send_all(aim)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
