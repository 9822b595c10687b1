"""Replaying a history: its batches as acts, its releases as snapshots."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from django.core.exceptions import ValidationError

from labelop.connectors.labelhist import Batch, Header, Release, read_history
from labelop.models import Project
from labelop.services.imports import check_history_of, import_batch
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
    left_out: list[str] = field(default_factory=list)


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
    history = read_history(path, keep_going=keep_going)
    parts = iter(history)
    # The project is not made before something of the history has been read and believed.
    first = next(parts, None)
    project = _project(slug, history.header, by)
    seal_snapshots(project)
    replayed = Replayed()
    for part in chain([first] if first else [], parts):
        if isinstance(part, Batch):
            replayed.new_operations += import_batch(project, part, history.header, by=by)
            replayed.operations += 1
            replayed.changes += len(part.changes)
            progress(replayed.changes)
        else:
            _take_release(project, part, by)
            replayed.snapshots += 1
    if history.unreached:
        missing = f"the file ends before release {history.unreached[0]}, which its header names"
        if not keep_going:
            raise ValidationError(f"{path}: {missing}. What came before is in.")
        replayed.left_out.append(missing)
    replayed.items = project.items.filter(excluded=False).count()
    replayed.left_out[:0] = [f"line {left.line}, {left.field or 'record'}: {left.reason}" for left in history.left_out]
    return replayed


def _project(slug: str, header: Header, by: User) -> Project:
    project = Project.objects.filter(slug=slug).first()
    if project is None:
        return create_project(slug, header.corpus, by=by, reason=f"Replay of {header.corpus}")
    check_history_of(project, header)
    return project


def _take_release(project: Project, release: Release, by: User) -> None:
    if Snapshot.objects.filter(project=project, name=release.name).exists():
        return
    reason = f"Release {release.name} in the history"
    take_snapshot(
        project,
        release.name,
        by=by,
        purpose=Purpose.BASELINE,
        note="" if release.verified else release.doubt,
        reason=reason,
        at=release.ts,
    )
