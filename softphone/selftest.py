"""`selftest`: what this installation has and what it lacks; ends with an error when something is missing."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import ssl
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from softphone import __version__
from softphone.domain.errors import SecretsUnavailable
from softphone.profile import Profile
from softphone.services.diagnostics import Check, Missing, Probe, report


def main(argv: Sequence[str], folder: Path, windows: Callable[[], str]) -> int:
    """Print every check and return 0 when nothing is missing.

    `windows` names Qt's platform, or raises; a check named by `--optional` may fail.
    """
    parser = argparse.ArgumentParser(prog="softphone selftest")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--optional", action="append", default=[], metavar="CHECK")
    options = parser.parse_args(argv)
    checks = asyncio.run(report(probes(Profile(folder), windows)))
    if options.json:
        found = {check.name: {"ok": check.ok, "detail": check.detail} for check in checks}
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        sys.stdout.writelines(_line(check) + "\n" for check in checks)
    return 0 if all(check.ok or check.name in options.optional for check in checks) else 1


def probes(profile: Profile, windows: Callable[[], str]) -> dict[str, Probe]:
    """Every check by name, in the order in which they are printed."""
    return {
        "version": _version,
        "windows": _on_this_thread(windows),
        "keyring": _keyring,
        "sound": _sound,
        "headset": _headset,
        "codecs": _codecs,
        "tls": _tls,
        "data": lambda: _data(profile),
    }


def _line(check: Check) -> str:
    return f"{'ok     ' if check.ok else 'MISSING'} {check.name}: {check.detail}"


def _on_this_thread(probe: Callable[[], str]) -> Probe:
    """Windows belong to the main thread: asked there, and not in an executor."""

    async def ask() -> str:
        return probe()

    return ask


async def _version() -> str:
    frozen = ", packaged" if getattr(sys, "frozen", False) else ""
    return f"{__version__}, Python {platform.python_version()}, {platform.platform()}{frozen}"


async def _keyring() -> str:
    """Stores, reads and removes a word: a backend that only exists is not enough."""
    from softphone.adapters.keyring import SystemKeyring

    keyring, name, word = SystemKeyring(), f"selftest-{os.getpid()}", os.urandom(8).hex()
    try:
        await keyring.set(name, word)
        read = await keyring.get(name)
        await keyring.delete(name)
        if read != word:
            raise Missing("what was stored did not come back")
        return await keyring.name()
    except SecretsUnavailable as error:
        raise Missing(str(error)) from error


async def _sound() -> str:
    """The drivers load; which devices there are is told, but a machine may well have none."""
    from devices.registry import system_drivers

    def look() -> str:
        drivers = system_drivers()
        try:
            return f"drivers {', '.join(drivers.names)}; {len(drivers.devices())} devices"
        finally:
            drivers.close()

    return await asyncio.to_thread(look)


async def _headset() -> str:
    """hidapi loads and lists; which headsets there are is told, but a machine may well have none."""
    from devices.hid.library import HidFailure, load
    from devices.hid.usages import TELEPHONY_PAGE

    def look() -> str:
        try:
            library = load()
            found = library.devices()
        except HidFailure as failure:
            raise Missing(str(failure)) from failure
        names = [device.name or "unnamed" for device in found if TELEPHONY_PAGE in device.pages]
        headsets = ", ".join(names) or "no headset with buttons"
        return f"hidapi {library.version}; {len(found)} devices; {headsets}"

    return await asyncio.to_thread(look)


async def _codecs() -> str:
    from media.codecs.registry import NAMES, available

    lacking = [name for name in NAMES if name not in available()]
    if lacking:
        raise Missing(f"{', '.join(lacking)} can't be loaded")
    return ", ".join(NAMES)


async def _tls() -> str:
    """TLS 1.2 and the operating system's trust store."""
    from sip_bridge.io.tls import system_context

    context = await asyncio.to_thread(system_context)
    if not ssl.HAS_TLSv1_2:
        raise Missing(f"{ssl.OPENSSL_VERSION} has no TLS 1.2")
    return f"{ssl.OPENSSL_VERSION}, trust store of the system, verify {context.verify_mode.name}"


async def _data(profile: Profile) -> str:
    """The profile's folder can be made and written."""

    def write() -> str:
        try:
            profile.prepare()
            with tempfile.NamedTemporaryFile(dir=profile.folder) as probe:
                probe.write(b"x")
        except OSError as error:
            raise Missing(f"{profile.folder}: {error.strerror}") from error
        return str(profile.folder)

    return await asyncio.to_thread(write)
