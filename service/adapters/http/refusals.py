"""How a refusal travels: a status, and a body with its code alone."""

from __future__ import annotations

import logging

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from service.domain.errors import RefusedError, ServiceError, SignInRefusedError
from service_api.accounts import Refused
from service_api.devices import STATUS as DEVICE_STATUS
from service_api.devices import ServiceRefusal
from service_api.states import MeetingRefusal

log = logging.getLogger(__name__)

STATUS = {
    MeetingRefusal.NOT_SIGNED_IN: 401,
    MeetingRefusal.NOT_ALLOWED: 403,
    MeetingRefusal.TOO_EARLY: 403,
    MeetingRefusal.NOT_FOUND: 404,
    MeetingRefusal.LINK_UNKNOWN: 404,
    MeetingRefusal.CONFLICT: 409,
    MeetingRefusal.WRONG_STATE: 409,
    MeetingRefusal.LINK_EXPIRED: 410,
    MeetingRefusal.MEETING_OVER: 410,
    MeetingRefusal.MEETING_CANCELLED: 410,
    MeetingRefusal.TOO_MANY_TRIES: 429,
    MeetingRefusal.SERVER_ERROR: 500,
}
"""Whatever is not here is the asker's mistake: 400. A program reads the code."""

DESCRIBED: dict[int | str, dict[str, object]] = {
    status: {"model": Refused, "description": "Refused; the code says why."}
    for status in (400, 401, 403, 404, 409, 410, 413, 429, 500)
}
"""For the OpenAPI document."""


def answer(code: MeetingRefusal, status: int | None = None) -> Response:
    """The answer that says no."""
    number = STATUS.get(code, 400) if status is None else status
    headers = {"WWW-Authenticate": "Bearer"} if number == 401 else {}
    body = Refused(code=code.value).model_dump_json()
    return Response(body, number, headers, media_type="application/json")


def install(app: FastAPI) -> None:
    """Every error becomes an answer without a word more than its code."""
    app.add_exception_handler(RefusedError, _refused)
    app.add_exception_handler(SignInRefusedError, _sign_in_refused)
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(HTTPException, _no_such_thing)
    app.add_exception_handler(ServiceError, _failed)
    app.add_exception_handler(Exception, _broken)


async def _refused(_: Request, error: Exception) -> Response:
    return answer(error.code if isinstance(error, RefusedError) else MeetingRefusal.SERVER_ERROR)


async def _sign_in_refused(_: Request, error: Exception) -> Response:
    if not isinstance(error, SignInRefusedError):
        return answer(MeetingRefusal.SERVER_ERROR)
    body = ServiceRefusal(error.code.value).serialise()
    return Response(body, DEVICE_STATUS[error.code], media_type="application/json")


async def _not_understood(_: Request, error: Exception) -> Response:
    return answer(MeetingRefusal.BAD_REQUEST)


async def _no_such_thing(_: Request, error: Exception) -> Response:
    """Unknown addresses and methods, and bodies that are no JSON."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    found = answer(MeetingRefusal.NOT_FOUND if status in (404, 405) else MeetingRefusal.BAD_REQUEST, status)
    if isinstance(error, HTTPException) and error.headers:
        found.headers.update(error.headers)
    return found


async def _failed(_: Request, error: Exception) -> Response:
    log.error("%s: %s", type(error).__name__, error)
    return answer(MeetingRefusal.SERVER_ERROR)


async def _broken(_: Request, error: Exception) -> Response:
    """A fault of ours, which goes on to the guard and its log."""
    return answer(MeetingRefusal.SERVER_ERROR)
