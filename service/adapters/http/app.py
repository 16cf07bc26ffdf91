"""The application: routes, refusals, and the guard around them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from service.adapters.http import refusals
from service.adapters.http.guard import Guard
from service.usecases.ports import Identities

API_PATH = "/api/v1"
OPENAPI_PATH = API_PATH + "/openapi.json"


def build(identities: Identities) -> FastAPI:
    """An application without routes."""
    app = FastAPI(
        title="Softphone company service",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url=OPENAPI_PATH,
        redirect_slashes=False,
    )
    app.state.identities = identities
    refusals.install(app)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


def api(tag: str) -> APIRouter:
    """A router below the API's address, with every refusal described."""
    return APIRouter(prefix=API_PATH, tags=[tag], responses=refusals.DESCRIBED)


def add(app: FastAPI, *routers: APIRouter, plain: Sequence[BaseRoute]) -> None:
    """Every route stands in `app.routes` itself, so that none is overlooked by who checks them all.

    `plain` routes are no part of the OpenAPI document.
    """
    for router in routers:
        app.router.routes.extend(router.routes)
    app.router.routes.extend(plain)


def guarded(app: FastAPI, origin: str) -> ASGIApp:
    """What the server is given."""
    return Guard(app, origin)


def _document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI. Whatever is wrong with a request is refused with 400, so 422 is nowhere in it."""
    if app.openapi_schema is None:
        document = get_openapi(title=app.title, version=app.version, routes=app.routes)
        for path in document["paths"].values():
            for operation in path.values():
                operation["responses"].pop("422", None)
        for name in ("HTTPValidationError", "ValidationError"):
            document["components"]["schemas"].pop(name, None)
        app.openapi_schema = document
    return app.openapi_schema
