"""Personal links: opened by people who have no account."""

from __future__ import annotations

import time

from fastapi import APIRouter, Request, Response

from service.adapters.http.app import api
from service.adapters.http.identity import COOKIE, Cookie, Invited, network
from service.domain.errors import RefusedError
from service.domain.penalty import Penalty
from service.usecases.invitations import Invitations
from service_api.appointments import Invitation, LinkExchange, LinkExchanged
from service_api.states import MeetingRefusal

TRIES, WINDOW_S = 60, 60.0
"""Links that open nothing, for each network."""

UNKNOWN = frozenset({MeetingRefusal.LINK_UNKNOWN, MeetingRefusal.LINK_EXPIRED})


def router(invitations: Invitations, origin: str) -> APIRouter:
    """Routes below the service's address."""
    routes = api("invitations")
    tries = Penalty(TRIES, WINDOW_S)

    @routes.post("/invitations")
    async def open_link(
        request: Request, response: Response, asked: LinkExchange, cookie: Cookie
    ) -> LinkExchanged:
        browser = asked.client == "browser"
        if browser and request.headers.get("origin") != origin:
            raise RefusedError(MeetingRefusal.NOT_ALLOWED)
        where = network(request)
        if tries.exceeded(where, time.monotonic()):
            raise RefusedError(MeetingRefusal.TOO_MANY_TRIES)
        try:
            opened = await invitations.exchange(asked, cookie or "" if browser else "")
        except RefusedError as refused:
            if refused.code in UNKNOWN:
                tries.count(where, time.monotonic())
            raise
        if not browser:
            return LinkExchanged(invitation=opened.invitation, token=opened.token)
        response.set_cookie(
            COOKIE,
            opened.token,
            max_age=max(60, int(opened.until - time.time())),
            path="/",
            secure=True,
            httponly=True,
            samesite="strict",
        )
        return LinkExchanged(invitation=opened.invitation)

    @routes.get("/invitation")
    async def invitation(guest: Invited) -> Invitation:
        return await invitations.invitation(guest)

    return routes
