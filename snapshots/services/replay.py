"""Replaying a history: its batches as acts, its releases as snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import ValidationError

from labelop.connectors.labelhist import Batch, History, read_history
from labelop.models import Project
from labelop.services.imports import import_batch, imported_up_to
from labelop.services.projects import create_project
from roles.models import User
from roles.services import service_account

from ..models import Purpose, Snapshot
from .snapshots import seal_snapshots, take_snapshot


@dataclass
class Replayed:
    """What a replay took in, counted over the whole history, whether now or in an earlier run."""

    items: int = 0
    changes: int = 0
    operations: int = 0
    snapshots: int = 0
    new_operations: int = 0
    left_out: Iterable[str] = ()


def replay_history(
    path: Path,
    slug: str,
    *,
    by: User | None = None,
    keep_going: bool = False,
    progress: Callable[[int], None] = lambda changes: None,
) -> Replayed:
    """Replay a `labelhist/1` file into a project, which is made when missing.

    Safe to interrupt and to repeat: what is in already is read but not written again. Raises `BadHistory` where
    the file is not what its format says; whole batches before that place are kept.
    """
    by = by or service_account("replay")
    with read_history(path, keep_going=keep_going) as history:
        project = _project(slug, history, by)
        seal_snapshots(project)
        replayed = Replayed()
        for part in history:
            if isinstance(part, Batch):
                replayed.new_operations += import_batch(project, part, history.kind, history.digest, by=by)
                replayed.operations += 1
                replayed.changes += len(part.changes)
                progress(replayed.changes)
            else:
                _take_release(project, part.name, part.ts, history.digest, part.seq, by)
                replayed.snapshots += 1
        replayed.items = project.items.filter(excluded=False).count()
        replayed.left_out = [str(left) for left in history.left_out]
    return replayed


def _project(slug: str, history: History, by: User) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        return create_project(slug, history.corpus or slug, by=by, reason=f"Replay of {history.corpus}")
    known, _ = imported_up_to(project)
    if known and known != history.digest:
        raise ValidationError(f"{slug} was built from another history: replay this one into another project.")
    return project


def _take_release(project: Project, name: str, ts, digest: str, seq: int, by: User) -> None:  # type: ignore[no-untyped-def]
    if not Snapshot.objects.filter(project=project, name=name).exists():
        take_snapshot(
            project,
            name,
            by=by,
            purpose=Purpose.BASELINE,
            reason=f"Release {name} in the history",
            at=ts,
        )
