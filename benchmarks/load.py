"""Fill a scratch database with a trail of a given length, so that what grows with it can be seen.

    DATABASE_URL=postgres://… python benchmarks/load.py bench_10m --entries 10000000
    DATABASE_URL=sqlite:///… python benchmarks/load.py bench.sqlite3 --entries 10000

Makes the database (beside that of the environment; one of that name is not touched), three years in 30 projects of
very different size: one holds seven tenths of all entries, many are sparse, one is all but empty. Most entries are
saved annotations, in acts of one entry to some hundred; few are decisions. Which items they are about is skewed, too.
The last half year is the same at every length, and so is a busy day of long ago, so that a page can be held against
itself: it shows as much on every trail. A third of the changes left versions. Cuts of snapshots are true, their hashes
are not computed.

Rows are written past triggers and foreign keys: on PostgreSQL that takes a superuser of the database. Fill nothing
but scratch databases with it. `benchmarks/pages.py` measures what this fills.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import benchmarks.measure as measure  # before any model: it sets Django up

# isort: split
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from audit.acting import operation
from audit.events import BY_CODE, Event
from audit.history import versions_of
from audit.models import Entry
from benchmarks.places import CLASSES, SHARES, Place, staged
from benchmarks.rows import Table, analyze, past_triggers, without_indexes
from labelop.models import Annotation, Assignment, Item, LabelClass, Project, Review
from roles.models import Anomaly, Rule
from snapshots.counts import Tally
from snapshots.log_reviews import checklist_for
from snapshots.models import LogReview, Occasion, Snapshot
from snapshots.services.days import count_days
from snapshots.services.weeks import count_weeks

# As far back as pages draw weeks.
YEARS, LATEST = timedelta(days=3 * 365), timedelta(weeks=27)
RECENT = 5000
CHUNK = 50_000
MARKS_OF_AN_ITEM = 5
# Of all that came before the last half year.
SNAPSHOTS_AT = (0.1, 0.3, 0.5, 0.7, 0.9)
# From the end of the trail: the chapter between the last two is the same at every length.
LATEST_SNAPSHOTS = (1500, 500)
NEEDLE_AT, NEEDLE, ACTS_OF_ITS_DAY = 0.4, "an unrepeatable remark", 200
SIZES = ((0.6, 1, 1), (0.3, 2, 10), (0.09, 11, 100), (0.01, 101, 800))
# fmt: off
ACTS = [
    # how often of a thousand, event, by whom, always one entry, why
    (800, Event.ANNOTATION_SAVED,         "annotator", False, ""),
    (60,  Event.REVIEW_DECIDED,           "reviewer",  True,  ""),
    (30,  Event.WORK_ASSIGNED,            "owner",     True,  ""),
    (25,  Event.ANNOTATION_WITHDRAWN,     "annotator", True,  "Marked twice"),
    (30,  Event.DECISION_CHANGED,         "reviewer",  True,  "Looked at again after a word with the annotator"),
    (15,  Event.WORK_REOPENED,            "owner",     True,  "The guideline for small boats changed"),
    (10,  Event.ACCESS_DENIED,            "annotator", True,  ""),
    (10,  Event.SETTING_CHANGED,          "owner",     True,  "Agreed in the weekly meeting"),
    (10,  Event.ANNOTATIONS_BULK_CHANGED, "owner",     True,  "Wrong class in a whole delivery"),
    (8,   Event.CLASS_REDEFINED,          "owner",     True,  "Hull and mast are told apart now"),
    (2,   Event.CHANGE_UNEXPLAINED,       "",          True,  ""),
]
# fmt: on


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("database", help="a new database: its name on PostgreSQL, its file on SQLite")
    parser.add_argument("--entries", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    measure.make_database(options.database)
    figures: dict[str, Any] = {"entries": options.entries}
    for step, seconds in filled(options.entries, random.Random(options.seed)):
        figures[f"seconds_{step}"] = round(seconds, 1)
        print(f"{step}: {seconds:.1f} s", file=sys.stderr, flush=True)
    measure.report("Filling a trail", figures | {"megabytes": _megabytes()}, as_json=options.json)


def filled(entries: int, chance: random.Random) -> Iterator[tuple[str, float]]:
    """Fill the database step by step; tells each step and how long it took."""
    began = time.perf_counter()
    places = staged(entries)
    yield "stage", time.perf_counter() - began
    began = time.perf_counter()
    with without_indexes(Entry, versions_of(Annotation)), past_triggers():
        _Writer(places, entries, chance).write()
    yield "rows_and_indexes", time.perf_counter() - began
    began = time.perf_counter()
    analyze()
    for place in places:
        count_days(place.project)
        count_weeks(place.project)
    _what_is_kept_beside(places[0])
    analyze()
    yield "days_and_statistics", time.perf_counter() - began


class _Writer:
    """Writes the past of all projects, act by act, in the order in which it happened."""

    def __init__(self, places: list[Place], entries: int, chance: random.Random) -> None:
        self.places, self.wanted, self.chance = places, entries, chance
        # No act of one length has the number of another's: what a process keeps of one is not taken for the other.
        self.numbers = random.Random(entries)
        self.chance_of_the_latest, self.lately = random.Random(chance.random()), False
        self.now = datetime.now(UTC)
        self.begun = self.now - YEARS
        self.at = self.begun
        self.entries = Table(Entry, records=1)
        self.items = Table(Item, data='{"uri":"photo.jpg"}', split="train", metadata="{}", excluded=False)
        self.marks = Table(Annotation, origin="human", edition=1, withdrawn=False)
        self.item_versions = Table(
            versions_of(Item), data='{"uri":"photo.jpg"}', split="train", metadata="{}", excluded=False
        )
        self.versions = Table(versions_of(Annotation), origin="human", edition=1, withdrawn=False)
        work = {"round": 1, "priority": 2}
        self.assignments = Table(Assignment, **work)
        self.assignment_versions = Table(versions_of(Assignment), **work)
        self.reviews = Table(Review, round=1)
        self.snapshots = Table(Snapshot, purpose="routine", manifest_hash="0" * 64, content_hash="0" * 64)
        self.tables = [
            *(self.entries, self.items, self.marks, self.item_versions, self.versions, self.assignments),
            *(self.assignment_versions, self.reviews, self.snapshots),
        ]
        self.first = self.entries.last
        self.sealed = {name: _stored(value) for name, value in Tally().sealed().items() if name != "content_hash"}

    def write(self) -> None:
        self._items()
        shares, kinds = list(accumulate(SHARES)), list(accumulate(share for share, *_ in ACTS))
        sizes = list(accumulate(share for share, *_ in SIZES))
        end = self.first + self.wanted
        recent = end - RECENT
        cuts = [self.first + int((self.wanted - RECENT) * part) for part in SNAPSHOTS_AT]
        cuts += [end - back for back in LATEST_SNAPSHOTS]
        stops = sorted([*cuts, recent, end])
        needle = self.first + int((self.wanted - RECENT) * NEEDLE_AT)
        while (last := self.entries.last) < end:
            part = (last - self.first) / max(1, self.wanted - RECENT)
            self.at = self.begun + (YEARS - LATEST) * min(1.0, part)
            if last >= recent:
                self.chance, self.lately = self.chance_of_the_latest, True
                self.at = self.now - LATEST * (1 - (last - recent) / RECENT)
            place = self.places[bisect(shares, self.chance.random() * shares[-1])]
            _, event, role, single, reason = ACTS[bisect(kinds, self.chance.random() * kinds[-1])]
            if cuts and last >= cuts[0]:
                cuts.pop(0)
                self._snapshot(self.places[0])
            if needle and last >= needle:
                needle, place, event, role, single = 0, self.places[0], Event.DECISION_CHANGED, "reviewer", True
                reason = NEEDLE
                self._a_busy_day()
            _, fewest, most = SIZES[bisect(sizes, self.chance.random() * sizes[-1])]
            size = 1 if single else self.chance.randint(fewest, most)
            # No act lies on both sides of a stop, so that what follows one is the same at every length.
            self._act(
                place, event, role, min(size, stops[bisect(stops, self.entries.last)] - self.entries.last), reason
            )
            if len(self.entries.rows) >= CHUNK:
                self._flush()
        self._flush()

    def _a_busy_day(self) -> None:
        for _ in range(ACTS_OF_ITS_DAY // 2):
            self._act(self.places[0], Event.ANNOTATION_SAVED, "annotator", 1, "")
            self._act(self.places[0], Event.CLASS_REDEFINED, "owner", 1, "Agreed in the weekly meeting")

    def _act(self, place: Place, event: Event, role: str, size: int, reason: str) -> None:
        act, at, chance = _uuid(self.numbers), _stored(self.at), self.chance
        people = place.people.get(role, [])
        actor = people[int(len(people) * chance.random() ** 2)] if people else None
        for _ in range(size):
            # What is done to an item gets rarer with its number, until the last ones are those that lately came.
            item = int((place.latest_items if self.lately else place.items) * chance.random() ** 2)
            item = place.items - 1 - item if self.lately else item
            if event in (Event.ANNOTATION_SAVED, Event.ANNOTATION_WITHDRAWN):
                self._saved(place, event, actor, role, act, at, item, reason)
                continue
            kind, subject, name = self._subject(place, event, actor, at, item)
            self._entry(place, event, actor, role, act, at, kind, subject, name, reason)

    def _subject(self, place: Place, event: Event, actor: Any, at: str, item: int) -> tuple[str, int, str]:
        if event in (Event.REVIEW_DECIDED, Event.DECISION_CHANGED):
            verdict = "approved" if self.chance.random() < 0.8 else "revision_requested"
            pk = self.reviews.add(
                project_id=place.project.pk, item_id=place.first_item + item, verdict=verdict, note="",
                reviewer_id=actor.pk, decided_at=at,
            )  # fmt: skip
            return Review._meta.label_lower, pk, place.key(item)
        if event == Event.CLASS_REDEFINED:
            number = item % CLASSES
            return LabelClass._meta.label_lower, place.classes[number], f"Kind {number}"
        if event in (Event.SETTING_CHANGED, Event.ACCESS_DENIED, Event.CHANGE_UNEXPLAINED):
            return Project._meta.label_lower, place.project.pk, place.project.name
        return Item._meta.label_lower, place.first_item + item, place.key(item)

    def _saved(self, place: Place, event: Event, actor: Any, role: str, act: str, at: str, item: int, why: str) -> None:
        number = self.chance.randrange(MARKS_OF_AN_ITEM)
        mark = place.first_mark + item * MARKS_OF_AN_ITEM + number
        name = f"{place.key(item)}/{number}"
        self._entry(place, event, actor, role, act, at, Annotation._meta.label_lower, mark, name, why)
        if self.chance.random() < 1 / 3:
            self._version(place, act, at, "~", actor.pk, mark, item, number)

    def _entry(
        self, place: Place, event: Event, actor: Any, role: str, act: str, at: str,
        kind: str, subject: int, name: str, reason: str,
    ) -> int:  # fmt: skip
        return self.entries.add(
            operation=act, project_id=place.project.pk, event=event.value, impact=int(BY_CODE[event].impact),
            actor_id=actor.pk if actor else None, actor_name=actor.username if actor else "", role=role,
            channel="api" if role == "annotator" else "admin", subject_type=kind, subject_id=subject,
            subject_name=name, reason=reason, at=at, recorded_at=at,
        )  # fmt: skip

    def _version(
        self, place: Place, act: str, at: str, kind: str, user: int | None, mark: int, item: int, number: int
    ) -> None:
        place.cut[Annotation._meta.label_lower] = self.versions.add(
            id=mark, operation=act, key=str(number), history_user_id=user, history_date=at, history_type=kind,
            author_id=user, item_id=place.first_item + item, project_id=place.project.pk,
            label_class_id=place.classes[self.chance.randrange(CLASSES)],
            value=f'{{"box":[{self.chance.randrange(900)},{self.chance.randrange(900)},40,30]}}',
        )  # fmt: skip

    def _items(self) -> None:
        """Every item and mark there is, as an import on the first day brought them in."""
        at = _stored(self.begun)
        for place in self.places:
            act, pk = _uuid(self.numbers), place.project.pk
            place.first_item, place.first_mark = self.items.last + 1, self.marks.last + 1
            for item in range(place.items):
                row = self.items.add(key=place.key(item), project_id=pk)
                place.cut[Item._meta.label_lower] = self.item_versions.add(
                    id=row, operation=act, key=place.key(item), history_user_id=None, history_date=at,
                    history_type="+", project_id=pk,
                )  # fmt: skip
                for number in range(MARKS_OF_AN_ITEM):
                    mark = self.marks.add(
                        key=str(number), value='{"box":[1,2,40,30]}', author_id=None, item_id=row,
                        label_class_id=place.classes[number], project_id=pk,
                    )  # fmt: skip
                    self._version(place, act, at, "+", None, mark, item, number)
                if item % 3 == 0:
                    self._assignment(place, act, at, row, item)
                if len(self.versions.rows) >= CHUNK:
                    self._flush()

    def _assignment(self, place: Place, act: str, at: str, row: int, item: int) -> None:
        """Ana has some of the last items of the large project, at every length; the others share what is left."""
        team = place.people["annotator"]
        others = [user for user in team if user.username != "ana"]
        annotator = team[0] if place.items - item < 180 and item % 9 == 0 else others[item % len(others)]
        told: dict[str, Any] = {
            "state": "in_progress", "assigned_at": at, "completed_at": None, "annotator_id": annotator.pk,
            "approved_by_id": None, "item_id": row, "project_id": place.project.pk,
        }  # fmt: skip
        pk = self.assignments.add(**told)
        place.cut[Assignment._meta.label_lower] = self.assignment_versions.add(
            id=pk, operation=act, history_user_id=None, history_date=at, history_type="+", **told
        )

    def _snapshot(self, place: Place) -> None:
        number, owner = len(place.taken) + 1, place.people["owner"][0]
        name, kind, pk = f"cut-{number}", Snapshot._meta.label_lower, self.snapshots.last + 1
        event, act, at = Event.SNAPSHOT_TAKEN, _uuid(self.numbers), _stored(self.at)
        entry = self._entry(place, event, owner, "owner", act, at, kind, pk, name, "")
        self.snapshots.add(
            number=number, name=name, cut=_stored(place.cut), entry_id=entry, project_id=place.project.pk,
            parent_id=place.taken[-1] if place.taken else None, **self.sealed,
        )  # fmt: skip
        place.taken.append(pk)

    def _flush(self) -> None:
        for table in self.tables:
            table.write()


def _uuid(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"


def _stored(value: Any) -> Any:
    """As the column holds it."""
    if isinstance(value, datetime):
        return str(connection.ops.adapt_datetimefield_value(value))
    return value if isinstance(value, bytes) else json.dumps(value)


def _what_is_kept_beside(place: Place) -> None:
    """Log reviews, of the whole trail and of the latest chapter, and anomalies."""
    first, last = Entry.objects.filter(project=place.project).aggregate(Min("id"), Max("id")).values()
    cuts = [snapshot.entry_id for snapshot in Snapshot.objects.filter(project=place.project).order_by("number")]
    scopes = [("The whole trail", first, last), ("The latest chapter", cuts[-2] + 1, cuts[-1])]
    with operation():
        for title, begin, end in scopes:
            LogReview.objects.create(
                project=place.project, occasion=Occasion.BY_HAND, title=title, first_entry=begin, last_entry=end,
                checklist=checklist_for(Occasion.BY_HAND), due_on=timezone.now().date(), query={},
                opened_by=place.people["owner"][0],
            )  # fmt: skip
        for number in range(15):
            Anomaly.objects.create(
                project=place.project, rule=Rule.DENIALS, case=str(number), entries=[last],
                explanation="Several attempts were refused at once.",
            )  # fmt: skip


def _megabytes() -> int:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0]) >> 20
    return Path(connection.settings_dict["NAME"]).stat().st_size >> 20


if __name__ == "__main__":
    main()
