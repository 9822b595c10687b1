"""The description of the API for programs, and for people with Swagger's page, from our own files alone."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


@cache
def description() -> dict[str, Any]:
    """The same for everybody, and made once."""
    described: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return described


@cache
def _written() -> bytes:
    written: bytes = JSONRenderer().render(description())
    return written


class DescriptionView(APIView):
    """OpenAPI 3.1."""

    schema = None
    http_method_names = ["get", "head"]

    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(_written(), content_type="application/json")


class SwaggerView(SpectacularSwaggerSplitView):
    """The description to read and to try; the site's policy lets no inline style or script through."""

    http_method_names = ["get", "head"]
    renderer_classes = [TemplateHTMLRenderer]
    template_name = "api/swagger.html"
    url_name = "api:description"
    permission_classes = [IsAuthenticated]

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if answer.exception:
            # What went wrong is a problem here too, and no page.
            answer.accepted_renderer = JSONRenderer()
        return answer
