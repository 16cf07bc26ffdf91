"""Where a description's address is."""

from __future__ import annotations

import asyncio
import ipaddress
import socket

from sip_bridge.core.sdp import SdpError
from sip_bridge.rtp.sockets import Address


async def resolved(address: Address, local_ip: str) -> Address:
    """A description may hold a host name (RFC 8866 section 5.7); looked up for the family of `local_ip`.

    Raises SdpError.
    """
    if _is_ip(address[0]):
        return address
    try:
        family = socket.AF_INET6 if ":" in local_ip else socket.AF_INET
        found = await asyncio.get_running_loop().getaddrinfo(address[0], address[1], family=family)
    except (OSError, UnicodeError) as fault:
        raise SdpError("the description's address can't be found") from fault
    return str(found[0][4][0]), address[1]


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
