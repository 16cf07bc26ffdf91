"""Signing in and out, tokens and devices."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.adapters.http.app import api
from service.adapters.http.identity import SignedIn, network
from service.adapters.http.schemas import CREDENTIALS, REVOCATION, SIGN_IN
from service.domain.errors import SignInRefusedError
from service.domain.numbers import Numbering
from service.usecases.devices import Devices
from service.usecases.sign_in import SignIn
from service.usecases.tokens import Renewal
from service_api.accounts import ME_PATH, TOKENS_PATH, Account, DeviceList, TokenRequest, Tokens
from service_api.devices import (
    REVOKE_PATH,
    SIGN_IN_PATH,
    DeviceRevocation,
    DeviceSignIn,
    ErrorCode,
)
from service_api.wire import UnknownVersion, WireError


def router(sign_in: SignIn, renewal: Renewal, devices: Devices, numbering: Numbering) -> APIRouter:
    """Routes below the service's address."""
    routes = api("accounts")
    _sign_in(routes, sign_in)

    @routes.post(TOKENS_PATH)
    async def renew_tokens(request: TokenRequest) -> Tokens:
        return await renewal.renew(request)

    @routes.get(ME_PATH)
    async def me(user: SignedIn) -> Account:
        return Account(id=user.user_id, number=numbering.shown(user.number), name=user.name, role=user.role)

    @routes.get(SIGN_IN_PATH)
    async def list_devices(user: SignedIn) -> DeviceList:
        return await devices.list(user)

    @routes.delete(SIGN_IN_PATH + "/{device_id}", status_code=204)
    async def sign_out_device(user: SignedIn, device_id: str) -> None:
        await devices.sign_out(user, device_id)

    return routes


def _sign_in(routes: APIRouter, sign_in: SignIn) -> None:
    """These speak the documents of `service_api.devices`, whose version is checked."""

    @routes.post(SIGN_IN_PATH, openapi_extra=_body(SIGN_IN), responses=_answer(CREDENTIALS))
    async def sign_in_device(request: Request) -> Response:
        try:
            asked = DeviceSignIn.parse(await request.body())
        except WireError as error:
            raise _not_understood(error) from None
        issued = await sign_in.sign_in(asked, network(request))
        return Response(issued.serialise(), media_type="application/json")

    @routes.post(REVOKE_PATH, status_code=204, openapi_extra=_body(REVOCATION))
    async def revoke_device(request: Request) -> Response:
        try:
            asked = DeviceRevocation.parse(await request.body())
        except WireError as error:
            raise _not_understood(error) from None
        await sign_in.revoke(asked)
        return Response(status_code=204)


def _not_understood(error: WireError) -> SignInRefusedError:
    return SignInRefusedError(
        ErrorCode.TOO_OLD if isinstance(error, UnknownVersion) else ErrorCode.BAD_REQUEST
    )


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def _answer(schema: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {"application/json": {"schema": schema}}}}
