"""What the acts on webhooks and their deliveries ask."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from audit.events import Event, Impact, Theme
from audit.models import Delivery, Webhook
from audit.webhooks.signing import secret_of
from roles.forms import ActForm, ListActForm, ReasonField
from roles.matrix import Can, Role
from roles.services.webhooks import (
    WITHOUT_A_ROLE,
    Wanted,
    add_webhook,
    change_webhook,
    remove_webhook,
    renew_secret,
    resend,
    switch_off,
    switch_on,
)

from ..models import Project

ROLES = {**{role.value: str(role.label) for role in Role}, WITHOUT_A_ROLE: "Without a role"}
# An empty value would be taken for no choice at all.
_NONE = "none"


def _events_by_theme() -> list[tuple[str, list[tuple[str, str]]]]:
    return [
        (str(theme.label), [(event.value, str(event.label)) for event in Event if event.theme is theme])
        for theme in Theme
    ]


class _Described(forms.Form):
    """What a webhook is, and what it is told of."""

    title = forms.CharField(label="Name", max_length=100)
    address = forms.CharField(
        max_length=1000,
        widget=forms.URLInput(attrs={"placeholder": "https://hooks.example.org/labelop"}),
        help_text="Begins with https:// and leads to a public host. What answers is asked for its status alone.",
    )
    least_impact = forms.TypedChoiceField(
        label="Tell of entries of", choices=[(3, "high impact"), (2, "medium impact and above"), (1, "any impact")],
        coerce=lambda value: Impact(int(value)), initial=2,
    )  # fmt: skip
    events = forms.MultipleChoiceField(
        label="Of these events alone",
        required=False,
        choices=_events_by_theme,
        widget=forms.SelectMultiple(attrs={"size": 10}),
        help_text="Choose none for all of them.",
    )
    roles = forms.MultipleChoiceField(
        label="Of acts in these roles alone",
        required=False,
        choices=[(role or _NONE, label) for role, label in ROLES.items()],
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none for all. LabelOp itself, superusers and unexplained changes act without a role.",
    )
    reason = ReasonField()


def _wanted(least_impact: Impact, events: Iterable[str], roles: Iterable[str]) -> Wanted:
    return Wanted(least_impact, events, [WITHOUT_A_ROLE if role == _NONE else role for role in roles])


class AddWebhookForm(_Described, ListActForm):
    """Who is to be told of what. `secret` is told once, right after."""

    name, label, done = "add", "Add webhook", "The webhook is added."
    can = Can.CONNECT_TOOLS
    secret = ""
    field_order = ("project", "title")

    def act(
        self, project: Project, title: str, address: str, reason: str, least_impact: Impact, events: list[str],
        roles: list[str],
    ) -> Webhook:  # fmt: skip
        wanted = _wanted(least_impact, events, roles)
        webhook = add_webhook(project, title, address, by=self.viewer, reason=reason, wanted=wanted)
        self.secret = secret_of(webhook)
        return webhook


class OfAWebhook(ActForm):
    """An act on a webhook that is still there."""

    can = Can.CONNECT_TOOLS

    @classmethod
    def fits(cls, subject: Webhook) -> bool:
        return subject.removed_at is None


class ChangeWebhookForm(_Described, OfAWebhook):
    """Another name, address or filters."""

    name, label, done = "change", "Change", "The webhook is changed."

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {
            "title": self.subject.name,
            "address": self.subject.address,
            "least_impact": self.subject.least_impact,
            "events": self.subject.events,
            "roles": [role or _NONE for role in self.subject.roles],
        }

    def act(
        self, title: str, address: str, reason: str, least_impact: Impact, events: list[str], roles: list[str]
    ) -> Webhook:
        wanted = _wanted(least_impact, events, roles)
        return change_webhook(self.subject, title, address, by=self.viewer, reason=reason, wanted=wanted)


class RenewSecretForm(OfAWebhook):
    """Why another secret is needed. `secret` is told once, right after."""

    name, label, done = "renew-secret", "Renew the secret", "The secret is renewed."
    secret = ""
    reason = ReasonField(required=False)

    def act(self, reason: str) -> Webhook:
        webhook = renew_secret(self.subject, by=self.viewer, reason=reason)
        self.secret = secret_of(webhook)
        return webhook


class SwitchOffForm(OfAWebhook):
    """Why nothing is to be told for now."""

    name, label, done = "switch-off", "Switch off", "The webhook is told nothing for now."
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Webhook) -> bool:
        return super().fits(subject) and subject.active

    def act(self, reason: str) -> Webhook:
        return switch_off(self.subject, by=self.viewer, reason=reason)


class SwitchOnForm(OfAWebhook):
    """Why it is to be told again."""

    name, label, done = "switch-on", "Switch on", "The webhook is told again, of what waited for it first."
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Webhook) -> bool:
        return super().fits(subject) and not subject.active

    def act(self, reason: str) -> Webhook:
        return switch_on(self.subject, by=self.viewer, reason=reason)


class RemoveWebhookForm(OfAWebhook):
    """Why it is told nothing any more."""

    name, label, done = "remove", "Remove", "The webhook is removed; its past stays."
    ending = True
    reason = ReasonField()

    def act(self, reason: str) -> Webhook:
        return remove_webhook(self.subject, by=self.viewer, reason=reason)


class ResendForm(ActForm):
    """Why a delivery is to be tried again."""

    name, label, done = "resend", "Send again", "It waits to be sent again."
    can = Can.CONNECT_TOOLS
    reason = ReasonField(required=False)

    @classmethod
    def fits(cls, subject: Delivery) -> bool:
        return subject.state == Delivery.State.DEAD and subject.webhook.removed_at is None

    def act(self, reason: str) -> Delivery:
        return resend(self.subject, by=self.viewer, reason=reason)


ACTS: tuple[type[ActForm], ...] = (
    ChangeWebhookForm,
    RenewSecretForm,
    SwitchOffForm,
    SwitchOnForm,
    RemoveWebhookForm,
)
