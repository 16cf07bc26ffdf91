"""A DNS server on loopback that says what a test wants said, late or not at all."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from tests.lab.ports import LOOPBACK

Zone = Mapping[tuple[str, str], Sequence[str]]
"""(name, type) → record texts: {("phone.test", "A"): ["127.0.0.1"]}."""


class DnsServer:
    """Answers over UDP from `zone`; NXDOMAIN for names it has nothing of, silence when `silent`."""

    def __init__(
        self, zone: Zone, *, ttl: int = 60, silent: bool = False, status: str = "NXDOMAIN", port: int = 0
    ) -> None:
        self.zone = dict(zone)
        self.ttl = ttl
        self.silent = silent
        self.status = status
        self.queries: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((LOOPBACK, port))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and let the port go."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # what waits in recvfrom would keep the port
        if self._thread.is_alive():
            self._thread.join(5)
        self._socket.close()

    def __enter__(self) -> DnsServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _serve(self) -> None:
        while True:
            try:
                data, client = self._socket.recvfrom(4096)
                if not data:
                    return
                answer = self._answer(data)
                if answer is not None:
                    self._socket.sendto(answer, client)
            except OSError:
                return

    def _answer(self, data: bytes) -> bytes | None:
        query = dns.message.from_wire(data)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        kind = dns.rdatatype.to_text(question.rdtype)
        self.queries.append((name, kind))
        if self.silent:
            return None
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.AA | dns.flags.RA
        records = self.zone.get((name, kind), ())
        if records:
            reply.answer.append(dns.rrset.from_text(question.name, self.ttl, "IN", kind, *records))
        elif not any(owner == name for owner, _ in self.zone):
            reply.set_rcode(dns.rcode.from_text(self.status))
        return reply.to_wire()
