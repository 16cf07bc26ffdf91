"""What every answer of the service has in common, and what a request must not be."""

from __future__ import annotations

import logging
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Message

from service.adapters.http.guard import BODY_LIMIT, HEADERS
from service.adapters.http.identity import COOKIE
from service.adapters.http.invitations import TRIES
from service_api import appointments
from service_api.wire import SIZE_LIMIT
from softphone.adapters.directory import read_discovery
from tests.doubles.service_app import URL, App, draft, running
from tests.doubles.service_bench import PASSWORD, secret_of

HOST = "0401234567"


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[App]:
    async with running(tmp_path) as made:
        await made.add_account("+358401234567")
        yield made


async def token_of_host(app: App) -> str:
    return (await app.sign_in(HOST))[1].access_token


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nothing", 404, "not-found"),
        ("GET", "/appointments/", 404, "not-found"),
        ("PATCH", "/appointments", 405, "not-found"),
        ("GET", "/me", 401, "not-signed-in"),
        ("POST", "/tokens", 400, "bad-request"),
        ("POST", "/invitations", 400, "bad-request"),
        ("POST", "/devices", 400, "bad-request"),
    ],
)
async def test_a_refusal_is_a_code_and_nothing_more(
    app: App, method: str, path: str, status: int, code: str
) -> None:
    answer = await app.ask(method, path, {} if method == "POST" else None)
    assert answer.status_code == status
    assert answer.json()["code"] == code
    assert set(answer.json()) <= {"code", "version"}


async def test_time_zones_are_known_before_the_first_appointment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, looked = threading.get_ident(), []

    def zones() -> set[str]:
        looked.append(threading.get_ident())
        return {"Europe/Helsinki"}

    monkeypatch.setattr(appointments, "available_timezones", zones)
    appointments.time_zones.cache_clear()
    try:
        async with running(tmp_path) as app:
            await app.add_account("+358401234567")
            await app.appointment(await token_of_host(app))
    finally:
        appointments.time_zones.cache_clear()
    assert len(looked) == 1
    assert loop not in looked, "it takes so long that meetings would wait"


@pytest.mark.parametrize("path", ["/me", "/.well-known/softphone", "/nothing", "/devices"])
async def test_every_answer_grants_nothing_and_is_kept_nowhere(app: App, path: str) -> None:
    answer = await app.ask("GET", path)
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_the_page_has_headers_of_its_own(app: App) -> None:
    answer = await app.ask("GET", "/m")
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert answer.headers.get_list("Content-Security-Policy")[1:] == []


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b"\xff", b'{"device_id":"d","refresh_token":"\\ud800"}', b"null", b"[" * 9000],
)
async def test_what_is_no_request_is_refused(app: App, content: bytes) -> None:
    for path in ("/tokens", "/invitations", "/devices", "/devices/revoke"):
        answer = await app.client.post(
            "/api/v1" + path, content=content, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "bad-request")


async def test_a_large_body_is_not_read(app: App) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 1000 + 2):
            yield b"x" * 1000

    for content in (b"x" * (BODY_LIMIT + 1), endless()):
        answer = await app.client.post("/api/v1/tokens", content=content)
        assert (answer.status_code, answer.json()) == (413, {"code": "bad-request"})
    answer = await app.client.post("/api/v1/devices", content=b" " * (SIZE_LIMIT + 1))
    assert answer.status_code == 400


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "٣"])
async def test_a_length_nobody_can_count_is_refused(app: App, length: str) -> None:
    headers = {b"content-length": length.encode()}
    answer = await app.client.post("/api/v1/tokens", content=b"{}", headers=list(headers.items()))
    assert answer.status_code == 413


async def test_who_goes_away_while_asking_is_no_fault(app: App, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "service")

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def nowhere(_: Message) -> None:
        return None

    for path in ("/api/v1/devices", "/api/v1/devices/revoke"):
        scope: dict[str, object] = {
            "type": "http",
            "method": "POST",
            "path": path,
            "raw_path": path.encode(),
            "headers": [],
        }
        scope |= {"query_string": b"", "root_path": "", "scheme": "https", "server": ("meet.test", 443)}
        await app.service.app({**scope, "client": ("192.0.2.1", 1), "http_version": "1.1"}, gone, nowhere)
    assert caplog.text.count("whoever asked went away") == 2


async def test_a_second_cookie_header_hides_no_place(app: App) -> None:
    headers = [("Cookie", "a=b"), ("Cookie", f"{COOKIE}={'x' * 43}"), ("Content-Type", "application/json")]
    answer = await app.client.post("/api/v1/tokens", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


async def test_an_unknown_version_of_a_device_document_is_told_apart(app: App) -> None:
    answer = await app.ask("POST", "/devices", {"version": 2})
    assert (answer.status_code, answer.json()) == (400, {"version": 1, "code": "too-old"})


async def test_a_program_reads_what_the_server_says_of_itself(app: App) -> None:
    found = read_discovery((await app.ask("GET", "/.well-known/softphone")).content)
    assert found is not None
    assert (found.sip_domain, found.service_url) == ("meet.test", URL + "/api/v1")
    assert (found.transport, found.number_format, found.minimum_version) == ("", "national", "")


async def test_a_browser_is_given_a_cookie_and_no_token(app: App) -> None:
    made = await app.appointment(await token_of_host(app))
    wish = {"secret": secret_of(made.links[0].link), "client": "browser"}
    for origin in ({}, {"Origin": "https://evil.test"}, {"Origin": "null"}):
        answer = await app.ask("POST", "/invitations", wish, **origin)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    answer = await app.ask("POST", "/invitations", wish, Origin=URL)
    assert answer.json()["token"] == ""
    cookie = answer.headers["set-cookie"]
    for attribute in (f"{COOKIE}=", "HttpOnly", "Secure", "SameSite=strict", "Path=/", "Max-Age="):
        assert attribute in cookie
    assert "Domain" not in cookie
    value = cookie.removeprefix(COOKIE + "=").partition(";")[0]
    again = await app.ask("POST", "/invitations", wish, Origin=URL, Cookie=f"{COOKIE}={value}")
    assert again.json()["invitation"]["other_device"] is False
    assert (await app.ask("GET", "/invitation", Cookie=f"{COOKIE}={value}")).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.test", "https://meet.test.evil.test", "http://meet.test", ""]
)
async def test_a_foreign_page_does_nothing_with_a_place(app: App, origin: str) -> None:
    made = await app.appointment(await token_of_host(app))
    place = await app.place(made.links[0].link)
    wish = {"secret": secret_of(made.links[0].link), "client": "browser"}
    headers = {"Cookie": f"a[b]=c d; {COOKIE}={place}", **({"Origin": origin} if origin else {})}
    for method, path in (("POST", "/invitations"), ("POST", "/tokens"), ("DELETE", "/devices/x")):
        answer = await app.ask(method, path, wish, **headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


async def test_a_bearer_counts_before_a_cookie(app: App) -> None:
    made = await app.appointment(await token_of_host(app))
    place = await app.place(made.links[0].link)
    answer = await app.ask("GET", "/invitation", token="x" * 43, Cookie=f"{COOKIE}={place}")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_links_that_open_nothing_are_tried_so_often_alone(app: App) -> None:
    made = await app.appointment(await token_of_host(app))
    for number in range(TRIES):
        wish = {"secret": f"{number:043}", "client": "program"}
        assert (await app.ask("POST", "/invitations", wish)).status_code == 404
    answer = await app.ask("POST", "/invitations", wish)
    assert (answer.status_code, answer.json()["code"]) == (429, "too-many-tries")
    elsewhere = App(app.service, "2001:db8:1:2::3")
    async with elsewhere.client:
        assert await elsewhere.place(made.links[0].link)


async def test_a_failure_inside_is_told_by_its_code_alone(
    app: App, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    token = await token_of_host(app)

    def broken(*_: object) -> None:
        raise RuntimeError("inner matter")

    monkeypatch.setattr("service.usecases.appointments.Appointments._seen", broken)
    answer = await app.ask("POST", "/appointments", draft(), token=token)
    assert (answer.status_code, answer.json()) == (500, {"code": "server-error"})
    assert "inner matter" in caplog.text
    caplog.clear()


async def test_a_disk_that_is_full_is_told_and_nothing_is_half_done(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    token = await token_of_host(app)
    async with app.service.database.write() as connection:
        pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar_one()
        await connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    made = 0
    for _ in range(200):
        answer = await app.ask("POST", "/appointments", draft(description="x" * 4000), token=token)
        if answer.status_code != 200:
            break
        made += 1
    assert (answer.status_code, answer.json()) == (500, {"code": "server-error"})
    assert "full" in caplog.text
    listed = await app.ask("GET", "/appointments", token=token)
    assert len(listed.json()["appointments"]) == made
    caplog.clear()


async def test_nothing_that_opens_something_is_logged_or_kept(
    app: App, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "service")
    issued, tokens = await app.sign_in(HOST)
    made = await app.appointment(tokens.access_token, {"name": "Bo Ek"})
    link = made.links[0].link
    place = await app.place(link)
    await app.ask("GET", f"/invitation?secret={secret_of(link)}", token=place)
    wish = {"secret": secret_of(link), "client": "browser"}
    cookie = (await app.ask("POST", "/invitations", wish, Origin=URL)).headers["set-cookie"]
    secrets = {
        PASSWORD,
        issued.sip_secret,
        issued.refresh_token,
        tokens.access_token,
        tokens.refresh_token,
        secret_of(link),
        place,
        cookie.removeprefix(COOKIE + "=").partition(";")[0],
    }
    assert len(secrets) == 8
    assert "appointment" in caplog.text
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in secrets - {PASSWORD}:  # these tests keep passwords as they are: see test_passwords
        assert secret not in caplog.text
        assert secret.encode() not in kept
    assert PASSWORD not in caplog.text
    assert "Bo Ek" not in caplog.text
