"""What each page takes on a trail of each length, and how many times the shortest one's that is.

    DATABASE_URL=postgres://… python benchmarks/pages.py bench_10k bench_10m [--rounds 15] [--only trail] [--json]

The databases are those that `benchmarks/load.py` filled, the shortest first. Every page is asked for in this process,
by the whole stack of middleware, view and template, in turn from each database, so that what else the machine does
meets all alike. Figures are medians of the rounds after two that warm up, beside the CPU that this process and the
database's backend spent on one; `ratio` is that of the medians, `cpu_ratio` that of the CPU, which a busy machine
disturbs least.
"""

from __future__ import annotations

import argparse
import logging
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up

# isort: split
from django.conf import settings
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from audit.history import versions_of
from audit.models import Entry
from benchmarks.load import NEEDLE
from benchmarks.places import LARGE, QUIET
from labelop.models import Annotation, Assignment, Item
from roles.models import User
from snapshots.models import LogReview, Snapshot

WARM_UP = 2
# A typical item is one of these before and after the middle, with so many entries about its marks.
AROUND, ACTS_ON_ONE, VERSIONS_OF_ONE = 40, 27, 3
# The admin's own lists, by their models.
LISTS = (
    *("labelop_project", "labelop_labelclass", "labelop_item", "labelop_annotation", "labelop_assignment"),
    *("labelop_review", "roles_membership", "roles_anomaly", "snapshots_snapshot", "snapshots_logreview"),
)
QUESTIONS = {
    "default": "",
    "everything": "?q=",
    "impact": "?q=impact:high",
    "medium": "?q=impact:medium+-event:review.decided",
    "event": "?q=event:class.redefined",
    "theme": "?q=theme:schema",
    "role": "?q=role:owner",
    "actor": '?q=actor:"Annotator 4"',
    "channel": "?q=channel:admin",
    "text, frequent": "?q=weekly",
    "text, rare": f'?q="{NEEDLE}"',
    "text, nowhere": "?q=zzzyzx",
    "text, of high impact": "?q=impact:high+zzzyzx",
    "object, recent": "?q=object:{recent}",
    "object, long ago": "?q=object:{ancient}",
    "object, beginning": "?q=object:{beginning}*",
    "object, nowhere": "?q=object:zzzyzx",
    "one day, long ago": "?q=created:{day}",
    "one day, of high impact": "?q=created:{day}+impact:high",
    "until long ago": "?q=created:<={day}+impact:high",
    "operation": "?q=operation:{operation}",
    "nothing fits": "?q=role:reviewer+event:annotation.saved",
    "page in the middle": "?q=&before={middle}",
    "chapter": "?q=&chapter=3",
}


def pages() -> dict[str, tuple[str, str]]:
    """Who opens what, by the name of the page; what stands in braces is of each database."""
    project = f"/projects/{LARGE}/"
    found = {
        "index": ("olga", "/"),
        "project": ("olga", project),
        "snapshot, the latest": ("olga", f"{project}snapshots/7/"),
        "snapshot, after a long chapter": ("olga", f"{project}snapshots/3/"),
        "snapshot, any impact": ("olga", f"{project}snapshots/3/?impact=routine"),
        "item with most versions": ("olga", f"{project}items/{LARGE}-000000/"),
        "item": ("olga", f"{project}items/{{typical}}/"),
        "item, annotator's": ("ana", f"{project}items/{{own}}/"),
        "history of a mark": ("olga", "/labelop/annotation/{mark}/history/"),
        "entry": ("olga", "/audit/entry/{entry}/change/"),
        "quality": ("olga", f"{project}quality/"),
        "access": ("olga", f"{project}access/"),
        "access, at a day": ("olga", f"{project}access/?at={{day}}"),
        "log review of the whole trail": ("olga", f"{project}log-reviews/{{whole}}/"),
        "log review of a chapter": ("olga", f"{project}log-reviews/{{chapter}}/"),
    }
    for name, question in QUESTIONS.items():
        found[f"trail: {name}"] = ("olga", f"{project}trail/{question}")
    for name in ("default", "everything", "text, nowhere", "object, long ago", "role"):
        found[f"trail of all: {name}"] = ("olga", f"/trail/{QUESTIONS[name]}")
    found["trail of all: superuser"] = ("root", "/trail/?q=")
    found["trail, quiet project"] = ("olga", f"/projects/{QUIET}/trail/?q=")
    found["trail, annotator: default"] = ("ana", f"{project}trail/")
    found["trail, annotator: text"] = ("ana", f"{project}trail/?q=zzzyzx")
    for name in LISTS:
        found[f"list: {name}"] = ("olga", reverse(f"admin:{name}_changelist"))
    return found


def facts() -> dict[str, Any]:
    """What the addresses of this database hold."""
    of_project = Entry.objects.filter(project__slug=LARGE)
    needle = of_project.get(reason=NEEDLE)
    last = of_project.latest("id").pk
    middle = of_project.filter(pk__lte=(needle.pk + last) // 2, event="review.decided")[0]
    recent = of_project.filter(event="annotation.saved").latest("id")
    typical = _typical_item()
    reviews = dict(LogReview.objects.values_list("title", "pk"))
    return {
        "day": f"{needle.at:%Y-%m-%d}",
        "ancient": needle.subject_name,
        "recent": recent.subject_name,
        "beginning": needle.subject_name[:-1],
        "operation": middle.operation,
        "middle": middle.pk,
        "entry": middle.pk,
        "typical": typical.key,
        "own": Assignment.objects.filter(project__slug=LARGE, annotator__username="ana").latest("pk").item.key,
        "mark": min(typical.annotations.order_by("pk"), key=lambda mark: abs(_versions_of(mark) - VERSIONS_OF_ONE)).pk,
        "whole": reviews["The whole trail"],
        "chapter": reviews["The latest chapter"],
        "entries": Entry.objects.count(),
        "snapshots": Snapshot.objects.count(),
    }


def _typical_item() -> Item:
    """One of which a page tells as much at every length."""
    items = Item.objects.filter(project__slug=LARGE).order_by("key")
    # What is done to an item gets rarer with its number; in the middle of them it is much the same at every length.
    middle = items.count() // 2
    return min(items[middle - AROUND : middle + AROUND], key=lambda item: (abs(_acts_on(item) - ACTS_ON_ONE), item.key))


def _acts_on(item: Item) -> int:
    marks = list(item.annotations.values_list("pk", flat=True))
    return Entry.objects.filter(subject_type=Annotation._meta.label_lower, subject_id__in=marks).count()


def _versions_of(mark: Annotation) -> int:
    return versions_of(Annotation)._default_manager.filter(id=mark.pk).count()


class Base:
    """One database with a connection of its own, and a client for each viewer."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.connection = connections.create_connection("default")
        self.connection.settings_dict = {**self.connection.settings_dict, "NAME": name}
        self.clients: dict[str, Client] = {}
        with self.in_use():
            self.facts = facts()
            for username in ("olga", "ana", "root"):
                self.clients[username] = Client()
                self.clients[username].force_login(User.objects.get(username=username))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        connections["default"] = self.connection
        yield

    def opened(self, viewer: str, address: str) -> Opening:
        queries: list[float] = []

        def timed(execute: Callable[..., Any], *of_query: Any) -> Any:
            began = time.perf_counter()
            try:
                return execute(*of_query)
            finally:
                queries.append(time.perf_counter() - began)

        address = quote(address.format(**self.facts), safe="/?&=:+*")
        with self.in_use(), connection.execute_wrapper(timed):
            began, cpu = time.perf_counter(), time.process_time()
            answer = self.clients[viewer].get(address)
            opening = Opening(time.perf_counter() - began, time.process_time() - cpu, len(queries), sum(queries))
        if answer.status_code != 200:
            raise SystemExit(f"{address} in {self.name}: {answer.status_code}")
        return opening


@dataclass(frozen=True)
class Opening:
    """Seconds by the wall and of this process, how many queries, and the seconds that they took."""

    wall: float
    cpu: float
    queries: int
    in_queries: float


def measured(bases: list[Base], viewer: str, address: str, rounds: int) -> dict[str, dict[str, Any]]:
    for _ in range(WARM_UP):
        for base in bases:
            base.opened(viewer, address)
    at_first = [measure.backend_seconds(base.connection) for base in bases]
    found: list[list[Opening]] = [[] for _ in bases]
    for _ in range(rounds):
        for base, openings in zip(bases, found, strict=True):
            openings.append(base.opened(viewer, address))
    told = {}
    for base, openings, began in zip(bases, found, at_first, strict=True):
        backend = (measure.backend_seconds(base.connection) - began) / rounds
        told[base.name] = {
            "queries": openings[-1].queries,
            "ms": _ms(statistics.median(one.wall for one in openings)),
            "ms_in_queries": _ms(statistics.median(one.in_queries for one in openings)),
            "cpu_ms": _ms(statistics.median(one.cpu for one in openings) + backend),
        }
    first = told[bases[0].name]
    for one in told.values():
        one["ratio"] = round(one["ms"] / first["ms"], 2)
        one["cpu_ratio"] = round(one["cpu_ms"] / first["cpu_ms"], 2)
    return told


def _ms(seconds: float) -> float:
    return round(seconds * 1e3, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("databases", nargs="+", help="filled databases, the shortest trail first")
    parser.add_argument("--rounds", type=int, default=15, help="rounds that count")
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    settings.ALLOWED_HOSTS = ["testserver"]
    logging.disable()
    bases = [Base(name) for name in options.databases]
    figures: dict[str, Any] = {"entries": {base.name: base.facts["entries"] for base in bases}}
    for name, (viewer, address) in pages().items():
        if options.only in name:
            figures[name] = measured(bases, viewer, address, options.rounds)
            print(_told(name, figures[name]), file=sys.stderr, flush=True)
    measure.report("Pages on trails of different length", figures, as_json=options.json)


def _told(name: str, of_bases: dict[str, Any]) -> str:
    told = "{queries:3d} q {ms:8.1f} ms ×{ratio:5.2f}, CPU {cpu_ms:7.1f} ms ×{cpu_ratio:5.2f}"
    return f"{name:34} " + " │ ".join(told.format(**one) for one in of_bases.values())


if __name__ == "__main__":
    main()
