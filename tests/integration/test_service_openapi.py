"""The service against its own OpenAPI document: requests made from it, answers held to it, none a fault.

Requests come from hypothesis by way of schemathesis, as the host of an appointment and as nobody.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck
from hypothesis.errors import Unsatisfiable
from hypothesis.strategies import SearchStrategy
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.schemas import BaseSchema as OpenApiSchema
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.lab.service import Employee, LabService, SignedIn, lab_service

pytestmark = [pytest.mark.peer, pytest.mark.slow]

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
    ignored_auth,
]
PHONE, PASSWORD = "0401234567", "Kettle-Harbour-96"
QUICK = hypothesis.settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabService]:
    with lab_service(tmp_path_factory.mktemp("openapi") / "service", Employee(PHONE, PASSWORD)) as running:
        yield running


@pytest.fixture(scope="module")
def host(service: LabService) -> SignedIn:
    return service.sign_in(PHONE, PASSWORD)


@pytest.fixture(scope="module")
def document(service: LabService, host: SignedIn) -> OpenApiSchema:
    """With ids that exist among the examples, so that requests get behind the first door."""
    told = service.client.get("/api/v1/openapi.json").json()
    made = service.make_appointment(host, ["Bo Ek"]).appointment
    ids = {"appointment_id": made.id, "participant_id": made.participants[0].id}
    for path in told["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in ids:
                    parameter["schema"] = {"type": "string", "enum": [ids[parameter["name"]], "x"]}
    return schemathesis.openapi.from_dict(told)


@pytest.mark.parametrize("mode", GenerationMode)
@pytest.mark.parametrize("signed_in", [True, False], ids=["host", "nobody"])
def test_every_operation_keeps_to_the_document(
    document: OpenApiSchema, service: LabService, host: SignedIn, mode: GenerationMode, signed_in: bool
) -> None:
    tried = []
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        tried.append(operation.label)
        try:
            strategy = operation.as_strategy(generation_mode=mode)
            _hold(strategy, service, host.headers if signed_in else {})
        except Unsatisfiable:  # nothing in this operation can be wrong
            assert mode is GenerationMode.NEGATIVE
    assert len(tried) >= 14
    assert "Traceback" not in service.log


def _hold(strategy: SearchStrategy[Any], service: LabService, headers: dict[str, str]) -> None:
    @QUICK
    @hypothesis.given(strategy)
    def one(case: Any) -> None:
        case.call_and_validate(
            base_url=service.url, verify=service.ca_file, headers=headers, checks=CHECKS, timeout=20
        )

    one()
