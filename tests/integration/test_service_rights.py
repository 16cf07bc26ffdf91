"""Who may do what: every route of the application, asked by everybody. A route without a rule is a fault."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from starlette.routing import Route, WebSocketRoute

from service.adapters.http.app import API_PATH
from service.adapters.http.identity import COOKIE
from service_api.meeting import SUBPROTOCOL
from tests.doubles.service_app import URL, App, draft, open_socket, running

NOBODY, GUEST, BROWSER, OTHER_GUEST = "nobody", "guest", "guest's browser", "guest of another meeting"
CUSTOMER, COLLEAGUE, HOST, ADMIN = "invited account", "other professional", "host", "admin"
ACTORS = (NOBODY, GUEST, BROWSER, OTHER_GUEST, CUSTOMER, COLLEAGUE, HOST, ADMIN)
GUESTS = (GUEST, BROWSER, OTHER_GUEST)
ACCOUNTS = (CUSTOMER, COLLEAGUE, HOST, ADMIN)


def everybody(status: int) -> dict[str, int]:
    """The same answer for all."""
    return dict.fromkeys(ACTORS, status)


def accounts(statuses: Mapping[str, int], others: int = 0) -> dict[str, int]:
    """By account; a place is no account, and a cookie opens nothing but its invitation."""
    refused = {NOBODY: 401, GUEST: 403, OTHER_GUEST: 403, BROWSER: 401}
    return {**refused, **dict.fromkeys(ACCOUNTS, others), **statuses}


HOSTS_ALONE = accounts({HOST: 200, CUSTOMER: 403}, 404)

RULES: dict[tuple[str, str], dict[str, int]] = {
    ("GET", "/api/v1/openapi.json"): everybody(200),
    ("GET", "/.well-known/softphone"): everybody(200),
    ("GET", "/m"): everybody(200),
    ("GET", "/web/{version}/{path:path}"): everybody(200),
    ("POST", "/api/v1/devices"): everybody(200),
    ("POST", "/api/v1/devices/revoke"): everybody(403),
    ("POST", "/api/v1/tokens"): everybody(401),
    ("GET", "/api/v1/me"): accounts({}, 200),
    ("GET", "/api/v1/devices"): accounts({}, 200),
    ("DELETE", "/api/v1/devices/{device_id}"): accounts({HOST: 204}, 404),
    ("GET", "/api/v1/appointments"): accounts({}, 200),
    ("POST", "/api/v1/appointments"): accounts({CUSTOMER: 403}, 200),
    ("GET", "/api/v1/appointments/{appointment_id}"): accounts({HOST: 200, CUSTOMER: 200}, 404),
    ("PUT", "/api/v1/appointments/{appointment_id}"): HOSTS_ALONE,
    ("DELETE", "/api/v1/appointments/{appointment_id}"): {**HOSTS_ALONE, HOST: 204},
    ("POST", "/api/v1/appointments/{appointment_id}/participants/{participant_id}/link"): HOSTS_ALONE,
    ("POST", "/api/v1/invitations"): everybody(200),
    ("GET", "/api/v1/invitation"): {
        NOBODY: 401,
        **dict.fromkeys(GUESTS, 200),
        **dict.fromkeys(ACCOUNTS, 403),
    },
}
OPEN, SHUT = "welcome", "refused"
SOCKET_RULES = {
    "/api/v1/meetings/{appointment}/socket": {
        **dict.fromkeys(ACTORS, SHUT),
        **dict.fromkeys((GUEST, BROWSER, CUSTOMER, HOST), OPEN),
    }
}


@dataclass
class World:
    """A service where something is going on. `tokens` by actor; ids and secrets as paths need them."""

    folder: Path
    tokens: dict[str, str]
    values: dict[str, str]
    secret: str


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Made once; every question is asked of a copy."""
    return asyncio.run(made_in(tmp_path_factory.mktemp("rights")))


async def made_in(folder: Path) -> World:
    async with running(folder) as app:
        return await furnish(app, folder)


async def furnish(app: App, folder: Path) -> World:
    people = {
        HOST: ("0401", "professional"),
        COLLEAGUE: ("0402", "professional"),
        ADMIN: ("0403", "admin"),
        CUSTOMER: ("0404", "participant"),
    }
    tokens = {NOBODY: ""}
    devices = {}
    for actor, (phone, role) in people.items():
        await app.add_account("+358" + phone[1:], role)
        issued, granted = await app.sign_in(phone)
        tokens[actor], devices[actor] = granted.access_token, issued.device_id
    made = await app.appointment(tokens[HOST], {"name": "Bo"}, {"name": "Cia", "phone": "0404"})
    other = await app.appointment(tokens[COLLEAGUE], {"name": "Dan"})
    tokens[GUEST] = await app.place(made.links[0].link)
    tokens[BROWSER] = await app.place(made.links[0].link)
    tokens[OTHER_GUEST] = await app.place(other.links[0].link)
    page = (await app.client.get("/m")).text
    version = page.split("/web/")[1].split("/")[0]
    values = {
        "appointment_id": made.appointment.id,
        "appointment": made.appointment.id,
        "participant_id": made.appointment.participants[0].id,
        "device_id": devices[HOST],
        "version": version,
        "path:path": "app.js",
    }
    return World(folder, tokens, values, made.links[0].link.partition("#")[2])


@asynccontextmanager
async def copy_of(world: World, folder: Path) -> AsyncIterator[App]:
    shutil.copytree(world.folder, folder, dirs_exist_ok=True)
    async with running(folder) as app:
        yield app


def routes_of(app: App) -> tuple[set[tuple[str, str]], set[str]]:
    """Every route there is. One that is neither HTTP nor WebSocket would need a rule of its own kind."""
    http, sockets = set(), set()
    for route in app.service.routes.routes:
        if isinstance(route, WebSocketRoute):
            sockets.add(route.path)
            continue
        assert isinstance(route, Route), route
        http |= {(method, route.path) for method in route.methods or () if method != "HEAD"}
    return http, sockets


def body_of(method: str, path: str, world: World) -> object:
    """A request that would work for whoever may."""
    return {
        ("POST", "/devices"): {
            "version": 1,
            "phone": "0401",
            "password": "Kettle-Harbour-96",
            "device_name": "PC",
            "instance_id": "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11",
        },
        ("POST", "/devices/revoke"): {
            "version": 1,
            "device_id": world.values["device_id"],
            "sip_secret": "x" * 43,
        },
        ("POST", "/tokens"): {"device_id": world.values["device_id"], "refresh_token": "x" * 86},
        ("POST", "/appointments"): draft(),
        ("PUT", "/appointments/{appointment_id}"): draft(),
        ("POST", "/appointments/{appointment_id}/participants/{participant_id}/link"): {},
        ("POST", "/invitations"): {"secret": world.secret, "client": "program"},
    }.get((method, path.removeprefix(API_PATH)))


def filled(path: str, world: World) -> str:
    for name, value in world.values.items():
        path = path.replace("{" + name + "}", value)
    assert "{" not in path, path
    return path


def shown_by(actor: str, world: World) -> dict[str, str]:
    """How this one shows who they are."""
    token = world.tokens[actor]
    if actor == BROWSER:
        return {"Cookie": f"{COOKIE}={token}", "Origin": URL}
    return {"Authorization": f"Bearer {token}"} if token else {}


async def test_every_route_has_a_rule_for_everybody(world: World, tmp_path: Path) -> None:
    async with copy_of(world, tmp_path) as app:
        http, sockets = routes_of(app)
    assert http == set(RULES)
    assert sockets == set(SOCKET_RULES)
    assert all(set(rule) == set(ACTORS) for rule in RULES.values())
    assert all(set(told) == set(ACTORS) for told in SOCKET_RULES.values())


@pytest.mark.parametrize(("method", "path"), sorted(RULES))
async def test_who_may(method: str, path: str, world: World, tmp_path: Path) -> None:
    together = {0: list(ACTORS)} if method == "GET" else {n: [actor] for n, actor in enumerate(ACTORS)}
    answers = {}
    for number, actors in together.items():
        async with copy_of(world, tmp_path / str(number)) as app:
            for actor in actors:
                answers[actor] = await status_for(actor, method, path, world, app)
    assert answers == RULES[method, path]


async def status_for(actor: str, method: str, path: str, world: World, app: App) -> int:
    body = body_of(method, path, world)
    place = filled(path, world).removeprefix(API_PATH)
    answer = await app.ask(method, place, body, **shown_by(actor, world))
    if answer.status_code >= 400:
        assert set(answer.json()) <= {"code", "version"}
    return answer.status_code


@pytest.mark.parametrize("path", sorted(SOCKET_RULES))
async def test_who_may_open_the_socket(path: str, world: World, tmp_path: Path) -> None:
    answers = {}
    hello = {"type": "hello", "id": "1", "client": "program"}
    for number, actor in enumerate(ACTORS):
        async with copy_of(world, tmp_path / str(number)) as app:
            sent = await open_socket(
                app.service, filled(path, world), shown_by(actor, world), hello, SUBPROTOCOL
            )
        told = "".join(message.get("text", "") for message in sent)
        answers[actor] = OPEN if '"welcome"' in told else SHUT
        assert (world.values["participant_id"] in told) is (answers[actor] == OPEN)
    assert answers == SOCKET_RULES[path]
