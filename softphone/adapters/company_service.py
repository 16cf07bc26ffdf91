"""The company service over verified HTTPS. Nothing it is told or tells is logged or in an exception."""

from __future__ import annotations

import asyncio
import logging

from service_api.devices import (
    CONTENT_TYPE,
    REVOKE_PATH,
    SIGN_IN_PATH,
    DeviceCredentials,
    DeviceRevocation,
    DeviceSignIn,
    ErrorCode,
    ServiceRefusal,
)
from service_api.wire import SIZE_LIMIT, UnknownVersion, WireError
from softphone.adapters.https import client, limited_body, load, tls_context, why_unreachable
from softphone.domain.account import Refusal
from softphone.domain.errors import SignInRefused

log = logging.getLogger(__name__)

SIGN_IN_S = 10.0
"""A service takes its time over a password on purpose."""

REVOKE_S = 3.0
"""Signing out waits no longer."""

HEADERS = {"Content-Type": CONTENT_TYPE, "Accept": CONTENT_TYPE, "Accept-Encoding": "identity"}


class HttpsCompanyService:
    """Implements ports.CompanyService. Redirects are an answer like any other wrong one."""

    async def sign_in(self, url: str, request: DeviceSignIn, *, ca_file: str = "") -> DeviceCredentials:
        """See ports.CompanyService."""
        status, body = await _post(url, SIGN_IN_PATH, request.serialise(), ca_file, SIGN_IN_S)
        try:
            if status == 200:
                return DeviceCredentials.parse(body)
            code = ServiceRefusal.parse(body).code
        except UnknownVersion:
            raise SignInRefused(Refusal.TOO_OLD, _host(url)) from None
        except WireError as error:
            log.info("the service answers %s with something else: %s", status, error)
            raise SignInRefused(Refusal.SERVER_ERROR, _host(url)) from None
        raise SignInRefused(_refusal(code), _host(url))

    async def revoke(self, url: str, request: DeviceRevocation, *, ca_file: str = "") -> bool:
        """See ports.CompanyService."""
        try:
            status, _ = await _post(url, REVOKE_PATH, request.serialise(), ca_file, REVOKE_S)
        except SignInRefused as refused:
            log.info("the service can't be asked: %s", refused.code)
            return False
        return status == 204


async def _post(url: str, path: str, content: bytes, ca_file: str, patience_s: float) -> tuple[int, bytes]:
    """Status and body. Raises SignInRefused where there is no answer to believe."""
    await load()
    import httpx

    if not url.startswith("https://"):
        raise SignInRefused(Refusal.SERVER_ERROR, _host(url))
    try:
        async with asyncio.timeout(patience_s):
            context = await asyncio.to_thread(tls_context, ca_file)
            async with (
                client(context, patience_s) as asking,
                asking.stream("POST", url + path, content=content, headers=HEADERS) as response,
            ):
                body = await limited_body(response, SIZE_LIMIT)
    except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, UnicodeError) as error:
        code = why_unreachable(error)
        log.info("the service at %s: %s", _host(url), type(error).__name__)
        raise SignInRefused(code, _host(url)) from None
    if body is None:
        raise SignInRefused(Refusal.SERVER_ERROR, _host(url))
    return response.status_code, body


def _refusal(code: str) -> Refusal:
    """The service's word as the person is told it; a code nobody here knows is the server's trouble."""
    own = (ErrorCode.WRONG_CREDENTIALS, ErrorCode.NO_RIGHT, ErrorCode.TOO_OLD, ErrorCode.BAD_NUMBER)
    return Refusal(code) if code in own else Refusal.SERVER_ERROR


def _host(url: str) -> str:
    return url.removeprefix("https://").partition("/")[0]
