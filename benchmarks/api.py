"""How fast the API tells a page of entries, beside a plain list of DRF's over the same table.

    DATABASE_URL=… python benchmarks/api.py [--user olga] [--rounds 5] [--requests 100] [--json]

Both answer the newest 50 entries through the whole stack of middleware, in this process, in turns. Ours narrows them to
what its reader may see, tells people by role and number, and pages by key. The plain one is a `ModelSerializer` of all
columns behind the same authentication, with DRF's own page numbers, which count. Figures are medians over the rounds.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up

# isort: split
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import path
from rest_framework.generics import ListAPIView
from rest_framework.pagination import PageNumberPagination
from rest_framework.serializers import ModelSerializer

from audit.models import Entry
from labelop.urls import urlpatterns as ours
from roles.models import User

SIZE = 50


class PlainEntry(ModelSerializer):
    class Meta:
        model = Entry
        fields = "__all__"


class PlainPages(PageNumberPagination):
    page_size = SIZE


class PlainEntries(ListAPIView):
    queryset = Entry.objects.order_by("-id")
    serializer_class = PlainEntry
    pagination_class = PlainPages
    throttle_classes = ()


urlpatterns = [path("api/plain/", PlainEntries.as_view()), *ours]
ADDRESSES = {"ours": f"/api/v1/entries/?limit={SIZE}", "plain": "/api/plain/"}


def seconds_of(client: Client, address: str, requests: int) -> list[float]:
    """How long each of some requests took."""
    taken = []
    for _ in range(requests):
        started = time.perf_counter()
        answer = client.get(address)
        taken.append(time.perf_counter() - started)
        if answer.status_code != 200 or len(answer.json()["results"]) != SIZE:
            raise SystemExit(f"{address} answered {answer.status_code} and no full page.")
    return taken


def figures(client: Client, rounds: int, requests: int) -> dict[str, Any]:
    """Requests a second and the 99th percentile of each, medians over the rounds after one that warms up."""
    measured: dict[str, list[list[float]]] = {name: [] for name in ADDRESSES}
    for _ in range(rounds + 1):
        for name, address in ADDRESSES.items():
            measured[name].append(seconds_of(client, address, requests))
    return {
        name: {
            "requests_per_second": round(statistics.median(requests / sum(taken) for taken in each[1:]), 1),
            "p99_ms": round(1000 * statistics.median(statistics.quantiles(taken, n=100)[98] for taken in each[1:]), 1),
        }
        for name, each in measured.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--user", default="olga")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)
    rest = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"read": None, "write": None}}
    with override_settings(ROOT_URLCONF="benchmarks.api", ALLOWED_HOSTS=["testserver"], REST_FRAMEWORK=rest):
        client = Client()
        client.force_login(User.objects.get(username=asked.user))
        told = {"entries": Entry.objects.count(), **figures(client, asked.rounds, asked.requests)}
    measure.report("A page of entries", told, as_json=asked.json)


if __name__ == "__main__":
    main()
