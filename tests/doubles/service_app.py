"""The whole service as an application without a socket, and the people who ask it."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Message

from service.adapters.http.app import API_PATH
from service.config import Config
from service.domain.account import Account
from service.wiring import Service
from service_api.accounts import Tokens
from service_api.appointments import AppointmentMade
from service_api.devices import DeviceCredentials, DeviceSignIn
from service_api.states import AccountRole
from tests.doubles.media_engine import MemoryEngine
from tests.doubles.service_bench import PASSWORD, PlainPasswords

URL = "https://meet.test"


class App:
    """Asks the service as clients do. `network` is the address they come from."""

    def __init__(self, service: Service, network: str = "192.0.2.1") -> None:
        self.service = service
        transport = httpx.ASGITransport(service.app, raise_app_exceptions=True, client=(network, 40000))
        self.client = httpx.AsyncClient(transport=transport, base_url=URL)

    async def ask(
        self, method: str, path: str, body: object = None, *, token: str = "", **headers: str
    ) -> httpx.Response:
        """A request below the API's address, or at the root where the path begins there."""
        if token:
            headers["Authorization"] = f"Bearer {token}"
        address = path if path == "/m" or path.startswith(("/.", "/web/")) else API_PATH + path
        content = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        return await self.client.request(method, address, content=content, headers={**kind, **headers})

    async def add_account(self, number: str, role: str = "professional", name: str = "Anna Ek") -> None:
        """Somebody who signs in with PASSWORD."""
        kept = await PlainPasswords().hash(PASSWORD)
        account = Account(uuid.uuid4().hex, number, name, AccountRole(role), kept)
        async with self.service.store.write() as tables:
            assert await tables.accounts.add(account)

    async def sign_in(self, phone: str) -> tuple[DeviceCredentials, Tokens]:
        """A new device of this person."""
        asked = DeviceSignIn(phone, PASSWORD, "Laptop", uuid.uuid4().urn)
        answer = await self.client.post(API_PATH + "/devices", content=asked.serialise())
        assert answer.status_code == 200, answer.text
        issued = DeviceCredentials.parse(answer.content)
        wish = {"device_id": issued.device_id, "refresh_token": issued.refresh_token}
        tokens = await self.ask("POST", "/tokens", wish)
        return issued, Tokens.model_validate_json(tokens.content)

    async def appointment(self, token: str, *people: dict[str, str], **changed: Any) -> AppointmentMade:
        """Open now, for an hour."""
        answer = await self.ask("POST", "/appointments", draft(*people, **changed), token=token)
        assert answer.status_code == 200, answer.text
        return AppointmentMade.model_validate_json(answer.content)

    async def place(self, link: str) -> str:
        """Open a link with a program: the place's token."""
        wish = {"secret": link.partition("#")[2], "client": "program"}
        answer = await self.ask("POST", "/invitations", wish)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])


def draft(*people: dict[str, str], **changed: Any) -> dict[str, Any]:
    """An appointment as it travels."""
    now = datetime.now(UTC)
    return {
        "draft_id": uuid.uuid4().hex,
        "title": "Loan advice",
        "start": now.isoformat(),
        "end": (now + timedelta(hours=1)).isoformat(),
        "time_zone": "Europe/Helsinki",
        "participants": list(people) or [{"name": "Bo Ek"}],
        **changed,
    }


@asynccontextmanager
async def running(folder: Path, **config: Any) -> AsyncIterator[App]:
    """A service on this folder, from its start to its end."""
    settings = Config(folder, public_url=URL, **config)
    service = Service(settings, engine=MemoryEngine(), passwords=PlainPasswords())
    try:
        await service.start()
        app = App(service)
        async with app.client:
            yield app
    finally:
        await service.close()


async def open_socket(
    service: Service,
    path: str,
    headers: dict[str, str],
    first: object,
    subprotocol: str,
    meanwhile: Callable[[], Awaitable[object]] | None = None,
) -> list[Message]:
    """What the service sends on a WebSocket until it closes, denies, or has answered `first`; `meanwhile` is
    done when it is open and nothing has been said yet."""
    sent: list[Message] = []
    incoming: list[Message] = [
        {"type": "websocket.connect"},
        {"type": "websocket.receive", "text": json.dumps(first)},
    ]
    answered = False

    async def receive() -> Message:
        if len(incoming) == 1 and meanwhile is not None:
            await meanwhile()
        if incoming:
            return incoming.pop(0)
        while not answered:
            await asyncio.sleep(0)
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Message) -> None:
        nonlocal answered
        sent.append(message)
        answered = answered or message["type"] in ("websocket.send", "websocket.close")

    scope = {
        "type": "websocket",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "wss",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
        "client": ("192.0.2.1", 40000),
        "server": ("meet.test", 443),
        "subprotocols": [subprotocol],
        "extensions": {"websocket.http.response": {}},
        "asgi": {"version": "3.0"},
    }
    await service.app(scope, receive, send)
    return sent
