"""The guest page: what stands in `service/web`, held in memory and served with headers that grant it little.

Every file's address holds a hash of them all, so a browser keeps them for good and never mixes two versions.
"""

from __future__ import annotations

import hashlib
import importlib.resources
import mimetypes
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

PAGE_PATH = "/m"
API_PATH = "/api/v1"
KINDS = {".js": "text/javascript", ".css": "text/css", ".json": "application/json", ".svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"
PERMISSIONS = (
    "camera=(self), microphone=(self), speaker-selection=(self), fullscreen=(self), autoplay=(self), "
    "screen-wake-lock=(self), geolocation=(), payment=(), usb=(), serial=(), hid=(), "
    "display-capture=()"
)


@dataclass(frozen=True, slots=True)
class Site:
    """The files by their path below `web`, and the hash of them all."""

    files: dict[str, bytes]
    version: str


def load() -> Site:
    """Read `service/web`."""
    files = dict(_walk(importlib.resources.files("service") / "web", ""))
    digest = hashlib.sha256()
    for path, content in sorted(files.items()):
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return Site(files, digest.hexdigest()[:16])


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for entry in folder.iterdir():
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            found += _walk(entry, f"{path}/")
        else:
            found.append((path, entry.read_bytes()))
    return found


def policy(public_url: str) -> str:
    """The page's Content-Security-Policy (level 3): its own origin alone, no markup from text."""
    address = urlsplit(public_url)
    socket = f"{'wss' if address.scheme == 'https' else 'ws'}://{address.netloc}"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            f"connect-src 'self' {socket}",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def headers(public_url: str) -> dict[str, str]:
    """What goes with every answer of these routes."""
    return {
        "Content-Security-Policy": policy(public_url),
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": PERMISSIONS,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Frame-Options": "DENY",
    }


def routes(public_url: str) -> list[BaseRoute]:
    """`GET /m` and `GET /web/…`. `public_url` is where people reach the service, without a final slash."""
    site = load()
    common = headers(public_url)
    page = _page(site, urlsplit(public_url).path.rstrip("/"))

    async def answer_page(_: Request) -> Response:
        return Response(page, media_type="text/html", headers={**common, "Cache-Control": "no-store"})

    async def answer_file(request: Request) -> Response:
        path = request.path_params["path"]
        content = site.files.get(path) if path != "index.html" else None
        if content is None:
            return Response(status_code=404, headers={**common, "Cache-Control": "no-store"})
        # A page loaded before an update asks by the former hash: it is given what there is, to keep nothing.
        kept = FOREVER if request.path_params["version"] == site.version else "no-store"
        return Response(content, media_type=_kind(path), headers={**common, "Cache-Control": kept})

    return [
        Route(PAGE_PATH, answer_page, methods=["GET"], name="guest-page"),
        Route("/web/{version}/{path:path}", answer_file, methods=["GET"], name="guest-files"),
    ]


def _page(site: Site, prefix: str) -> bytes:
    """The page, which names every script at once: none waits until another one asks for it."""
    base = f"{prefix}/web/{site.version}"
    scripts = sorted(path for path in site.files if path.endswith(".js"))
    preload = "\n".join(f'<link rel="modulepreload" href="{base}/{path}">' for path in scripts)
    values = {"base": base, "api": prefix + API_PATH, "preload": preload}
    page = site.files["index.html"].decode()
    for name, value in values.items():
        page = page.replace(f"{{{name}}}", value)
    return page.encode()


def _kind(path: str) -> str:
    suffix = f".{path.rpartition('.')[2]}"
    return KINDS.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
