"""Passwords: argon2id, the same work for everybody, and a bounded number at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Literal

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from service.adapters.passwords import Argon2Passwords


class Watched(PasswordHasher):
    """Notes what was compared with what parameters, and how many at once."""

    def __init__(self) -> None:
        super().__init__(time_cost=1, memory_cost=64, parallelism=1)
        self.compared: list[tuple[int, int, int, Type]] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self.gate = threading.Event()
        self.gate.set()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:
        found = extract_parameters(str(hash))
        with self._lock:
            self.compared.append((found.time_cost, found.memory_cost, found.parallelism, found.type))
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self.gate.wait(5)
            return super().verify(hash, password)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture
def hasher() -> Watched:
    return Watched()


@pytest.fixture
def passwords(hasher: Watched) -> Iterator[Argon2Passwords]:
    made = Argon2Passwords(hasher)
    yield made
    made.close()


async def test_what_is_kept_verifies_and_says_nothing(passwords: Argon2Passwords) -> None:
    kept = await passwords.hash("geheim 42 ä")
    assert kept.startswith("$argon2id$")
    assert "geheim" not in kept
    assert kept != await passwords.hash("geheim 42 ä")
    assert await passwords.verify(kept, "geheim 42 ä")
    assert not await passwords.verify(kept, "geheim 42 a")
    assert not await passwords.verify("damaged", "geheim 42 ä")


async def test_nobody_costs_what_somebody_costs(passwords: Argon2Passwords, hasher: Watched) -> None:
    kept = await passwords.hash("right")
    assert not await passwords.verify(None, "nobody has this password")
    assert not await passwords.verify(kept, "wrong")
    nobody, somebody = hasher.compared
    assert nobody == somebody


async def test_only_a_few_at_once(passwords: Argon2Passwords, hasher: Watched) -> None:
    kept = await passwords.hash("right")
    hasher.gate.clear()
    asking = [asyncio.create_task(passwords.verify(kept, "right")) for _ in range(8)]
    while len(hasher.compared) < 2:
        await asyncio.sleep(0)
    hasher.gate.set()
    assert all(await asyncio.gather(*asking))
    assert hasher.most == 2


def test_the_parameters_are_those_of_rfc_9106() -> None:
    made = Argon2Passwords()
    kept = extract_parameters(made._hasher.hash("x"))
    made.close()
    assert (kept.type, kept.time_cost, kept.memory_cost, kept.parallelism) == (Type.ID, 3, 65536, 4)
