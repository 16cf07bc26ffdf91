"""A server with its people: one Kamailio, numbers 1001–1009 with one password, their phones and accounts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sip_bridge.client_types import AccountConfig
from tests.lab.baresip import Baresip, Phone
from tests.lab.certificates import Authority
from tests.lab.kamailio import Kamailio, Options, User
from tests.lab.linphone import Line, Linphone
from tests.lab.ports import LOOPBACK, free_port
from tests.lab.sound import tone, write_wav

PASSWORD = "open-sesame"
NUMBERS = tuple(str(number) for number in range(1001, 1010))
PHONE_TONE = 440.0
"""Hz: what every baresip phone says."""


class Switchboard:
    """Start it, make phones and accounts, stop it: the phones end with it."""

    def __init__(self, folder: Path, *, routes: int = 0, **options: object) -> None:
        """`routes` numbers 7001… lead to UDP ports of their own (`route_port`), for sipp."""
        self.folder = folder
        self.authority = Authority(folder / "authority")
        self._routes = tuple((str(7001 + index), free_port()) for index in range(routes))
        chosen = Options(
            tuple(User(number, PASSWORD) for number in NUMBERS),
            certificate=self.authority.issue("localhost", "phone.test", LOOPBACK, "::1"),
            routes=self._routes,
        )
        self.kamailio = Kamailio(folder / "kamailio", replace(chosen, **options))  # type: ignore[arg-type]
        self.microphone = write_wav(folder / "phone.wav", tone(PHONE_TONE, 30.0))
        self._phones: list[Baresip | Linphone] = []

    def start(self) -> None:
        """Start the server."""
        self.kamailio.start()

    def stop(self) -> None:
        """End phones and server."""
        for phone in self._phones:
            phone.stop()
        self.kamailio.stop()

    def route_port(self, number: str) -> int:
        """The UDP port calls to `number` are sent to."""
        return dict(self._routes)[number]

    def account(self, number: str, transport: str = "udp", host: str = LOOPBACK) -> AccountConfig:
        """An account for a caller."""
        port = self.kamailio.tls_port if transport == "tls" else self.kamailio.port
        ca_file = str(self.authority.ca_file)
        return AccountConfig(host, number, PASSWORD, port, transport, ca_file=ca_file)

    def phone(
        self,
        number: str,
        *,
        transport: str = "udp",
        media_encryption: str = "",
        codecs: tuple[str, ...] = (),
        answer: str = "auto",
    ) -> Baresip:
        """A baresip phone, started and registered."""
        port = self.kamailio.tls_port if transport == "tls" else self.kamailio.port
        phone = Phone(
            number,
            PASSWORD,
            f"{LOOPBACK}:{port}",
            self.microphone,
            transport=transport,
            media_encryption=media_encryption,
            answer=answer,
            ca_file=self.authority.ca_file,
        )
        if codecs:
            phone = replace(phone, codecs=codecs)
        baresip = Baresip(self.folder / f"phone{len(self._phones)}", phone)
        self._phones.append(baresip)
        baresip.start()
        return baresip

    def linphone(self, number: str, frequency: float) -> Linphone:
        """A linphonec phone, started and registered, that says a tone of `frequency` Hz."""
        microphone = write_wav(self.folder / f"linphone-{number}.wav", tone(frequency, 30.0))
        server = f"{LOOPBACK}:{self.kamailio.port}"
        phone = Linphone(
            self.folder / f"phone{len(self._phones)}", Line(number, PASSWORD, server, microphone)
        )
        self._phones.append(phone)
        phone.start()
        return phone


@contextmanager
def switchboard(folder: Path, **options: Any) -> Iterator[Switchboard]:
    """One that runs; its phones end with it."""
    board = Switchboard(folder, **options)
    try:
        board.start()
        yield board
    finally:
        board.stop()
