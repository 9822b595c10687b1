"""What the acts on connections with Label Studio ask."""

from __future__ import annotations

from django import forms

from roles.forms import ActForm, ListActForm, ReasonField
from roles.matrix import Can

from ..label_studio.secrets import secret_of
from ..models import Connection, Project
from ..services.connections import connect_label_studio, disconnect_label_studio, renew_connection_secret


class ConnectForm(ListActForm):
    """Which project is brought in from where. `secret` is told once, right after."""

    name, label, done = "connect", "Connect Label Studio", "Label Studio is connected."
    can = Can.CONNECT_TOOLS
    secret = ""
    address = forms.CharField(
        max_length=1000,
        widget=forms.URLInput(attrs={"placeholder": "https://label-studio.example.org/projects/3"}),
        help_text="The page of the project there. One that stands inside is named in the settings of this site first.",
    )
    reason = ReasonField()

    def act(self, project: Project, address: str, reason: str) -> Connection:
        connection = connect_label_studio(project, address, by=self.viewer, reason=reason)
        self.secret = secret_of(connection)
        return connection


class OfAConnection(ActForm):
    """An act on a connection that still stands."""

    can = Can.CONNECT_TOOLS

    @classmethod
    def fits(cls, subject: Connection) -> bool:
        return subject.removed_at is None


class RenewReceiverSecretForm(OfAConnection):
    """Why another secret is needed. `secret` is told once, right after."""

    name, label, done = "renew-secret", "Renew the secret", "The secret is renewed."
    secret = ""
    reason = ReasonField(required=False)

    def act(self, reason: str) -> Connection:
        connection = renew_connection_secret(self.subject, by=self.viewer, reason=reason)
        self.secret = secret_of(connection)
        return connection


class DisconnectForm(OfAConnection):
    """Why nothing is brought in from there any more."""

    name, label, done = "disconnect", "Disconnect", "Label Studio is disconnected; what was brought in stays."
    ending = True
    reason = ReasonField()

    def act(self, reason: str) -> Connection:
        return disconnect_label_studio(self.subject, by=self.viewer, reason=reason)


ACTS: tuple[type[ActForm], ...] = (RenewReceiverSecretForm, DisconnectForm)
