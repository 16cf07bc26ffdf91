"""A small company service over HTTPS: takes number and password, issues a SIP secret, keeps its HA1 alone."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from service_api.devices import (
    REVOKE_PATH,
    SIGN_IN_PATH,
    STATUS,
    DeviceCredentials,
    DeviceRevocation,
    DeviceSignIn,
    ErrorCode,
    ServiceRefusal,
)
from service_api.wire import SIZE_LIMIT, UnknownVersion, WireError
from tests.lab.certificates import KeyPair

WELL_KNOWN = "/.well-known/softphone"
BASE = "/company"


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """What is kept of a device: nothing that signs in anywhere but at this realm."""

    number: str
    instance_id: str
    auth_user: str
    ha1: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SipSide:
    """The registrar the devices belong to."""

    domain: str = "127.0.0.1"
    port: int = 0
    transport: str = "tls"
    realm: str = "phone.test"


class CompanyService:
    """Serves in a thread from `start` to `stop`; `people` are number=password.

    `devices` by id is all it knows of them and is told to `changed`. For tests alone: `issued` holds every
    secret that went out, `asked` the paths of all requests, `replies` raw (status, header, body) of paths
    that answer something else, `document` what stands at the well-known place.
    """

    def __init__(
        self,
        pair: KeyPair,
        people: Mapping[str, str],
        sip: SipSide | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        changed: Callable[[list[DeviceRow]], None] = lambda rows: None,
    ) -> None:
        self.host, self.port = host, port
        self.devices: dict[str, DeviceRow] = {}
        self.issued: list[str] = []
        self.asked: list[str] = []
        self.replies: dict[str, tuple[int, Mapping[str, str], bytes]] = {}
        self.document: dict[str, str] = {}
        self._pair = pair
        self._salt = os.urandom(16)
        self._people = {number: self._hashed(password) for number, password in people.items()}
        self._sip = sip or SipSide()
        self._changed = changed
        self._lock = threading.Lock()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """What the well-known document names."""
        return f"https://{self.host}:{self.port}{BASE}"

    def start(self) -> None:
        """Listen. Raises PermissionError for a port that is not this user's to take."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pair.certificate, self._pair.key)
        self._server = server = _Server((self.host, self.port), _handler(self))
        server.context = context
        self.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """Let go; harmless when it does not serve."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(self, method: str, path: str, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        """Status, header and body for one request."""
        self.asked.append(path)
        if path in self.replies:
            return self.replies[path]
        if (method, path) == ("GET", WELL_KNOWN) and self.document:
            return 200, {}, json.dumps(self.document).encode()
        work = {BASE + SIGN_IN_PATH: self._sign_in, BASE + REVOKE_PATH: self._revoke}.get(path)
        if method != "POST" or work is None:
            return 404, {}, b""
        try:
            with self._lock:
                return work(body)
        except UnknownVersion:
            return _refused(ErrorCode.TOO_OLD)
        except WireError:
            return _refused(ErrorCode.BAD_REQUEST)

    def _sign_in(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        request = DeviceSignIn.parse(body)
        known = self._people.get(request.phone, self._hashed(""))
        if not hmac.compare_digest(known, self._hashed(request.password)):
            return _refused(ErrorCode.WRONG_CREDENTIALS)
        secret, auth_user, device_id = secrets.token_urlsafe(32), secrets.token_hex(8), secrets.token_hex(8)
        row = DeviceRow(request.phone, request.instance_id, auth_user, self._ha1(auth_user, secret))
        place = (row.number, row.instance_id)
        self.devices = {k: old for k, old in self.devices.items() if (old.number, old.instance_id) != place}
        self.devices[device_id] = row
        self.issued.append(secret)
        self._changed(list(self.devices.values()))
        side = self._sip
        issued = DeviceCredentials(
            side.domain, side.transport, row.number, auth_user, secret, device_id, side.port
        )
        return 200, {}, issued.serialise()

    def _revoke(self, body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        request = DeviceRevocation.parse(body)
        row = self.devices.get(request.device_id)
        if row is None or not hmac.compare_digest(row.ha1, self._ha1(row.auth_user, request.sip_secret)):
            return _refused(ErrorCode.WRONG_CREDENTIALS)
        del self.devices[request.device_id]
        self._changed(list(self.devices.values()))
        return 204, {}, b""

    def _hashed(self, password: str) -> bytes:
        return hashlib.scrypt(password.encode(), salt=self._salt, n=1024, r=8, p=1)

    def _ha1(self, auth_user: str, secret: str) -> str:
        text = f"{auth_user}:{self._sip.realm}:{secret}"
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def _refused(code: ErrorCode) -> tuple[int, Mapping[str, str], bytes]:
    return STATUS[code], {}, ServiceRefusal(code).serialise()


class _Server(ThreadingHTTPServer):
    """TLS per connection and in its own thread: somebody who shakes no hands keeps nobody waiting."""

    daemon_threads = True
    context: ssl.SSLContext

    def finish_request(self, request: object, client_address: object) -> None:
        assert isinstance(request, socket.socket)
        try:
            with self.context.wrap_socket(request, server_side=True) as encrypted:
                super().finish_request(encrypted, client_address)
        except OSError:
            return


def _handler(service: CompanyService) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(min(int(self.headers.get("Content-Length", 0)), SIZE_LIMIT + 1))
            status, header, answer = service.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in header.items():
                self.send_header(name, value)
            if status != 204:
                self.send_header("Content-Length", str(len(answer)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Requests are in `asked`."""

    return Handler
