"""A server with a certificate nobody should trust, which notes every byte it gets in the clear."""

from __future__ import annotations

import select
import socket
import ssl
import threading
from contextlib import suppress

from tests.lab.certificates import KeyPair

PLAIN_PORT, TLS_PORT = 5060, 5061
TLS_HANDSHAKE = b"\x16"
LOOK_S = 0.05
PATIENCE_S = 5.0


class Eavesdropper:
    """Listens at the standard ports of an address of its own on loopback: 5061 by TLS, 5060 plain.

    `plain` is what came unencrypted, `handshakes` how often a client came by TLS, and `told` what one said
    to whom it trusted.
    """

    def __init__(self, host: str, certificate: KeyPair) -> None:
        self.host = host
        self.plain: list[bytes] = []
        self.told: list[bytes] = []
        self.handshakes = 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate.certificate, certificate.key)
        self._listening = [socket.create_server((host, port)) for port in (PLAIN_PORT, TLS_PORT)]
        self._datagrams = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        for one, port in zip(self._datagrams, (PLAIN_PORT, TLS_PORT), strict=True):
            one.bind((host, port))
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Eavesdropper:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()
        for one in (*self._listening, *self._datagrams):
            one.close()

    def _serve(self) -> None:
        while not self._ending.is_set():
            ready, _, _ = select.select([*self._listening, *self._datagrams], [], [], LOOK_S)
            for one in ready:
                if one in self._datagrams:
                    self.plain.append(one.recv(65536))
                else:
                    with one.accept()[0] as connection, suppress(OSError):
                        self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(PATIENCE_S)
        if connection.recv(1, socket.MSG_PEEK) != TLS_HANDSHAKE:
            self.plain.append(connection.recv(65536))
            return
        self.handshakes += 1
        with self._context.wrap_socket(connection, server_side=True) as encrypted:
            self.told.append(encrypted.recv(65536))
