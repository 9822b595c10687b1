"""The description of the API for programs, and for people with Swagger's page, from our own files alone."""

from __future__ import annotations

from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import TemplateHTMLRenderer


class DescriptionView(SpectacularJSONAPIView):
    """OpenAPI 3.1."""


class SwaggerView(SpectacularSwaggerSplitView):
    """The description to read and to try; our page's policy lets no inline style or script through."""

    renderer_classes = [TemplateHTMLRenderer]
    template_name = "api/swagger.html"
    url_name = "api:description"
