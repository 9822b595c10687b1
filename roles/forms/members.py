"""What the acts on a team ask, one by one; the page of access asks the same."""

from __future__ import annotations

from typing import Any

from ..matrix import Can, Role
from ..models import Membership, User
from ..services import change_role, grant_role, reveal_identities, revoke_role
from . import ActForm, ChangeRoleForm, GrantRoleForm, ReasonField


class GrantRole(ActForm, GrantRoleForm):
    name, label, done = "grant-role", "Grant a role", "The role is granted."
    can = Can.MANAGE_ROLES

    def act(self, user: User, role: Role, reason: str, valid_until: Any) -> Membership:
        return grant_role(self.subject, user, role, by=self.viewer, reason=reason, valid_until=valid_until)


class ChangeRole(ActForm, ChangeRoleForm):
    name, label, done = "change", "Change the role", "The role is changed."
    can = Can.MANAGE_ROLES

    def act(self, role: Role, reason: str) -> Membership:
        return change_role(self.subject, role, by=self.viewer, reason=reason)


class EndRole(ActForm):
    name, label, done = "end", "End the role", "The role has ended."
    can, ending = Can.MANAGE_ROLES, True
    reason = ReasonField()

    def act(self, reason: str) -> Membership:
        return revoke_role(self.subject, by=self.viewer, reason=reason)


class RevealNames(ActForm):
    """The names of everybody on a project's trail."""

    name, label = "reveal-names", "Reveal all names"
    done = "For the next eight hours you read the names beside the pseudonyms."
    can = Can.REVEAL_IDENTITIES
    reason = ReasonField()

    def act(self, reason: str) -> Any:
        return reveal_identities(self.subject, by=self.viewer, reason=reason)
