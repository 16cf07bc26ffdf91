"""A program among phones: one for each codec and way to protect it, one nobody answers, and odd numbers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from benchmarks.endurance.odd_numbers import GONE, STATUSES, OddNumber
from tests.doubles.room import talk
from tests.lab.baresip import Baresip, Phone
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.linphone import Line, Linphone
from tests.lab.ports import LOOPBACK, free_ports
from tests.lab.program import Program
from tests.lab.pulse import pulse_rig
from tests.lab.sound import write_wav

US, UNANSWERED, BY_DTLS, NOBODY = "0401000001", "0401000009", "0401000008", "0401000099"
TALKERS = {
    "0401000002": ("tls", "srtp", ("opus/48000/2", "PCMU/8000/1")),
    "0401000003": ("tls", "srtp", ("G722/16000/1", "PCMU/8000/1")),
    "0401000004": ("udp", "", ("PCMA/8000/1", "PCMU/8000/1")),
    "0401000005": ("tcp", "", ("PCMU/8000/1",)),
}
"""Transport, protection and codecs of phones that answer at once; one codec they all have, for transfers."""

PHONES = {
    **TALKERS,
    BY_DTLS: ("tls", "dtls_srtp", ("opus/48000/2",)),
    UNANSWERED: ("udp", "", ("PCMA/8000/1",)),
}
"""One more only calls, because it takes nothing but DTLS, and nobody picks up the last one."""

JOINED = ("0401000006", "0401000007")
"""Two phones of another make, which follow when they are joined to each other; baresip 1.0 does not."""

ODD = {f"04020{part.rjust(5, '0')}": part for part in (*map(str, STATUSES), GONE)}
SECRET = "-".join(("not", "a", "secret"))
WAIT_S = 15.0

Event = dict[str, Any]


class Watched(Program):
    """A program of which only what is new is kept in mind."""

    def forget(self) -> None:
        """What happened until now is no concern any more."""
        with self._changed:
            self._events.clear()

    def sees(self, call_id: str, **wanted: object) -> Event:
        """The call, once an event tells of it so. Raises PeerFailed."""
        event = self.wait_for(
            lambda event: (
                event["event"] == "call"
                and (not call_id or event["call"]["id"] == call_id)
                and all(event["call"][key] == value for key, value in wanted.items())
            ),
            WAIT_S,
        )
        call: Event = event["call"]
        return call


class Desk:
    """Everything started and registered; all ends with `stack`."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        rig = stack.enter_context(pulse_rig(folder / "pulse"))
        self.authority = Authority(folder / "authority")
        ports = free_ports(len(ODD))
        self.server = Kamailio(
            folder / "server",
            Options(
                tuple(User(number, SECRET) for number in (US, *PHONES, *JOINED)),
                certificate=self.authority.issue("localhost", LOOPBACK),
                routes=tuple(zip(ODD, ports, strict=True)),
            ),
        )
        stack.callback(self.server.stop)
        self.server.start()
        for part, port in zip(ODD.values(), ports, strict=True):
            stack.callback(OddNumber(port, part).stop)
        self.phones: dict[str, Baresip] = {}
        says = write_wav(folder / "says.wav", talk(30.0))
        for number in PHONES:
            self._add_phone(number, says, stack)
        self.joined = tuple(self._linphone(number, says, stack) for number in JOINED)
        settings = {
            "audio.microphone": "pulse:headset_mic",
            "audio.speaker": "pulse:headset",
            "call.sdes_without_tls": "true",
        }
        self.program = Watched(folder / "program", rig.environment, settings)
        stack.callback(self.program.stop)
        self.program.start()
        self.sign_in()

    def _add_phone(self, number: str, says: Path, stack: ExitStack) -> None:
        transport, protection, codecs = PHONES[number]
        port = self.server.tls_port if transport == "tls" else self.server.port
        phone = Phone(
            number,
            SECRET,
            f"{LOOPBACK}:{port}",
            says,
            transport,
            protection,
            codecs,
            "manual" if number == UNANSWERED else "auto",
            self.authority.ca_file,
        )
        self.phones[number] = Baresip(self.folder / number, phone)
        stack.callback(self.phones[number].stop)
        self.phones[number].start()

    def _linphone(self, number: str, says: Path, stack: ExitStack) -> Linphone:
        line = Line(number, SECRET, f"{LOOPBACK}:{self.server.port}", says)
        phone = Linphone(self.folder / number, line)
        stack.callback(phone.stop)
        phone.start()
        return phone

    def sign_in(self) -> None:
        """By TLS."""
        self.program.sign_in(
            f"localhost:{self.server.tls_port}",
            US,
            SECRET,
            transport="tls",
            ca_file=self.authority.ca_file,
        )

    def tidy(self) -> None:
        """Drop what phones recorded and what was kept in mind."""
        self.program.forget()
        for phone in self.phones.values():
            for recorded in phone.recordings.iterdir():
                with suppress(FileNotFoundError):
                    recorded.unlink()


Scenario = Callable[[Desk, Baresip, Baresip], int]
