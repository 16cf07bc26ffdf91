"""Whoever asks over HTTPS loads what that takes beside the loop, where it would be heard in a call."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

WATCHED = """
import asyncio, sys, threading
from importlib.abc import MetaPathFinder

loaders = []
WHO = "urn:uuid:5f6c8e3a-0a52-4b61-9b4c-0d4f0c7a9e11"


class Watch(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name == "httpx":
            loaders.append(threading.current_thread() is threading.main_thread())


async def ask(url, port):
    from service_api.devices import DeviceSignIn
    from softphone.adapters.clock import SystemClock
    from softphone.adapters.company_service import HttpsCompanyService
    from softphone.adapters.directory import WellKnownDirectory
    from softphone.adapters.meeting_service import HttpsAppointments
    from softphone.domain.errors import ServiceUnreachable, SignInRefused
    from softphone.ports.meetings import Bearer, ServiceAccess

    try:
        if sys.argv[1] == "sign-in":
            await HttpsCompanyService().sign_in(url, DeviceSignIn("0401234567", "p", "Laptop", WHO))
        elif sys.argv[1] == "appointments":
            await HttpsAppointments().listed(ServiceAccess(url, ""), Bearer("token"))
        else:
            await WellKnownDirectory(SystemClock(), port=port).discover("127.0.0.1")
    except (SignInRefused, ServiceUnreachable):
        pass


sys.meta_path.insert(0, Watch())
asyncio.run(ask(f"https://127.0.0.1:{sys.argv[2]}", int(sys.argv[2])))
print(loaders)
"""


@pytest.mark.parametrize("asked", ["sign-in", "appointments", "directory"])
def test_httpx_is_loaded_beside_the_loop(asked: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        taken.settimeout(30)
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-c", WATCHED, asked, port]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as asking:
            try:
                for _ in range(2 if asked == "directory" else 1):
                    taken.accept()[0].close()
                told, _ = asking.communicate(timeout=60)
            finally:
                asking.kill()
    assert told.strip() == "[False]"
