"""What is asked of whoever takes a part of the past out of the building."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms

from audit.models import Entry
from audit.query import Query, Wrong, parse
from audit.reach import Source
from labelop.selectors.trail import trail_sources
from roles.filters import entries_asked_for
from roles.forms import ActForm, ReasonField
from roles.matrix import Can
from roles.telling import pseudonyms_in

from ..content import newest_cut
from ..formats import Format
from ..services.exports import export_archive, export_review
from ..services.streams import let_snapshot_out, let_versions_out
from ..services.trail import export_trail
from ..streams import snapshot_lines, version_lines
from ..trail_files import as_ndjson


class LetOutForm(ActForm):
    """Why something leaves; it is let out once that stands on the trail."""

    done = "It is on its way."
    reason = ReasonField()

    def act(self, *args: Any, **answers: Any) -> Any:
        """Record that it leaves; what comes back lets it out."""
        raise NotImplementedError


class StreamForm(LetOutForm):
    """Why it leaves as a stream. `lines` is read once the export stands on the trail."""

    def lines(self, entry: Entry) -> Iterator[bytes]:
        raise NotImplementedError


class StreamTrail(StreamForm):
    """What a question to the trail of a project finds, oldest first; its own entry is the last."""

    name, label, can = "stream-trail", "Stream the trail", Can.INSPECT_TRAIL
    field_order = ("q", "reason")
    q = forms.CharField(required=False, max_length=2000, help_text="In the language of the trail; empty for all of it.")

    def clean_q(self) -> Query:
        try:
            self.query = parse(self.cleaned_data["q"])
            self.source = self._narrowed(self.query)
        except Wrong as wrong:
            raise forms.ValidationError("%(said)s", params={"said": wrong.sentence}) from None
        return self.query

    def _narrowed(self, query: Query) -> Source:
        (source,) = trail_sources(self.viewer, self.subject)
        projects = {self.subject.slug: self.subject.pk}
        found = entries_asked_for(query, source.entries, viewer=self.viewer, projects=projects)
        return Source(found.filter(project=self.subject), source.project_ids, source.whole)

    def act(self, q: Query, reason: str) -> Entry:
        return export_trail([self.subject], q, form="ndjson", by=self.viewer, reason=reason)

    def lines(self, entry: Entry) -> Iterator[bytes]:
        # It leaves the building: people are told as role and number, whatever was revealed to whoever takes it.
        return as_ndjson(self.source.entries.filter(pk__lte=entry.pk), pseudonyms_in([self.subject.pk]))


class StreamVersions(StreamForm):
    """Every version of a project's classes, items and marks, table by table, oldest first."""

    name, label, can = "stream-versions", "Stream the versions", Can.EXPORT_SNAPSHOTS

    def act(self, reason: str) -> Entry:
        return let_versions_out(self.subject, by=self.viewer, reason=reason)

    def lines(self, entry: Entry) -> Iterator[bytes]:
        return version_lines(self.subject, newest_cut(self.subject.pk))


class StreamSnapshot(StreamForm):
    """Every class, item and mark that a snapshot holds."""

    name, label, can = "stream", "Stream the snapshot", Can.EXPORT_SNAPSHOTS

    def act(self, reason: str) -> Entry:
        return let_snapshot_out(self.subject, by=self.viewer, reason=reason)

    def lines(self, entry: Entry) -> Iterator[bytes]:
        return snapshot_lines(self.subject)


class ExportReview(LetOutForm):
    """The review of a snapshot as one file of HTML, to be read by people without an account."""

    name, label, can = "export-review", "Export the review", Can.EXPORT_SNAPSHOTS

    def act(self, reason: str) -> Entry:
        return export_review(self.subject, by=self.viewer, reason=reason)


class ExportSnapshot(LetOutForm):
    """A snapshot as one zip: a format that training reads, or files that anybody can verify without LabelOp."""

    name, label, can = "export", "Export the snapshot", Can.EXPORT_SNAPSHOTS
    field_order = ("form", "reason")
    VERIFIABLE = "verifiable"
    form = forms.ChoiceField(
        label="Format", choices=[*Format.choices, (VERIFIABLE, "Files that anybody can verify, without LabelOp")]
    )

    def act(self, form: str, reason: str) -> Any:
        chosen = None if form == self.VERIFIABLE else Format(form)
        return export_archive(self.subject, chosen, by=self.viewer, reason=reason)
