"""What servers say of themselves and of us, and the way to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from service_api.devices import DeviceCredentials, DeviceRevocation, DeviceSignIn
from softphone.domain.preshift import Finding


@dataclass(frozen=True, slots=True)
class Discovery:
    """What `/.well-known/softphone` says, checked. Empty fields where it says nothing.

    `sip_domain`, `transport`, `number_format` ("national" | "international" | ""), `service_url`,
    `minimum_version`.
    """

    sip_domain: str = ""
    transport: str = ""
    number_format: str = ""
    service_url: str = ""
    minimum_version: str = ""


class Directory(Protocol):
    """Asks a server what it offers (HTTPS, 2 s, 64 KB, no redirect to another host)."""

    async def discover(self, host: str, *, ca_file: str = "") -> Discovery | None:
        """None where the server has nothing to say or can't be asked."""
        ...


class CompanyService(Protocol):
    """The company service at a URL, over verified HTTPS; a redirect is never followed."""

    async def sign_in(self, url: str, request: DeviceSignIn, *, ca_file: str = "") -> DeviceCredentials:
        """What it issues for this device. Raises SignInRefused."""
        ...

    async def revoke(self, url: str, request: DeviceRevocation, *, ca_file: str = "") -> bool:
        """Ask it to forget this device; False where it can't be asked or does not know it."""
        ...


class LineCheck(Protocol):
    """The way to the server of the account in use. Each raises CheckFailed with what is wrong, or NotChecked
    where there is nothing to look at."""

    async def look_up(self) -> Finding:
        """Find the server's addresses by its name."""
        ...

    async def certificate(self) -> Finding:
        """Look at the certificate the server shows, where TLS is used."""
        ...

    async def confirm(self) -> Finding:
        """Ask the server whether we are registered there, now."""
        ...

    async def addresses(self) -> Finding:
        """Compare our address with the one the server sees."""
        ...

    async def loopback(self, number: str) -> Finding:
        """Send sound to the number and back in a call nobody is told of, or for "" on this machine alone."""
        ...
