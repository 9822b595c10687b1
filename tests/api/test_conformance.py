"""The description held against what is answered: requests made up from it, good ones and bad ones.

A longer run by hand, against a server: `st run http://…/api/v1/schema/ -H "Authorization: Bearer …"`, see docs/api.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from drf_spectacular import validation
from drf_spectacular.drainage import GENERATOR_STATS
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator
from jsonschema_specifications import REGISTRY
from referencing.jsonschema import DRAFT202012
from rest_framework.renderers import JSONRenderer
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from roles.api.description import description
from tests.access.stage import Stage, set_the_access_stage
from tests.access.test_matrix import nothing_logged

from .asking import V1, token_for
from .doors import ROWS

# Made-up requests for each endpoint, from one seed: enough to meet every field, and over in a minute.
GOOD, BAD = 2, 2
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
)


def test_the_description_is_openapi_3_1_and_names_everything_once() -> None:
    schema = description()
    assert _wrong_by_openapi(schema) == []
    assert schema["openapi"].startswith("3.1")
    assert not GENERATOR_STATS, "nothing had to be guessed"
    names = [operation["operationId"] for path in schema["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


def _wrong_by_openapi(schema: dict[str, Any]) -> list[str]:
    """What drf-spectacular's `validate_schema` would raise; its references are gathered once, not for each of them."""
    openapi = json.loads(Path(validation.__file__).with_name("openapi_3_1_schema.json").read_text())
    references = REGISTRY.with_resource(openapi["$id"], DRAFT202012.create_resource(openapi)).crawl()
    described = json.loads(JSONRenderer().render(schema))
    return [error.message for error in Draft202012Validator(openapi, registry=references).iter_errors(described)]


@pytest.mark.stage(set_by=set_the_access_stage)
def test_what_is_answered_is_what_is_described(standing: Stage) -> None:
    """Takes most of a minute: some hundreds of requests to every endpoint there is."""
    headers = {"Authorization": f"Bearer {token_for(standing.people['olga'])}"}
    api = schemathesis.openapi.from_dict(deepcopy(description()))
    api.app = _to_its_end(get_wsgi_application())
    with nothing_logged(), _one_connection():
        for operation in _operations(api):
            _try(operation, GenerationMode.POSITIVE, GOOD, headers, standing)
            if operation.method.upper() == "POST":
                _try(operation, GenerationMode.NEGATIVE, BAD, headers, standing)


def _to_its_end(site: Any) -> Any:
    """The site as a server asks it, which closes each answer, and with it what was sent."""

    def answered(environ: Any, start_response: Any) -> list[bytes]:
        with closing(site(environ, start_response)) as answer:
            return list(answer)

    return answered


@contextmanager
def _one_connection() -> Iterator[None]:
    """Let requests end without closing the connection on which the test has its transaction."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


def _operations(api: Any) -> Iterator[Any]:
    for found in api.get_all_operations():
        yield found.ok()


def _try(operation: Any, mode: GenerationMode, many: int, headers: dict[str, str], stage: Stage) -> None:
    @hypothesis.seed(7)
    @settings(
        max_examples=many,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        _at_a_row(case, stage)
        with transaction.atomic():
            answer = case.call(headers=headers)
            transaction.set_rollback(True)
        more = (negative_data_rejection,) if mode is GenerationMode.NEGATIVE else ()
        case.validate_response(answer, checks=[*CHECKS, *more])

    one()


def _at_a_row(case: Any, stage: Stage) -> None:
    """Ask at a row that is there: made-up ids find nothing."""
    noun = re.sub(rf"^{V1}", "", case.operation.path).split("/")[0]
    if "slug" in (case.path_parameters or {}):
        case.path_parameters["slug"] = stage.birds.project.slug
    if "row" in (case.path_parameters or {}):
        found = stage.birds.rows[ROWS[noun]].pk if noun in ROWS else stage.people["ana"].pk
        case.path_parameters["row"] = stage.birds.project.slug if noun == "projects" else found
