"""Everything the demo runs beside the program itself: exchange, certificate, and the people to call."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from demo.office import Office, SipPlace, is_here
from demo.phone import DemoFailed, Phone
from demo.server import HOST, Server
from demo.sounds import babble, music, write_wav
from demo.subscribers import Subscribers

YOU, ECHO, MUSIC, CALLER = "0401234567", "600", "601", "602"
YOUR_NAME = "Olli Adviser"
AS_RECORDED = {"audio.echo_cancel": "off", "audio.noise_suppression": "off"}
"""What people say here is music or made speech from files, without a room around it."""

VISIT_S = 6.0


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for the loopback address and its key, good for a day; it is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Softphone demo")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    form, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(pem))
    key_file.touch(mode=0o600)
    key_file.write_bytes(key.private_bytes(pem, form, none))
    return certificate_file, key_file


class Town:
    """The exchange and the people, in temporary folders below `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.passwords = {user: secrets.token_urlsafe(12) for user in (YOU, ECHO, MUSIC, CALLER)}
        self.certificate, key = make_certificate(folder)
        self.office = Office(folder, self.certificate, key) if is_here() else None
        people = {who: word for who, word in self.passwords.items() if who != YOU or self.office is None}
        subscribers = Subscribers(HOST, people, self.office.table if self.office else None)
        self._server = Server(subscribers, self.certificate, key)
        self._people: list[Phone] = []
        self._visits: asyncio.Task[None] | None = None

    @property
    def address(self) -> str:
        """What to type as server address."""
        return f"{HOST}:{self._server.tls_port}"

    def mouth(self, name: str) -> Path:
        """What this person says, round and round."""
        return self.folder / f"{name}-says.wav"

    def ear(self, name: str) -> Path:
        """What this person hears, or heard."""
        return self.folder / f"{name}-hears.wav"

    def ring(self, name: str) -> Path:
        """What rings where this person is called."""
        return self.folder / f"{name}-rings.wav"

    def devices(self, name: str) -> dict[str, str]:
        """This person's sound devices as settings."""
        return {
            "audio.microphone": f"file:{self.mouth(name)}?loop",
            "audio.speaker": f"file:{self.ear(name)}",
            "audio.ring": f"file:{self.ring(name)}",
            **AS_RECORDED,
        }

    async def start(self) -> None:
        """Open the exchange and the company service, then move the people in."""
        await self._server.start()
        if self.office is not None:
            place = SipPlace(HOST, self._server.tls_port)
            await self.office.start(place, phone=YOU, name=YOUR_NAME, password=self.passwords[YOU])
        voices = {"you": babble(), "music": music(), "caller": babble(seed=8), "customer": babble(seed=21)}
        for name, sound in voices.items():
            write_wav(self.mouth(name), sound)
        cable = {"audio.microphone": "loop:echo", "audio.speaker": "loop:echo", "audio.ring": "loop:ring"}
        cable |= AS_RECORDED
        await asyncio.gather(
            self._move_in("echo", ECHO, cable),
            self._move_in("music", MUSIC, self.devices("music")),
            self._move_in("caller", CALLER, self.devices("caller")),
        )

    async def _move_in(self, name: str, number: str, devices: Mapping[str, str]) -> None:
        phone = Phone(name, self.folder / name)
        self._people.append(phone)
        await phone.start({**devices, "call.auto_answer": "true"})
        await self.bring_in(phone, number)

    @property
    def company(self) -> dict[str, str]:
        """Where your program finds the company service, as settings."""
        return {"service.url": self.office.url} if self.office else {}

    async def bring_in(self, phone: Phone, number: str) -> None:
        """Sign a phone in at the exchange."""
        await phone.sign_in(self.address, number, self.passwords[number], self.certificate)

    def guest(self, name: str) -> Phone:
        """Somebody who comes from outside, with a program but no account."""
        phone = Phone(name, self.folder / name)
        self._people.append(phone)
        return phone

    def person(self, name: str) -> Phone:
        """One of the people by name."""
        return next(phone for phone in self._people if phone.name == name)

    def call_back(self) -> None:
        """From now on whoever calls 602 is called back when they hang up."""
        self._visits = asyncio.get_running_loop().create_task(self._visit_for_ever())

    async def _visit_for_ever(self) -> None:
        caller = self.person("caller")
        while True:
            try:
                await caller.call_in("active", direction="incoming", timeout_s=3600)
                await caller.no_calls(timeout_s=3600)
                await asyncio.sleep(VISIT_S)
                await caller.control("dial", target=YOU)
            except DemoFailed:
                await asyncio.sleep(1.0)

    async def stop(self) -> None:
        """Everybody leaves, then the exchange closes."""
        if self._visits is not None:
            self._visits.cancel()
        await asyncio.gather(*(phone.stop() for phone in self._people))
        if self.office is not None:
            await self.office.stop()
        await self._server.stop()
