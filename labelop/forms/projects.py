"""What the acts on a project ask: its description, each of its settings, and its state."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms

from roles.forms import ActForm, ReasonField
from roles.matrix import Can
from roles.models import Kind, User
from roles.selectors import sees_the_site

from ..models import MOVES, Project, ProjectState, ReviewPolicy, RiskTier
from ..services.projects import (
    activate_project,
    archive_project,
    change_setting,
    create_project,
    describe_project,
    freeze_project,
    unfreeze_project,
)

BEGINNINGS = [(state.value, state.label) for state in (ProjectState.DRAFT, ProjectState.ACTIVE)]
DUTIES = [
    (0, "0 · the one who proposes may approve"),
    (1, "1 · approved by somebody else than who proposed it and who took the snapshot"),
    (2, "2 · and by somebody who authored none of the differences"),
    (3, "3 · by two such people, in different roles"),
]


class CreateProjectForm(ActForm):
    """A new project, and whose it is."""

    name, label, done = "create", "Begin a project", "The project has begun."
    can = Can.EDIT_SETTINGS
    slug = forms.SlugField(max_length=100, help_text="Stands in its address, and never changes.")
    title = forms.CharField(label="Name", max_length=200)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4}))
    owner = forms.CharField(
        required=False,
        max_length=150,
        label="Owner’s username",
        help_text="Whoever begins it, unless somebody is named.",
    )
    state = forms.ChoiceField(choices=BEGINNINGS, required=False, initial=ProjectState.ACTIVE)
    risk_tier = forms.ChoiceField(choices=RiskTier, required=False, initial=RiskTier.STANDARD)
    reason = ReasonField(required=False)

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        unbound = viewer.bounds is None or viewer.bounds.hold(None)
        return sees_the_site(viewer) or (unbound and viewer.is_active and viewer.kind == Kind.SERVICE)

    def clean_owner(self) -> User | None:
        name = self.cleaned_data["owner"]
        if not name:
            return None
        # SECURITY: one text for an account that does not exist and for one that cannot own.
        found = User.objects.filter(username=name, is_active=True).exclude(kind=Kind.ATTRIBUTED).first()
        if found is None:
            raise forms.ValidationError("No account that can own a project has this username.", code="unusable")
        return found

    def act(self, slug: str, title: str, state: str, **answers: Any) -> Project:
        return create_project(slug, title, by=self.viewer, state=ProjectState(state), **answers)


class OfAProject(ActForm):
    """An act of whoever edits the settings, on a project that is not archived."""

    can = Can.EDIT_SETTINGS
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state != Project.State.ARCHIVED


class DescribeForm(OfAProject):
    """Another name or description."""

    name, label, done = "describe", "Describe anew", "The project is described anew."
    field_order = ("title", "description", "reason")
    title = forms.CharField(label="Name", max_length=200)
    description = forms.CharField(required=False, widget=forms.Textarea(attrs={"rows": 4}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {"title": self.subject.name, "description": self.subject.description}

    def act(self, title: str, description: str, reason: str) -> Project:
        return describe_project(self.subject, title, description, by=self.viewer, reason=reason)


class SettingForm(OfAProject):
    """Another value of the setting that the form has a field of."""

    setting: ClassVar[str]
    done = "The setting is changed."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order_fields([self.setting, "reason"])
        self.initial = {self.setting: getattr(self.subject, self.setting)}

    def act(self, reason: str, **answers: Any) -> Project:
        return change_setting(self.subject, self.setting, answers[self.setting], by=self.viewer, reason=reason)


class RiskTierForm(SettingForm):
    """How much the project's mistakes would cost."""

    name, label, setting = "risk-tier", "Change the risk tier", "risk_tier"
    risk_tier = forms.ChoiceField(choices=RiskTier, help_text="Decides how often the log is reviewed.")


class CustomerFacingForm(SettingForm):
    """Whether customers meet what comes of it."""

    name, label, setting = "customer-facing", "Change whether it is customer-facing", "customer_facing"
    customer_facing = forms.BooleanField(required=False)


class ReviewPolicyForm(SettingForm):
    """Which completed work enters review."""

    name, label, setting = "review-policy", "Change the review policy", "review_policy"
    review_policy = forms.ChoiceField(
        choices=ReviewPolicy, help_text="Of a sample, the share is a setting of its own: set it first."
    )


class SamplePercentForm(SettingForm):
    """How large a sample is."""

    name, label, setting = "sample-percent", "Change the sample", "sample_percent"
    sample_percent = forms.IntegerField(
        label="Sample, in per cent",
        min_value=1,
        max_value=100,
        help_text="Of the completed work; counts while the review policy is a sample.",
    )


class SeparationOfDutiesForm(SettingForm):
    """Who may not be the same person at a release."""

    name, label, setting = "separation-of-duties", "Change the separation of duties", "separation_of_duties"
    separation_of_duties = forms.TypedChoiceField(choices=DUTIES, coerce=int)


class ActivateForm(OfAProject):
    """Let the work of a draft begin."""

    name, label, done = "activate", "Activate", "The project is active."

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state == MOVES["activate"][0]

    def act(self, reason: str) -> Project:
        return activate_project(self.subject, by=self.viewer, reason=reason)


class FreezeForm(OfAProject):
    """Stop the work."""

    name, label, done = "freeze", "Freeze the work", "The project is frozen: its work does not change."

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state == MOVES["freeze"][0]

    def act(self, reason: str) -> Project:
        return freeze_project(self.subject, by=self.viewer, reason=reason)


class UnfreezeForm(OfAProject):
    """Let the work go on."""

    name, label, done = "unfreeze", "Unfreeze the work", "The work goes on."

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state == MOVES["unfreeze"][0]

    def act(self, reason: str) -> Project:
        return unfreeze_project(self.subject, by=self.viewer, reason=reason)


class ArchiveForm(OfAProject):
    """Close the project for good."""

    name, label, done = "archive", "Archive", "The project is archived."
    ending = True
    reason = ReasonField(help_text="For good: nothing of the project changes any more. The reason stays on the trail.")

    @classmethod
    def fits(cls, subject: Project) -> bool:
        return subject.state == MOVES["archive"][0]

    def act(self, reason: str) -> Project:
        return archive_project(self.subject, by=self.viewer, reason=reason)


ACTS: tuple[type[ActForm], ...] = (
    DescribeForm,
    RiskTierForm,
    CustomerFacingForm,
    ReviewPolicyForm,
    SamplePercentForm,
    SeparationOfDutiesForm,
    ActivateForm,
    FreezeForm,
    UnfreezeForm,
    ArchiveForm,
)
