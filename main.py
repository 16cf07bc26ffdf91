"""Softphone: argv → windows, `--headless`, `ctl`, `demo`, `selftest`."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from softphone.profile import Profile, default_folder
from softphone.runtime.leaving import leave

EXIT_ERROR, EXIT_USAGE = 1, 2
ONE_ALGEBRA_THREAD = ("OPENBLAS_NUM_THREADS", "1")
"""numpy's OpenBLAS otherwise starts a thread for each core, which spin beside the start and beside each
larger product: time that speech needs, for vectors that one thread is done with sooner."""


def parser() -> argparse.ArgumentParser:
    """The command line; what follows `ctl` and `demo` is read by them."""
    top = argparse.ArgumentParser(prog="softphone", description="A phone on your desktop.")
    top.add_argument("--profile", type=Path, default=default_folder(), help="folder of one person's state")
    top.add_argument("--headless", action="store_true", help="run without windows")
    top.add_argument("--server", default="", help="sign in at this server at the start")
    top.add_argument("--user", default="", help="phone number to sign in with")
    top.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
    top.add_argument("--transport", choices=("auto", "udp", "tcp", "tls"), default="auto")
    top.add_argument("--ca-file", default="", help="certificates to trust besides the system's")
    top.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="overrides")
    top.add_argument(
        "what", nargs="?", default="", help="ctl, demo, selftest, a tel: or sip: address, or a meeting link"
    )
    top.add_argument("rest", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run what the command line asks for and return the exit code."""
    options = parser().parse_args(argv)
    if options.what == "ctl":
        from softphone.control import cli

        return cli.main(options.rest, options.profile)
    if options.what == "demo":
        from demo import tour

        return tour.main(options.rest)
    if options.what == "selftest":
        from softphone import selftest

        return selftest.main(options.rest, options.profile, _qt_platform)
    return run(options)


def _qt_platform() -> str:
    from ui import platform_check

    return platform_check.qt_platform()


def run(options: argparse.Namespace) -> int:
    """The program itself, unless it runs already: then the other one is told."""
    from softphone.runtime.collector import wait_until_it_stands

    wait_until_it_stands()
    os.environ.setdefault(*ONE_ALGEBRA_THREAD)
    from softphone.control import handover
    from softphone.domain.errors import BadSetting
    from softphone.runtime.instance_lock import InstanceLock
    from softphone.runtime.logs import write_logs

    profile = Profile(options.profile.absolute())
    try:
        profile.prepare()
        lock = InstanceLock(profile.lock)
        if not lock.take():
            return handover.hand_over(profile.folder, options.what)
    except OSError as error:
        return _complain(f"{profile.folder}: {error.strerror}")
    write_logs(profile.log)
    try:
        return _start(options, profile)
    except BadSetting as error:
        return _complain(str(error), EXIT_USAGE)
    finally:
        lock.release()


def _start(options: argparse.Namespace, profile: Profile) -> int:
    from softphone.assemble import Options, build

    application = build(
        Options(
            profile=profile.folder,
            headless=options.headless,
            server=options.server,
            user=options.user,
            password=sys.stdin.readline().rstrip("\r\n") if options.password_stdin else "",
            transport=options.transport,
            ca_file=str(Path(options.ca_file).absolute()) if options.ca_file else "",
            overrides=_overrides(options.overrides),
            target=options.what,
        )
    )
    if options.headless:
        from softphone import headless

        return headless.run(application)
    from ui import app

    return app.run(application, application.options)


def _overrides(pairs: Sequence[str]) -> dict[str, str]:
    """`KEY=VALUE` pairs; one without `=` is an empty value, which the settings then judge."""
    return {key: value for key, _, value in (pair.partition("=") for pair in pairs)}


def _complain(text: str, code: int = EXIT_ERROR) -> int:
    with contextlib.suppress(OSError, AttributeError):
        sys.stderr.write(text + "\n")
    return code


if __name__ == "__main__":
    leave(main())
