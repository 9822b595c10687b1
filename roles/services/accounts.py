"""Accounts: who exists, and who stands above the projects."""

from __future__ import annotations

import re
from hashlib import sha256

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from audit.acting import Act, Actor, locked, operation
from audit.events import Event
from audit.services import record

from ..models import Kind, Membership, User
from .memberships import revoke_role
from .permission import authorize_on_site
from .tokens import revoke_tokens_of


@operation()
def create_account(username: str, password: str, *, by: User | None, kind: Kind = Kind.PERSON) -> User:
    """Open an account; `by` is None on the command line."""
    actor = authorize_on_site(by, "create accounts")
    user = User(username=username, kind=kind)
    _set_password(user, password)
    user.full_clean()
    user.save()
    record(Event.ACCOUNT_CREATED, user, actor, after=kind.value)
    return user


@operation()
def change_password(user: User, password: str, *, by: User) -> User:
    """Give an account another password: one's own, or as a superuser somebody else's. Neither is kept on the trail."""
    user = locked(user)
    own = user.pk == by.pk and user.is_active
    actor = Actor(user) if own else authorize_on_site(by, "change passwords")
    if not user.is_active or user.kind != Kind.PERSON:
        raise ValidationError({"user": f"{user} has no password: nobody logs in with this account."})
    _set_password(user, password)
    user.save()
    record(Event.ACCOUNT_PASSWORD_CHANGED, user, actor)
    return user


@operation()
def service_account(username: str) -> User:
    """The account of a command of ours, made at its first use; nobody can log in with it."""
    existing = User.objects.filter(username=username).first()
    if existing is not None:
        if existing.kind != Kind.SERVICE:
            raise ValidationError({"as": f"{username} is somebody's account, not a service account."})
        return existing
    return _without_password(username, Kind.SERVICE)


@operation()
def operator_account() -> User:
    """The account of whoever runs our commands without naming one: it stands above the projects, and says so."""
    operator = service_account("operator")
    if not operator.is_superuser:
        operator = grant_superuser(operator, by=None, reason="Whoever runs commands here holds the database anyway")
    return operator


@operation()
def stand_in_for(name: str, *, slug: str) -> User:
    """The account to which an imported history's acts by `name` are attributed: `slug/name`, without login."""
    username = slug + "/" + re.sub(r"[^\w.@+-]", "_", name)
    if username != f"{slug}/{name}" or len(username) > 150:
        # Another name may look alike once it is made to fit.
        username = f"{username[:141]}-{sha256(name.encode()).hexdigest()[:8]}"
    existing = User.objects.filter(username=username).first()
    return existing or _without_password(username, Kind.ATTRIBUTED)


@operation()
def grant_superuser(user: User, *, by: User | None, reason: str) -> User:
    """Let somebody act anywhere; each such act outside a membership is recorded as an override."""
    user = locked(user)
    actor = authorize_on_site(by, "grant superuser rights")
    if user.is_superuser:
        raise ValidationError({"user": f"{user} is a superuser already."})
    if not user.is_active or user.kind == Kind.ATTRIBUTED:
        raise ValidationError({"user": f"{user} cannot be a superuser: the account is not in use."})
    user.is_superuser = user.is_staff = True
    user.save()
    record(Event.ACCOUNT_SUPERUSER_GRANTED, user, actor, reason=reason)
    return user


@operation()
def revoke_superuser(user: User, *, by: User | None, reason: str) -> User:
    """Take superuser rights back."""
    user = locked(user)
    actor = authorize_on_site(by, "revoke superuser rights")
    if not user.is_superuser:
        raise ValidationError({"user": f"{user} is no superuser."})
    user.is_superuser = user.is_staff = False
    user.save()
    record(Event.ACCOUNT_SUPERUSER_REVOKED, user, actor, reason=reason)
    return user


@operation()
def deactivate_account(user: User, *, by: User, reason: str) -> User:
    """Close an account and end its roles; a project whose last owner it is must find another first."""
    user = locked(user)
    actor = authorize_on_site(by, "deactivate accounts")
    if not user.is_active:
        raise ValidationError({"user": f"{user} is deactivated already."})
    for membership in Membership.objects.filter(user=user, ended_at=None).select_related("project"):
        revoke_role(membership, by=by, reason=reason)
    revoke_tokens_of(user, actor, reason)
    user.is_active = False
    user.save()
    record(Event.ACCOUNT_DEACTIVATED, user, actor, reason=reason)
    return user


@operation()
def record_superusers_of_the_command_line(act: Act) -> list[User]:
    """Put on the trail whom `createsuperuser` has made in this act."""
    made = list(User.objects.filter(pk__in=User.history.filter(operation=act.operation, history_type="+").values("id")))
    for user in made:
        record(Event.ACCOUNT_CREATED, user, Actor(None), after=user.kind)
        record(Event.ACCOUNT_SUPERUSER_GRANTED, user, Actor(None), reason="createsuperuser on the command line")
    return made


@operation()
def record_password_of_the_command_line(username: str) -> User:
    """Put on the trail whose password `changepassword` has changed in this act."""
    user = User.objects.get(username=username)
    record(Event.ACCOUNT_PASSWORD_CHANGED, user, Actor(None))
    return user


def _set_password(user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)


def _without_password(username: str, kind: Kind) -> User:
    user = User(username=username, kind=kind)
    user.set_unusable_password()
    user.save()
    record(Event.ACCOUNT_CREATED, user, Actor(None), after=kind.value)
    return user
