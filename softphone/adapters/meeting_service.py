"""Appointments, tokens and links over verified HTTPS. Nothing that is told or asked is logged.

httpx and the wire types are loaded with the first question: a start without meetings is faster.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import logging
import ssl
from urllib.parse import quote

from service_api.devices import ErrorCode
from service_api.states import MeetingRefusal
from softphone.adapters.https import client, limited_body, load, tls_context, why_unreachable
from softphone.domain.account import Refusal
from softphone.domain.errors import MeetingRefused, ServiceUnreachable
from softphone.domain.meeting import Appointment, AppointmentWish, Invitation, JoinOffer
from softphone.ports.meetings import Bearer, ServiceAccess

log = logging.getLogger(__name__)

PATIENCE_S = 10.0

ANSWER_LIMIT = 4 * 1024 * 1024
"""Bytes; a person with a thousand appointments stays far below."""

KNOWN = frozenset({*(code.value for code in MeetingRefusal), *(code.value for code in ErrorCode)})
BARE = {401: MeetingRefusal.NOT_SIGNED_IN, 404: MeetingRefusal.NOT_FOUND, 429: MeetingRefusal.TOO_MANY_TRIES}
"""What a status means whose answer tells no code, as something between us and the service may give it."""


class HttpsAppointments:
    """Implements ports.meetings.Appointments. Redirects are an answer like any other wrong one."""

    def __init__(self) -> None:
        self._contexts: dict[str, ssl.SSLContext] = {}

    async def tokens(self, access: ServiceAccess, device_id: str, refresh_token: str) -> tuple[str, int, str]:
        """See ports.meetings.Appointments."""
        await _loaded()
        from softphone.adapters.meeting_shapes import read_tokens, token_request

        body = token_request(device_id, refresh_token)
        answer = await self._ask(access, "POST", "/tokens", None, body)
        return read_tokens(answer)

    async def listed(self, access: ServiceAccess, bearer: Bearer) -> tuple[Appointment, ...]:
        """See ports.meetings.Appointments."""
        await _loaded()
        from softphone.adapters.meeting_shapes import read_list

        answer = await self._ask(access, "GET", "/appointments", bearer)
        return read_list(answer)

    async def make(
        self, access: ServiceAccess, bearer: Bearer, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """See ports.meetings.Appointments."""
        await _loaded()
        from softphone.adapters.meeting_shapes import draft, read_made

        answer = await self._ask(access, "POST", "/appointments", bearer, draft(wish))
        return read_made(answer)

    async def change(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, wish: AppointmentWish
    ) -> tuple[Appointment, tuple[Invitation, ...]]:
        """See ports.meetings.Appointments."""
        await _loaded()
        from softphone.adapters.meeting_shapes import draft, read_made

        path = f"/appointments/{_part(appointment_id)}"
        answer = await self._ask(access, "PUT", path, bearer, draft(wish))
        return read_made(answer)

    async def cancel(self, access: ServiceAccess, bearer: Bearer, appointment_id: str) -> None:
        """See ports.meetings.Appointments."""
        await self._ask(access, "DELETE", f"/appointments/{_part(appointment_id)}", bearer)

    async def new_link(
        self, access: ServiceAccess, bearer: Bearer, appointment_id: str, participant_id: str
    ) -> Invitation:
        """See ports.meetings.Appointments."""
        await _loaded()
        from softphone.adapters.meeting_shapes import read_link

        path = f"/appointments/{_part(appointment_id)}/participants/{_part(participant_id)}/link"
        answer = await self._ask(access, "POST", path, bearer, b"{}")
        return read_link(answer)

    async def open_link(
        self, access: ServiceAccess, secret: str, device_name: str, device_token: str
    ) -> tuple[JoinOffer, str]:
        """See ports.meetings.Appointments."""
        await _loaded()
        from softphone.adapters.meeting_shapes import link_exchange, read_exchanged

        body = link_exchange(secret, device_name, device_token)
        answer = await self._ask(access, "POST", "/invitations", None, body)
        return read_exchanged(answer, _host(access))

    async def _ask(
        self,
        access: ServiceAccess,
        method: str,
        path: str,
        bearer: Bearer | None,
        content: bytes | None = None,
    ) -> bytes:
        """The body of an answer that says yes. Raises MeetingRefused or ServiceUnreachable."""
        await load()
        import httpx

        if not access.url.startswith("https://"):
            raise ServiceUnreachable(_host(access), code=Refusal.SERVER_ERROR)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
        headers |= {"Content-Type": "application/json"} if content is not None else {}
        headers |= {"Authorization": f"Bearer {bearer.token}"} if bearer else {}
        try:
            async with asyncio.timeout(PATIENCE_S):
                context = await self._context(access.ca_file)
                async with (
                    client(context, PATIENCE_S) as asking,
                    asking.stream(method, access.url + path, content=content, headers=headers) as response,
                ):
                    body = await limited_body(response, ANSWER_LIMIT)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, OSError, UnicodeError) as error:
            self._contexts.pop(access.ca_file, None)
            log.info("the service at %s: %s", _host(access), type(error).__name__)
            raise ServiceUnreachable(_host(access), code=why_unreachable(error)) from None
        if body is None:
            raise MeetingRefused(MeetingRefusal.SERVER_ERROR)
        if not 200 <= response.status_code < 300:
            raise MeetingRefused(refusal_code(response.status_code, body))
        return body

    async def _context(self, ca_file: str) -> ssl.SSLContext:
        if ca_file not in self._contexts:
            self._contexts[ca_file] = await asyncio.to_thread(tls_context, ca_file)
        return self._contexts[ca_file]


def refusal_code(status: int, body: bytes) -> str:
    """The service's word for its no; one that nobody here knows is the server's trouble."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    code = found.get("code") if isinstance(found, dict) else None
    if isinstance(code, str) and code in KNOWN:
        return code
    return BARE.get(status, MeetingRefusal.SERVER_ERROR).value


async def _loaded() -> None:
    """Have what reads and writes wire types at hand: loading it takes long enough to be heard in a call."""
    await asyncio.to_thread(_load)


def _load() -> None:
    importlib.import_module("softphone.adapters.meeting_shapes").prepare()


def _part(text: str) -> str:
    return quote(text, safe="")


def _host(access: ServiceAccess) -> str:
    return access.url.removeprefix("https://").partition("/")[0]
