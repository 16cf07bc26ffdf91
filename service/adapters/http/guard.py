"""Around every request: how large it may be, where a cookie may come from, what is logged and never told."""

from __future__ import annotations

import logging
import re
import time

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.adapters.http.identity import COOKIE
from service.adapters.http.refusals import answer
from service_api.states import MeetingRefusal

log = logging.getLogger(__name__)

BODY_LIMIT = 128 * 1024
"""Bytes; the largest appointment is below it."""

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""Where an answer has none of its own."""


class TooLarge(HTTPException):
    """The body goes on beyond its limit."""

    def __init__(self) -> None:
        super().__init__(413)


class Guard:
    """The outermost application. `origin` is the only one whose pages may act with a place's cookie."""

    def __init__(self, app: ASGIApp, origin: str) -> None:
        self._app = app
        self._origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] != "http":
            log.info("%s %s", scope["type"], _plain(scope["path"]))
            await self._app(scope, receive, send)
            return
        request = _Request(scope, receive, send)
        await request.serve(self._app, self._refusal(scope["method"], Headers(scope=scope)))

    def _refusal(self, method: str, headers: Headers) -> tuple[MeetingRefusal, int] | None:
        """Why it isn't even looked at."""
        length = headers.get("content-length", "0")
        if not re.fullmatch(r"[0-9]{1,9}", length) or int(length) > BODY_LIMIT:
            return MeetingRefusal.BAD_REQUEST, 413
        if method in SAFE_METHODS or headers.get("origin") == self._origin:
            return None
        # Looked for as plain text, however odd the rest: parsers of cookies differ.
        holds_place = any(COOKIE in one for one in headers.getlist("cookie"))
        return (MeetingRefusal.NOT_ALLOWED, 403) if holds_place else None


class _Request:
    """One request on its way through."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self._status = 0
        self._received = 0
        self._begun = time.monotonic()

    async def serve(self, app: ASGIApp, refusal: tuple[MeetingRefusal, int] | None) -> None:
        try:
            if refusal is None:
                await app(self._scope, self.receive, self.send)
            else:
                await answer(*refusal)(self._scope, self.receive, self.send)
        except TooLarge:
            await self._give_up(MeetingRefusal.BAD_REQUEST, 413)
        except ClientDisconnect:
            log.info("whoever asked went away")
        except Exception:
            log.exception("a request failed")
            await self._give_up(MeetingRefusal.SERVER_ERROR, 500)
        finally:
            self._log()

    async def receive(self) -> Message:
        """The body, as far as it may go."""
        message = await self._receive()
        self._received += len(message.get("body", b""))
        if self._received > BODY_LIMIT:
            raise TooLarge
        return message

    async def send(self, message: Message) -> None:
        """The answer, with headers that grant nothing."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await self._send(message)

    async def _give_up(self, code: MeetingRefusal, status: int) -> None:
        """An answer that has begun can only be broken off."""
        if not self._status:
            await answer(code, status)(self._scope, self.receive, self.send)

    def _log(self) -> None:
        """No query, no fragment, no header, no body: what opens something may stand there."""
        spent_ms = (time.monotonic() - self._begun) * 1000
        log.info(
            "%s %s %d %.0f ms", self._scope["method"], _plain(self._scope["path"]), self._status, spent_ms
        )


def _plain(path: str) -> str:
    """One line of a bounded length, whatever somebody asks for."""
    return path[:200].encode("unicode_escape").decode("ascii")
