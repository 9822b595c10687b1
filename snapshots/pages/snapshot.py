from __future__ import annotations

from django.http import HttpRequest, HttpResponse


def snapshot(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    return HttpResponse("soon")
