"""What acts ask: of the page of access, and of any row in the admin."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.db.models import Model

from audit.history import project_id_of
from audit.models import Entry

from ..matrix import MATRIX, Can, Role
from ..models import Anomaly, Kind, Membership, User
from ..selectors import can, projects_where
from ..services import acknowledge_anomaly, resolve_anomaly, reveal_identity
from ..telling import pseudonyms_in


class ReasonField(forms.CharField):
    """Why; it stays on the trail."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.Textarea(attrs={"rows": 2}))
        options.setdefault("help_text", "Stays on the trail; every member who inspects it reads it.")
        super().__init__(**options)


class ReasonForm(forms.Form):
    """Why a role ends."""

    reason = ReasonField()


class ChangeRoleForm(ReasonForm):
    """Another role, and why."""

    field_order: tuple[str, ...] = ("role", "reason")
    role = forms.ChoiceField(choices=[("", "Choose a role"), *Role.choices])

    def clean_role(self) -> Role:
        return Role(self.cleaned_data["role"])


class GrantRoleForm(ChangeRoleForm):
    """A role for an exact username: a list of users would tell who works here."""

    field_order = ("user", "role", "valid_until", "reason")
    user = forms.CharField(
        label="Username", max_length=150, help_text="Exactly as the account is named; no list is offered."
    )
    valid_until = forms.DateTimeField(
        required=False,
        label="Valid until (UTC)",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Leave it empty for a role without an end.",
    )

    def clean_user(self) -> User:
        # SECURITY: one text for an account that does not exist and for one that cannot be used.
        user = User.objects.filter(username=self.cleaned_data["user"], is_active=True).exclude(kind=Kind.ATTRIBUTED)
        found = user.first()
        if found is None:
            raise forms.ValidationError("No account that can hold a role has this username.", code="unusable")
        return found


def take_errors(form: forms.Form, errors: dict[str, Any]) -> None:
    """Show what a service refused beside the field it speaks of."""
    for field, messages in errors.items():
        form.add_error(field if field in form.fields else None, messages)


class Unreadable(forms.ValidationError):
    """What was sent is none of what the act takes, whatever stands here: the sender's to mend."""


class ActForm(forms.Form):
    """What one act asks, on a page of its own in the admin; a subclass hands the answers to a service in `act`.

    `name` stands in the address, `label` on the button, `done` is said afterwards. `subject` is the row it acts
    on, None for an act that begins something from a list.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    done: str
    can: ClassVar[Can]
    # Looks like what it does: an ending or a refusal is drawn as such.
    ending: ClassVar[bool] = False
    # Whether the act must be the first of its transaction, since it holds the gate alone.
    alone: ClassVar[bool] = False
    # Whether it is done in acts of its own, each at its own time: they share a transaction, and no act stands around.
    several: ClassVar[bool] = False
    # What an act tells once, right after; None of an act that tells none.
    secret: str | None = None
    # The type of what an act tells of how it went, beside the row, and that itself.
    tells: ClassVar[type[Mapping[str, Any]] | None] = None
    told: Mapping[str, Any] | None = None
    # What whoever acted is told beside `done`, a sentence each.
    warnings: Sequence[str] = ()
    # Templates speak of the class itself; Django would make a form of it.
    do_not_call_in_templates = True

    required_css_class = "required"

    def __init__(self, *args: Any, subject: Any = None, viewer: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.viewer = viewer

    @classmethod
    def fits(cls, subject: Any) -> bool:
        """Whether the state of the row lets the act be done at all; decides only what is shown."""
        return True

    @classmethod
    def offered(cls, subject: Any, viewer: User) -> bool:
        if subject is None:
            return projects_where(viewer, cls.can).exists()
        return cls.fits(subject) and can(viewer, cls.can, project_of(subject))

    def act(self, *args: Any, **answers: Any) -> Model:
        raise NotImplementedError(f"{type(self).__name__} hands its answers to no service.")

    def operation_of(self, made: Any) -> uuid.UUID | None:
        """The operation in which it was done, where none stands around it: of the newest entry about what it made."""
        about = Entry.objects.filter(subject_type=made._meta.label_lower, subject_id=made.pk)
        return about.order_by("-id").values_list("operation", flat=True).first()


class ProjectField(forms.ModelChoiceField):
    """A project on which the viewer may do what the form asks for; `ActForm`s on lists begin with it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=None, **options)

    def offer_to(self, viewer: User, ability: Can) -> None:
        self.queryset = projects_offered_to(viewer, ability)


class MemberField(forms.ModelChoiceField):
    """A member who may do something, chosen by role and number: to ask for a name would be to search by it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(queryset=Membership.objects.none(), **options)

    def offer_to(self, viewer: User, project_id: int, ability: Can) -> None:
        held = Membership.objects.in_force().filter(project=project_id, role__in=MATRIX[ability], user__is_active=True)
        self.queryset = held.select_related("user").order_by("id")
        self.pseudonyms = pseudonyms_in([project_id], viewer)

    def label_from_instance(self, obj: Any) -> str:
        return self.pseudonyms.of(obj.project_id, obj.user_id, obj.role)


class ListActForm(ActForm):
    """An act that begins something in a project to be chosen."""

    project = ProjectField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        project = self.fields["project"]
        if isinstance(project, ProjectField):
            project.offer_to(self.viewer, self.can)


def project_of(row: Model) -> Any:
    """The project that a row belongs to, or is; None for a row of the site."""
    return _projects().filter(pk=project_id_of(row)).first()


def projects_offered_to(viewer: User, ability: Can) -> Any:
    """The projects on which a viewer may do something, to choose from."""
    return _projects().filter(pk__in=projects_where(viewer, ability)).order_by("name")


def _projects() -> Any:
    return Membership._meta.get_field("project").related_model._base_manager


class RevealForm(ActForm):
    """Why a name is wanted."""

    name = "reveal"
    label = "Reveal the name"
    done = "For the next eight hours you read the name beside the pseudonym."
    can = Can.REVEAL_IDENTITIES

    reason = ReasonField()

    def act(self, reason: str) -> Membership:
        return reveal_identity(self.subject, by=self.viewer, reason=reason)


class AcknowledgeForm(ActForm):
    """What is being done about it."""

    name = "acknowledge"
    label = "Acknowledge"
    done = "It is acknowledged."
    can = Can.RESOLVE_FINDINGS

    reason = ReasonField(label="What is being done about it")

    @classmethod
    def fits(cls, subject: Anomaly) -> bool:
        return subject.state == Anomaly.State.OPEN

    def act(self, reason: str) -> Anomaly:
        return acknowledge_anomaly(self.subject, by=self.viewer, reason=reason)


class ResolveForm(ActForm):
    """What explains it."""

    name = "resolve"
    label = "Resolve"
    done = "It is resolved, and this case is not noted again."
    can = Can.RESOLVE_FINDINGS

    reason = ReasonField(label="What explains it")

    @classmethod
    def fits(cls, subject: Anomaly) -> bool:
        return subject.state != Anomaly.State.RESOLVED

    @classmethod
    def offered(cls, subject: Anomaly, viewer: User) -> bool:
        return super().offered(subject, viewer) and viewer.pk not in subject.people

    def act(self, reason: str) -> Anomaly:
        return resolve_anomaly(self.subject, by=self.viewer, reason=reason)
