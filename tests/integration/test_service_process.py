"""`python -m service` as an administrator runs it: start, end, refusals, and nothing lost by a crash."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.service import LabService

pytestmark = pytest.mark.peer

PHONE, PASSWORD = "0401234567", "Kettle-Harbour-96"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[LabService]:
    found = LabService(tmp_path)
    found.add_user(PHONE, PASSWORD, name="Anna Ek")
    found.start()
    yield found
    found.stop()


def test_it_ends_as_it_is_told(service: LabService) -> None:
    host = service.sign_in(PHONE, PASSWORD)
    made = service.make_appointment(host, ["Bo Ek"])
    assert made.links[0].link.startswith(service.url + "/m#")
    assert service.stop() == 0
