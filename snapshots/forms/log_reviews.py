"""What the acts of a log review ask."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.acting import GateBusy
from audit.models import Entry
from audit.query import Query
from labelop.models import Project
from roles.forms import ActForm, ListActForm, MemberField, ReasonField
from roles.matrix import Can
from roles.models import Membership

from ..log_reviews import Scope, brought_by, chapter, entry_range, incident, saved_query
from ..models import Disposition, Finding, LogReview, Release, SignOff, Snapshot
from ..services.dispositions import answer_question, close_finding, dispose, open_finding
from ..services.log_reviews import open_log_review, sign_log_review, void_log_review
from .trail import QueryField


class MomentField(forms.DateTimeField):
    """A moment, in UTC."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        super().__init__(widget=widget, **options)


class DayField(forms.DateField):
    """A day, in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)


class LineField(forms.CharField):
    """A few lines of text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 3}), **options)


class OpenForm(ListActForm):
    """What every log review is opened with."""

    done = "The log review is open."
    can = Can.RUN_LOG_REVIEWS
    alone = True

    reason = ReasonField(required=False)

    def open(self, project: Project, scope: Scope, reason: str) -> LogReview:
        try:
            return open_log_review(project, scope, by=self.viewer, reason=reason)
        except GateBusy:
            raise ValidationError("Somebody is at work without a pause; try again in a moment.") from None


class OpenChapterForm(OpenForm):
    name = "open_chapter"
    label = "Review a chapter"

    snapshot = forms.CharField(max_length=255, help_text="Name of the snapshot that ends the chapter.")
    field_order = ("project", "snapshot", "reason")

    def act(self, project: Project, snapshot: str, reason: str) -> LogReview:
        found = Snapshot.objects.filter(project=project, name=snapshot).select_related("parent").first()
        if found is None:
            raise ValidationError({"snapshot": f"{project} has no snapshot {snapshot}."})
        return self.open(project, chapter(found), reason)


class OpenReleaseForm(OpenForm):
    name = "open_release"
    label = "Review a release"

    release = forms.CharField(max_length=255, help_text="Name of the release, which is its snapshot’s.")
    field_order = ("project", "release", "reason")

    def act(self, project: Project, release: str, reason: str) -> LogReview:
        named = Release.objects.filter(project=project, snapshot__name=release).select_related("snapshot")
        found = named.order_by("-id").first()
        if found is None:
            raise ValidationError({"release": f"{project} has no release {release}."})
        return self.open(project, brought_by(found), reason)


class OpenRangeForm(OpenForm):
    name = "open_range"
    label = "Review a range of entries"

    title = forms.CharField(max_length=200)
    first = forms.IntegerField(min_value=1, label="First entry")
    last = forms.IntegerField(min_value=1, label="Last entry")
    field_order = ("project", "title", "first", "last", "reason")

    def act(self, project: Project, title: str, first: int, last: int, reason: str) -> LogReview:
        return self.open(project, entry_range(first, last, title), reason)


class OpenIncidentForm(OpenForm):
    name = "open_incident"
    label = "Open an incident"

    title = forms.CharField(max_length=200)
    description = LineField(help_text="What was noticed, and how.")
    began_at = MomentField(label="Began (UTC)")
    ended_at = MomentField(label="Ended (UTC)", required=False, help_text="Leave it empty while it goes on.")
    field_order = ("project", "title", "description", "began_at", "ended_at", "reason")

    def act(
        self, project: Project, title: str, description: str, began_at: Any, ended_at: Any, reason: str
    ) -> LogReview:
        return self.open(project, incident(title, description, began_at, ended_at), reason)


class OpenQueryForm(OpenForm):
    name = "open_query"
    label = "Review what a query finds"

    title = forms.CharField(max_length=200)
    query = QueryField(required=False)
    field_order = ("project", "title", "query", "reason")

    def act(self, project: Project, title: str, query: Query, reason: str) -> LogReview:
        # Of its own project it is anyhow.
        asked = {
            key: values for key, values in query.parameters.items() if (key, values) != ("project", [project.slug])
        }
        return self.open(project, saved_query(title, asked), reason)


class OpenOnesForm(ActForm):
    """An act on a log review that is open."""

    can = Can.RUN_LOG_REVIEWS

    @classmethod
    def fits(cls, subject: LogReview) -> bool:
        return subject.state == LogReview.State.OPEN


class AnswerForm(OpenOnesForm):
    name = "answer"
    label = "Answer a question"
    done = "The answer is written down."

    place = forms.TypedChoiceField(label="Question", coerce=int)
    answer = LineField()
    reason = ReasonField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place = self.fields["place"]
        if isinstance(place, forms.TypedChoiceField):
            place.choices = [(number, line["question"]) for number, line in enumerate(self.subject.checklist)]

    def act(self, place: int, answer: str, reason: str) -> LogReview:
        return answer_question(self.subject, place, answer, by=self.viewer, reason=reason)


class EntryField(forms.IntegerField):
    """The number of an entry of the project."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=2**63 - 1, **options)


class DisposeForm(OpenOnesForm):
    name = "dispose"
    label = "Decide on an entry"
    done = "The disposition is written down."

    entry = EntryField(help_text="Its number on the trail.")
    verdict = forms.ChoiceField(choices=Disposition.Verdict.choices, widget=forms.RadioSelect)
    note = LineField(required=False, help_text="Needed unless the entry was expected and authorised.")

    def act(self, entry: int, verdict: str, note: str) -> LogReview:
        dispose(self.subject, _entry_of(self.subject, entry), Disposition.Verdict(verdict), by=self.viewer, note=note)
        return _as_stored(self.subject)


class OpenFindingForm(OpenOnesForm):
    name = "open_finding"
    label = "Note a finding"
    done = "The finding is open."
    can = Can.RESOLVE_FINDINGS

    entry = EntryField(required=False, help_text="The entry it is about, if it is about one.")
    factor = forms.ChoiceField(label="Contributing factor", choices=Finding.Factor.choices)
    description = LineField(help_text="What contributed; it has no field for a culprit.")
    action = LineField(help_text="What is done about it.")
    owner = MemberField(label="Who sees to it", help_text="An owner or a reviewer of the project.")
    due_on = DayField(label="Due")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        owner = self.fields["owner"]
        if isinstance(owner, MemberField):
            owner.offer_to(self.viewer, self.subject.project_id, self.can)

    def act(
        self, entry: int | None, factor: str, description: str, action: str, owner: Membership, due_on: Any
    ) -> LogReview:
        about = _entry_of(self.subject, entry) if entry is not None else None
        open_finding(
            self.subject,
            Finding.Factor(factor),
            description,
            action,
            by=self.viewer,
            owner=owner.user,
            due_on=due_on,
            entry=about,
        )
        return _as_stored(self.subject)


class SignForm(OpenOnesForm):
    name = "sign"
    label = "Sign"
    done = "The log review is signed."

    meaning = LineField(
        label="What your signature means",
        initial="I read every decision point in the scope and vouch for the dispositions.",
    )

    def act(self, meaning: str) -> LogReview:
        signed: SignOff = sign_log_review(self.subject, by=self.viewer, meaning=meaning)
        return signed.log_review


class VoidForm(ActForm):
    name = "void"
    label = "Void"
    done = "The log review is voided."
    can = Can.RUN_LOG_REVIEWS
    ending = True

    reason = ReasonField()

    @classmethod
    def fits(cls, subject: LogReview) -> bool:
        return subject.state != LogReview.State.VOIDED

    def act(self, reason: str) -> LogReview:
        return void_log_review(self.subject, by=self.viewer, reason=reason)


class CloseFindingForm(ActForm):
    name = "close"
    label = "Close"
    done = "The finding is closed."
    can = Can.RESOLVE_FINDINGS

    outcome = LineField(help_text="What came of it.")

    @classmethod
    def fits(cls, subject: Finding) -> bool:
        return subject.closed_at is None

    def act(self, outcome: str) -> Finding:
        return close_finding(self.subject, by=self.viewer, outcome=outcome)


def _entry_of(log_review: LogReview, pk: int) -> Entry:
    entry = Entry.objects.filter(project=log_review.project_id, pk=pk).first()
    if entry is None:
        raise ValidationError({"entry": f"Entry {pk} is not in the scope."})
    return entry


def _as_stored(log_review: LogReview) -> LogReview:
    return LogReview.objects.get(pk=log_review.pk)
