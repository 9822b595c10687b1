"""The description of the API (OpenAPI 3.1): what each view says of itself, and nothing guessed."""

from __future__ import annotations

import types
import typing
from http import HTTPStatus
from typing import Any, get_args, get_origin, get_type_hints

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ResolvedComponent
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework.serializers import Serializer

from .answers import Answers, example_of
from .described import ACTING, ALWAYS, READING, Described, Page
from .problems import CONTENT_TYPE, PROBLEM

PLAIN: dict[Any, dict[str, Any]] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}


class ApiSchema(AutoSchema):
    """Asks each view for its `Described`."""

    @property
    def described(self) -> Described:
        described: Described = self.view.described(self.method)
        return described

    def get_operation_id(self) -> str:
        return self.described.name

    def get_tags(self) -> list[str]:
        return [self.view.tag]

    def get_summary(self) -> str:
        return self.described.summary

    def get_description(self) -> str:
        return self.described.about

    def get_auth(self) -> list[dict[str, list[str]]]:
        return [{"token": []}, {"session": []}]

    def get_filter_backends(self) -> list[Any]:
        return []

    def get_override_parameters(self) -> list[Any]:
        asked = [
            OpenApiParameter(
                name,
                {"type": "array", "items": dict(known.schema)} if known.many else dict(known.schema),
                description=known.about,
                required=known.required,
            )
            for name, known in (self.view.known_parameters().items() if self.method == "GET" else ())
        ]
        headers = [
            OpenApiParameter(name, str, OpenApiParameter.HEADER, description=about)
            for name, about in self.described.headers.items()
        ]
        return [*asked, *headers]

    def get_request_serializer(self) -> Any:
        return self.described.request

    def get_examples(self) -> list[Any]:
        if self.described.request is None:
            return []
        return [OpenApiExample("Answers", value=example_of(self.described.request), request_only=True)]

    def get_response_serializers(self) -> dict[Any, Any]:
        described = self.described
        answers: dict[Any, Any] = {(described.status.value, self._media_type()): self._good(described.answer)}
        wrong = [*READING, *ALWAYS, *(ACTING if self.method == "POST" else ()), *described.also]
        for status in sorted(wrong):
            answers[status.value, CONTENT_TYPE] = OpenApiResponse(self._problem(), description=status.phrase)
        if "If-None-Match" in described.headers:
            answers[HTTPStatus.NOT_MODIFIED.value] = OpenApiResponse(None, description="As it was.")
        return answers

    def _map_serializer(self, serializer: Any, direction: str, bypass_extensions: bool = False) -> Any:
        schema = super()._map_serializer(serializer, direction, bypass_extensions)
        # What an act is told has no field that it does not know.
        return {**schema, "additionalProperties": False} if isinstance(serializer, Answers) else schema

    def _media_type(self) -> str:
        answer = self.described.answer
        return answer if isinstance(answer, str) else "application/json"

    def _good(self, answer: Any) -> Any:
        if isinstance(answer, str):
            return OpenApiResponse({"type": "string"}, description="A file, or a stream of lines.")
        if isinstance(answer, Page):
            row = self.resolve_serializer(answer.serializer, "response").ref
            return OpenApiResponse(_page_of(row), description="Newest first.")
        if self.described.beside is not None:
            parts = [self.resolve_serializer(answer, "response").ref, self._typed(self.described.beside)]
            return OpenApiResponse({"allOf": parts}, description="Done.")
        if isinstance(answer, type) and issubclass(answer, Serializer):
            return OpenApiResponse(answer, description="Done." if self.method == "POST" else "Found.")
        return OpenApiResponse(self._typed(answer), description="Told.")

    def _problem(self) -> dict[str, Any]:
        return self._component("Problem", PROBLEM)

    def _typed(self, hint: Any) -> dict[str, Any]:
        """The schema of what a type says."""
        if hint in PLAIN:
            return dict(PLAIN[hint])
        if typing.is_typeddict(hint):
            fields = get_type_hints(hint)
            properties = {name: self._typed(each) for name, each in fields.items()}
            schema = {"type": "object", "properties": properties, "required": list(fields)}
            return self._component(hint.__name__, schema)
        origin, parts = get_origin(hint), get_args(hint)
        if origin is list:
            return {"type": "array", "items": self._typed(parts[0])}
        if origin is dict:
            return {"type": "object", "additionalProperties": self._typed(parts[1])}
        if origin in (types.UnionType, typing.Union):
            return {"anyOf": [self._typed(part) for part in parts]}
        raise TypeError(f"No schema is known for {hint}.")

    def _component(self, name: str, schema: dict[str, Any]) -> dict[str, Any]:
        component = ResolvedComponent(name=name, type=ResolvedComponent.SCHEMA, schema=schema, object=name)
        self.registry.register_on_missing(component)
        ref: dict[str, Any] = component.ref
        return ref


def _page_of(row: dict[str, Any]) -> dict[str, Any]:
    following = {"type": ["string", "null"], "description": "The address of the next page; null on the last."}
    return {
        "type": "object",
        "properties": {"results": {"type": "array", "items": row}, "next": following},
        "required": ["results", "next"],
    }
