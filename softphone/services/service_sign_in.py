"""Signing in at a company service: the password goes there, and what it issues goes into SIP."""

from __future__ import annotations

import logging
import platform
import re

from service_api.devices import DeviceRevocation, DeviceSignIn
from service_api.wire import WireError
from softphone.domain.account import Credentials, Refusal, ServiceDevice
from softphone.domain.errors import SignInRefused
from softphone.ports import CompanyService
from softphone.services.account_memory import AccountMemory
from softphone.services.server_address import ServerAddress, akin

log = logging.getLogger(__name__)

_URL = re.compile(
    r"https://(?P<host>[A-Za-z0-9_.\-]{1,253}|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(/[A-Za-z0-9._~\-]+)*/?"
)
NAME_LIMIT = 64
BAD_MEMBERS = {"phone": Refusal.BAD_NUMBER}
"""What a request that can't even be written means; all else is a password no service has."""


class ServiceSignIn:
    """Asks the service for a device, where it may be trusted with the password."""

    def __init__(self, service: CompanyService, memory: AccountMemory) -> None:
        self._service = service
        self._memory = memory

    async def sign_in(
        self,
        url: str,
        server: ServerAddress,
        number: str,
        credentials: Credentials,
        ca_file: str,
        *,
        trusted: bool = False,
    ) -> ServiceDevice:
        """What the service issues for this device. Raises SignInRefused.

        Where the service is another house (other-server) nothing is sent, unless an administrator named it
        (`trusted`).
        """
        url = _checked(url, server, trusted=trusted)
        try:
            request = DeviceSignIn(
                number, credentials.password, device_name(), await self._memory.instance_id()
            )
        except WireError as error:
            raise SignInRefused(BAD_MEMBERS.get(str(error), Refusal.WRONG_CREDENTIALS), number) from None
        return ServiceDevice(url, await self._service.sign_in(url, request, ca_file=ca_file))

    async def revoke(self, device: ServiceDevice, ca_file: str) -> None:
        """Let the service forget this device, where it can be asked."""
        request = DeviceRevocation(device.issued.device_id, device.issued.sip_secret)
        if not await self._service.revoke(device.service_url, request, ca_file=ca_file):
            log.warning("the service did not confirm that this device is signed out")


def device_name() -> str:
    """How the service lists this computer: by its own name."""
    plain = "".join(sign for sign in platform.node() if sign.isprintable())
    return plain.strip()[:NAME_LIMIT] or "computer"


def _checked(url: str, server: ServerAddress, *, trusted: bool) -> str:
    """The service's address without a slash at its end. Raises SignInRefused where it leads elsewhere."""
    found = _URL.fullmatch(url)
    if found is None:
        raise SignInRefused(Refusal.SERVER_ERROR, server.host)
    host = found["host"].strip("[]")
    if not trusted and not akin(host, server.host):
        raise SignInRefused(Refusal.OTHER_SERVER, host)
    return url.rstrip("/")
