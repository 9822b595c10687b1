"""A small project on stage, and histories in files, for the tests of snapshots."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management import CommandError, call_command
from django.db import connection, models

from audit.history import tracked_models, versions_of
from audit.models import Entry
from labelop.models import Annotation, Item, LabelClass, Project
from labelop.services.projects import create_project
from labelop.services.schema import add_class
from labelop.services.work import add_item
from roles.matrix import Role
from roles.models import User
from roles.services import create_account, grant_role, service_account
from snapshots.models import Snapshot
from snapshots.services.snapshots import take_snapshot
from tests.labelhist.stories import sentence, sentences
from tests.labelhist.stream import Stream
from tests.marks import brought_in


@dataclass(frozen=True)
class Stage:
    """Olga owns, Ravi reviews, Ana annotates, Uma is from elsewhere; gulls and terns on photos."""

    olga: User
    ravi: User
    ana: User
    uma: User
    project: Project
    gull: LabelClass
    tern: LabelClass
    items: list[Item]
    marks: list[Annotation]

    def snapshot(self, name: str) -> Snapshot:
        return take_snapshot(self.project, name, by=self.olga).snapshot

    def relabel(self, place: int, label_class: LabelClass | None = None, **value: Any) -> Annotation:
        """Ana changes one of her marks."""
        mark = Annotation.objects.get(pk=self.marks[place].pk)
        return brought_in(
            mark.item,
            label_class or mark.label_class,
            value or mark.value,
            by=self.ana,
            key=mark.key,
            reason="Seen again",
        )


def set_the_stage(slug: str = "birds", photos: int = 4) -> Stage:
    """A project with photos, a gull on each, and everybody in their role."""
    olga, ravi, ana, uma = (person(name) for name in ("olga", "ravi", "ana", "uma"))
    project = create_project(slug, "Birds", by=service_account("setup"), owner=olga)
    grant_role(project, ravi, Role.REVIEWER, by=olga, reason="Knows birds")
    grant_role(project, ana, Role.ANNOTATOR, by=olga, reason="Joined the team")
    gull, tern = (add_class(project, key, key.title(), by=olga) for key in ("gull", "tern"))
    items = [add_item(project, f"photo-{number}", {"uri": f"{number}.jpg"}, by=olga) for number in range(photos)]
    marks = [brought_in(item, gull, {"box": [1, 2, 3, 4]}, by=ana) for item in items]
    return Stage(olga, ravi, ana, uma, project, gull, tern, items, marks)


def person(name: str) -> User:
    return User.objects.filter(username=name).first() or create_account(name, "a long sentence nobody guesses", by=None)


def by_hand(row: models.Model, **columns: Any) -> None:
    """Change a row with raw SQL, as somebody who holds the database would."""
    concrete = {field.name: field.column for field in row._meta.concrete_fields}
    names = [concrete[name] for name in columns]
    values = [_raw(value) for value in columns.values()]
    table, pk = row._meta.db_table, row._meta.pk.column
    with connection.cursor() as cursor:
        settings = ", ".join(f'"{name}" = %s' for name in names)
        cursor.execute(f'UPDATE "{table}" SET {settings} WHERE "{pk}" = %s', [*values, row.pk])


def _raw(value: Any) -> Any:
    return json.dumps(value, separators=(",", ":"), sort_keys=True) if isinstance(value, dict) else value


@dataclass(frozen=True)
class Ran:
    """What a command said on standard output and on standard error, and how it ended."""

    out: str
    error: str
    code: int

    @property
    def report(self) -> dict[str, Any]:
        """The one JSON document on standard output."""
        document = json.loads(self.out)
        assert isinstance(document, dict)
        return document


def run(command: str, *arguments: object) -> Ran:
    out, error = StringIO(), StringIO()
    try:
        call_command(command, *map(str, arguments), stdout=out, stderr=error)
    except CommandError as refused:
        return Ran(out.getvalue(), error.getvalue() + str(refused), refused.returncode)
    except SystemExit as ended:
        return Ran(out.getvalue(), error.getvalue(), int(ended.code or 0))
    return Ran(out.getvalue(), error.getvalue(), 0)


def tell_the_planner() -> None:
    """Have PostgreSQL count our tables, which nobody else sees while the transaction of a test is open.

    Only ours: what a whole server shares would be held until the test ends, and all others would wait for it.
    """
    if connection.vendor == "postgresql":
        counted: list[type[models.Model]] = [Entry]
        for tracked in tracked_models():
            counted += [tracked, versions_of(tracked)]
        tables = ", ".join(f'"{model._meta.db_table}"' for model in counted)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {tables}")


def written(path: Path, stream: Stream, spoil: Callable[[list[str]], list[str]] = lambda lines: lines) -> Path:
    """A stream as a file, spoilt on the way if wanted."""
    path.write_text("\n".join(spoil(list(stream.lines))) + "\n", encoding="utf-8", newline="\n")
    return path


def short_story() -> Stream:
    """Two releases: an import in bulk, a fix, a removal and what comes after, and the removed one back again."""
    stream = sentences()
    stream.lines[0] = stream.lines[0].replace('"r1", "r2"', '"r1", "r2", "r3"')
    stream.begin("d" * 12, "ana/b", "bring it back")
    stream.change("add", "s1", sentence("NOUN", "AUX", split="test"), [])
    stream.release("r3")
    return stream


def trace(project: Project) -> dict[str, Any]:
    """All that a replay must leave the same, however often it was interrupted: hashes, counts, numbers of rows."""
    snapshots = Snapshot.objects.filter(project=project).order_by("number")
    versions = {
        model._meta.label: versions_of(model)._default_manager.filter(project_id=project.pk).count()
        for model in tracked_models()
    }
    entries = Entry.objects.filter(project=project)
    told = entries.values_list("event", "subject_name", "records", "reason", "source", "at")
    return {
        "snapshots": list(snapshots.values_list("name", "number", "content_hash", "manifest_hash")),
        "versions": versions,
        # What the making of the project itself left is dated now.
        "entries": sorted([*columns, at if source else None] for *columns, source, at in told),
    }
