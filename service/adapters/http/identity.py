"""Who asks: a bearer token, or the cookie of a browser that opened a personal link."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from service.domain.errors import RefusedError
from service.domain.principal import Guest, Principal, User
from service.usecases.ports import Identities
from service_api.states import MeetingRefusal

COOKIE = "__Host-softphone-place"
TOKEN_LIMIT = 200
"""Characters; longer ones are nobody's."""

_bearer = HTTPBearer(auto_error=False, description="An access token, or a program's place.")
_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="A browser's place.")

Bearer = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
Cookie = Annotated[str | None, Security(_cookie)]


async def signed_in(request: Request, bearer: Bearer) -> User:
    """The account that asks. Raises RefusedError."""
    who = await _holder(request, bearer)
    if isinstance(who, Guest):
        raise RefusedError(MeetingRefusal.NOT_ALLOWED)
    if who is None:
        raise RefusedError(MeetingRefusal.NOT_SIGNED_IN)
    return who


async def invited(request: Request, bearer: Bearer, cookie: Cookie) -> Guest:
    """The guest that asks. Raises RefusedError."""
    who = await _holder(request, bearer)
    if isinstance(who, User):
        raise RefusedError(MeetingRefusal.NOT_ALLOWED)
    if who is None and bearer is None and cookie and len(cookie) <= TOKEN_LIMIT:
        who = await _identities(request).cookie(cookie)
    if who is None:
        raise RefusedError(MeetingRefusal.NOT_SIGNED_IN)
    return who


SignedIn = Annotated[User, Depends(signed_in)]
Invited = Annotated[Guest, Depends(invited)]


async def _holder(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Principal | None:
    if bearer is None or len(bearer.credentials) > TOKEN_LIMIT:
        return None
    return await _identities(request).bearer(bearer.credentials)


def _identities(request: Request) -> Identities:
    found: Identities = request.app.state.identities
    return found


def network(request: Request) -> str:
    """Where it is asked from, as far as one household or office has it: an IPv4 address, an IPv6 /64."""
    try:
        address = ipaddress.ip_address("" if request.client is None else request.client.host)
    except ValueError:
        return "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
