"""`python -m service serve …` and `python -m service admin …`."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from service.admin import add_user, list_users, lock_user, set_password
from service.config import DATABASE, Config, ConfigError, read_config
from service.domain.errors import ServiceError
from service.serve import serve
from service_api.states import AccountRole

LEVELS = ("debug", "info", "warning", "error")
QUIET = ("alembic", "uvicorn", "aiosqlite", "sqlalchemy", "websockets")
"""Libraries that would log whole addresses or nothing of use."""

OVERRIDES = ("listen", "tls_certificate", "tls_key", "public_url")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m service", description="The company service.")
    commands = top.add_subparsers(dest="command", required=True)
    _serve_options(commands.add_parser("serve", help="run the service"))
    admin = commands.add_parser("admin", help="look after its data").add_subparsers(
        dest="admin_command", required=True
    )
    _add_user_options(admin.add_parser("add-user", help="an account for somebody who signs in"))
    _password_options(
        _phone_option(admin.add_parser("set-password", help="another password; signs every device out"))
    )
    _phone_option(admin.add_parser("lock-user", help="sign out everywhere and for good, until set-password"))
    _data_option(admin.add_parser("list-users", help="number, role, signed-in devices and name, a line each"))
    return top


def _serve_options(serving: argparse.ArgumentParser) -> None:
    _data_option(serving)
    serving.add_argument("--listen", metavar="HOST:PORT", help="where; 127.0.0.1:8443 where nothing is said")
    serving.add_argument("--tls-cert", dest="tls_certificate", metavar="FILE", help="certificate chain (PEM)")
    serving.add_argument("--tls-key", metavar="FILE", help="its key (PEM)")
    serving.add_argument(
        "--public-url", metavar="URL", help="where people reach it, if that is not where it listens"
    )
    serving.add_argument("--log-level", choices=LEVELS, default="info")


def _add_user_options(adding: argparse.ArgumentParser) -> None:
    _password_options(_phone_option(adding))
    adding.add_argument("--role", required=True, choices=[role.value for role in AccountRole])
    adding.add_argument("--name", default="", help="as others see it; the number where nothing is said")


def _phone_option(command: argparse.ArgumentParser) -> argparse.ArgumentParser:
    _data_option(command)
    command.add_argument("--phone", required=True, metavar="NUMBER", help="what the person signs in with")
    return command


def _password_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--password-stdin", required=True, action="store_true", help="the password is the first line of stdin"
    )


def _data_option(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--data", required=True, type=Path, metavar="DIR", help=f"folder of {DATABASE} and service.toml"
    )


def main(arguments: list[str] | None = None) -> int:
    """0 when all went well, 1 with a sentence on standard error, 2 for a command line nobody knows."""
    options = parser().parse_args(arguments)
    os.umask(0o077)
    try:
        if options.command == "serve":
            return _serve(options)
        return _administer(options)
    except (ConfigError, ServiceError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


def _serve(options: argparse.Namespace) -> int:
    logging.basicConfig(
        level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    for library in QUIET:
        logging.getLogger(library).setLevel(logging.WARNING)
    given = {name: getattr(options, name) for name in OVERRIDES}
    paths = {
        name: str(Path(given[name]).absolute()) for name in ("tls_certificate", "tls_key") if given[name]
    }
    overrides = {name: value for name, value in given.items() if value} | paths
    return serve(read_config(options.data, overrides))


def _administer(options: argparse.Namespace) -> int:
    print(asyncio.run(_done(options, read_config(options.data, {}))))  # noqa: T201
    return 0


async def _done(options: argparse.Namespace, config: Config) -> str:
    """Do what was asked for; what there is to say of it."""
    match options.admin_command:
        case "add-user":
            role = AccountRole(options.role)
            number = await add_user(config, options.phone, role, options.name, _password())
            return f"{number} can sign in as {role}."
        case "set-password":
            number = await set_password(config, options.phone, _password())
            return f"{number} has to sign in with the new password, on every device."
        case "lock-user":
            number = await lock_user(config, options.phone)
            return f"{number} is signed out everywhere and can't sign in."
        case _:
            return "\n".join(await list_users(config))


def _password() -> str:
    return sys.stdin.readline().rstrip("\r\n")


if __name__ == "__main__":
    sys.exit(main())
