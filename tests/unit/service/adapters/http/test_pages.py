"""The guest page's routes: what they grant, what they keep, what they don't serve."""

from __future__ import annotations

import re

import httpx
import pytest
from starlette.applications import Starlette

from service.adapters.http import pages

PUBLIC = "https://meet.example.com"


async def get(path: str, public_url: str = PUBLIC) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=pages.routes(public_url)))
    async with httpx.AsyncClient(transport=transport, base_url=PUBLIC) as client:
        return await client.get(path)


async def test_the_page_grants_its_own_origin_and_nothing_else() -> None:
    answer = await get("/m")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self' wss://meet.example.com",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["permissions-policy"].startswith("camera=(self), microphone=(self),")
    assert answer.headers["cache-control"] == "no-store"


async def test_the_page_is_empty_of_scripts_and_names_its_files_by_their_hash() -> None:
    page = (await get("/m")).text
    assert not re.search(r"<script>|<style| style=| on\w+=|https?://", page)
    version = pages.load().version
    assert f'src="/web/{version}/main.js"' in page
    assert '<meta name="api" content="/api/v1">' in page


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("main.js", "text/javascript"),
        ("words/fi.json", "application/json"),
        ("page.css", "text/css"),
        ("icon.svg", "image/svg+xml"),
    ],
)
async def test_files_are_kept_for_good_under_their_hash(path: str, kind: str) -> None:
    answer = await get(f"/web/{pages.load().version}/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(kind)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_page_from_before_an_update_is_served_but_keeps_nothing() -> None:
    answer = await get("/web/0123456789abcdef/main.js")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["nothing.js", "%2e%2e/config.py", "index.html", ""])
async def test_nothing_else_is_served(path: str) -> None:
    answer = await get(f"/web/{pages.load().version}/{path}")
    assert answer.status_code == 404


async def test_below_a_path_the_page_finds_its_files_there() -> None:
    page = (await get("/m", "https://example.com/meetings")).text
    assert 'content="/meetings/api/v1"' in page
    assert f'src="/meetings/web/{pages.load().version}/main.js"' in page


def test_without_tls_the_socket_is_not_promised_any() -> None:
    assert "connect-src 'self' ws://127.0.0.1:8080;" in pages.policy("http://127.0.0.1:8080")
