"""Whether an unknown number can be told from a wrong password by the time its refusal takes.

Both are asked of the service's own sign-in, with real argon2id and a real file, one after the other, each
from a network of its own so that no limit is met. Beside it, what a service does that looks for the number
first and hashes nothing where it finds none.

    python -m benchmarks.sign_in [--runs 40]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from service.adapters.passwords import Argon2Passwords
from service.domain.errors import SignInRefusedError
from service_api.devices import DeviceSignIn
from tests.doubles.service_bench import OTHER, Bench, bench

KNOWN, UNKNOWN = "0401234567", "0409999999"

Ask = Callable[[str, str], Awaitable[None]]


async def ours(made: Bench, number: str, network: str) -> None:
    """The service's own way."""
    with suppress(SignInRefusedError):
        await made.sign_in.sign_in(DeviceSignIn(number, "wrong", "PC", OTHER), network)


async def naive(made: Bench, passwords: Argon2Passwords, number: str, kept: str) -> None:
    """Nothing to compare with, nothing compared."""
    async with made.store.read() as tables:
        found = await tables.accounts.of_number("+358" + number[1:])
    if found is not None:
        await passwords.verify(kept, "wrong")


async def measured(runs: int, ask: Ask) -> dict[str, list[float]]:
    """Milliseconds by number, taken in turns."""
    taken: dict[str, list[float]] = {KNOWN: [], UNKNOWN: []}
    for run in range(runs):
        for number in (KNOWN, UNKNOWN):
            begun = time.perf_counter()
            await ask(number, f"192.0.2.{run}")
            taken[number].append((time.perf_counter() - begun) * 1000)
    return taken


def told(name: str, taken: dict[str, list[float]]) -> None:
    """One line: medians and how far single answers lie apart."""
    middle = {number: statistics.median(times) for number, times in taken.items()}
    spread = statistics.median(abs(one - middle[KNOWN]) for one in taken[KNOWN])
    print(
        f"{name}: wrong password {middle[KNOWN]:.1f} ms, unknown number {middle[UNKNOWN]:.1f} ms; "
        f"one answer lies {spread:.1f} ms from the middle"
    )


async def compare(runs: int) -> None:
    """Both ways, on one file."""
    passwords = Argon2Passwords()
    with tempfile.TemporaryDirectory() as folder:
        async with bench(Path(folder), passwords) as made:
            account = await made.add_account()
            told("the service", await measured(runs, lambda number, network: ours(made, number, network)))
            plain = await measured(runs, lambda number, _: naive(made, passwords, number, account.password))
            told("number first", plain)
    passwords.close()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=40, help="of each kind")
    asyncio.run(compare(parser.parse_args().runs))


if __name__ == "__main__":
    main()
