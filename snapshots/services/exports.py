"""Exporting a snapshot: so that outsiders can verify it, or in a format that training reads."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError

from audit.acting import operation
from audit.canonical import canonical_json
from audit.events import Event
from audit.models import Entry
from audit.services import record
from roles.matrix import Can
from roles.models import User
from roles.services import authorize
from roles.telling import pseudonyms_in

from ..acts import ActTold, each_act, span
from ..archive import Archive, files_in
from ..content import SECTIONS, State
from ..differences import Comparison
from ..formats import WRITERS, Format, Written
from ..models import Snapshot
from ..reconciliation import adjustments_by_operation
from .snapshots import manifest_of

VERIFIER = Path(__file__).resolve().parent.parent / "verify_snapshot.py"


@operation()
def export_snapshot(
    snapshot: Snapshot,
    folder: Path,
    *,
    by: User,
    reason: str = "",
    progress: Callable[[int], None] = lambda records: None,
) -> int:
    """Write a sealed snapshot into a new folder, and return how many records it holds.

    `snapshot.jsonl` and `manifest.json` for the verifier beside them, `changes.jsonl` and `entries.jsonl` for
    what led here from the previous snapshot. The folder appears whole or not at all.
    """
    actor = authorize(by, Can.EXPORT_SNAPSHOTS, snapshot.project)
    with _whole_or_not_at_all(snapshot, folder) as unfinished:
        records = _write_lines(unfinished / "snapshot.jsonl", _records(snapshot), progress)
        _write_manifest(unfinished, {**manifest_of(snapshot), "manifest_hash": snapshot.manifest_hash})
        _write_lines(unfinished / "changes.jsonl", _changes(snapshot))
        _write_lines(unfinished / "entries.jsonl", _entries(snapshot))
        shutil.copy(VERIFIER, unfinished / VERIFIER.name)
        record(
            Event.EXPORT_MADE,
            snapshot,
            actor,
            reason=reason,
            after={"manifest_hash": snapshot.manifest_hash, "records": records},
        )
    return records


@operation()
def export_dataset(
    snapshot: Snapshot,
    form: Format,
    folder: Path,
    *,
    by: User,
    reason: str = "",
    progress: Callable[[int], None] = lambda annotations: None,
) -> Written:
    """Write a sealed snapshot into a new folder, in a format that training reads; return what was written.

    `manifest.json` says what the snapshot is, each file's digest, the classes, and what the format could not hold;
    `left_out.jsonl` names each record of that kind. The folder appears whole or not at all.
    """
    actor = authorize(by, Can.EXPORT_SNAPSHOTS, snapshot.project)
    with _whole_or_not_at_all(snapshot, folder) as unfinished:
        state = State(snapshot.project_id, snapshot.cut)
        written = WRITERS[form](state, unfinished, progress)
        classes = sorted(state.records("schema"), key=lambda one: one.key)
        manifest = {
            "format": form.value,
            "snapshot": {**manifest_of(snapshot), "manifest_hash": snapshot.manifest_hash},
            "classes": [{"key": one.label, **one.content} for one in classes],
            "written": written.as_dict(),
            "files": {path.relative_to(unfinished).as_posix(): _digest(path) for path in files_in(unfinished)},
        }
        _write_manifest(unfinished, manifest)
        told = {"manifest_hash": snapshot.manifest_hash, "format": form.value, **written.as_dict()}
        record(Event.EXPORT_MADE, snapshot, actor, reason=reason, after=told)
    return written


@operation()
def export_archive(snapshot: Snapshot, form: Format | None, *, by: User, reason: str) -> Archive:
    """Export a snapshot as one zip, in a format that training reads or, without one, so that outsiders can verify it.

    It is written into a folder first, since what is recorded of an export is known once it is written.
    """
    folder = tempfile.TemporaryDirectory(prefix="labelop-export-")
    files = Path(folder.name) / "files"
    try:
        if form is None:
            export_snapshot(snapshot, files, by=by, reason=reason)
        else:
            export_dataset(snapshot, form, files, by=by, reason=reason)
    except BaseException:
        folder.cleanup()
        raise
    return Archive(files, folder)


@contextmanager
def _whole_or_not_at_all(snapshot: Snapshot, folder: Path) -> Iterator[Path]:
    """A folder beside the one that is wanted, which takes its place once everything is written and recorded."""
    if snapshot.manifest_hash is None:
        raise ValidationError("This snapshot is still being computed.")
    if folder.exists() and any(folder.iterdir()):
        raise ValidationError(f"{folder} is not empty: name a new folder.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        os.replace(unfinished, folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", "utf-8")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@operation()
def export_review(snapshot: Snapshot, *, by: User, reason: str) -> Entry:
    """Let somebody take the review of a snapshot out of the building; its own entry comes after what it tells."""
    actor = authorize(by, Can.EXPORT_SNAPSHOTS, snapshot.project)
    if snapshot.manifest_hash is None:
        raise ValidationError("This snapshot is still being computed.")
    return record(
        Event.EXPORT_REVIEW_MADE, snapshot, actor, reason=reason, after={"manifest_hash": snapshot.manifest_hash}
    )


def _records(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    state = State(snapshot.project_id, snapshot.cut)
    for section in SECTIONS:
        for one in state.records(section):
            yield {"section": section, "key": one.key, "content": json.loads(one.canonical)}


def _changes(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    adjustments = adjustments_by_operation(snapshot.project)
    for touched in Comparison(snapshot.project, snapshot.parent, snapshot).records():
        if not touched.differs:
            continue
        difference = touched.difference
        yield {
            "section": difference.section,
            "key": difference.key,
            "kind": difference.kind,
            "before": _plain(difference.before),
            "after": _plain(difference.after),
            "operations": [str(operation) for operation in difference.operations],
            "adjusted": [str(operation) for operation in difference.operations if operation in adjustments],
        }


def _entries(snapshot: Snapshot) -> Iterator[ActTold]:
    # It leaves the building: people are told as role and number, whatever was revealed to whoever exports it.
    names = pseudonyms_in([snapshot.project_id])
    for act in each_act(span(snapshot.project, snapshot.parent, snapshot)):
        yield act.as_dict(names)


def _plain(content: dict[str, Any] | None) -> Any:
    return None if content is None else json.loads(canonical_json(content))


def _write_lines(
    path: Path, lines: Iterable[Mapping[str, Any]], progress: Callable[[int], None] = lambda lines: None
) -> int:
    written = 0
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for line in lines:
            file.write(json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n")
            written += 1
            progress(written)
    return written
