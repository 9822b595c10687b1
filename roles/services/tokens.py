"""Tokens, with which tools act as an account, and the service accounts that they are for."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from knox.models import get_digest_token

from audit.acting import Actor, Refused, locked, operation
from audit.events import Event
from audit.services import record

from ..matrix import Can, Role, Scope
from ..models import Kind, Membership, Token, User
from ..selectors import role_of, sees_the_site
from .memberships import grant_role
from .permission import authorize

LONGEST = timedelta(days=366)


@operation()
def open_service_account(project: models.Model, name: str, role: Role, *, by: User, reason: str) -> Membership:
    """Open the account of a tool on a project, with a role there; nobody logs in with it, only tokens act as it."""
    project = locked(project)
    actor = authorize(by, Can.CONNECT_TOOLS, project)
    account = User(username=f"{project.slug}+{name}", kind=Kind.SERVICE)  # type: ignore[attr-defined]
    account.set_unusable_password()
    _must_be_free(account)
    account.save()
    record(Event.ACCOUNT_CREATED, account, actor, reason=reason, after=Kind.SERVICE.value)
    return grant_role(project, account, role, by=by, reason=reason)


@operation()
def issue_token(
    user: User,
    name: str,
    *,
    by: User,
    reason: str,
    scopes: Iterable[Scope],
    expiry: datetime,
    projects: Collection[models.Model] = (),
) -> tuple[Token, str]:
    """Issue a token, and tell it this once: only its hash is kept.

    It is good for some projects, or without any for all of its account. Everybody issues tokens for their own account;
    an owner for a service account on their projects; a superuser for any service account. No token issues another.
    """
    user, several = locked(user), sorted(projects, key=lambda each: each.pk)
    project = several[0] if len(several) == 1 else None
    actor = _authorize_issuing(user, by, several)
    _must_be_in_use(user)
    for each in several:
        _must_hold_a_role(user, each)
    digest, secret = get_digest_token()
    token = Token(
        user=user,
        project_id=project.pk if project else None,
        projects=[] if project else [each.pk for each in several],
        name=name.strip(),
        scopes=_checked(scopes),
        expiry=_ahead(expiry),
        issued_by=by,
        digest=digest,
        token_key=secret[:15],
    )
    token.full_clean()
    token.save()
    after = {"scopes": token.scopes, "expires": expiry.isoformat(), "kind": user.kind}
    if token.projects:
        after["projects"] = [each.slug for each in several]  # type: ignore[attr-defined]
    record(Event.TOKEN_ISSUED, token, actor, reason=reason, after=after)
    return token, secret


@operation()
def revoke_token(token: Token, *, by: User, reason: str) -> Token:
    """End a token at once: one's own, one of a project whose connections one manages, or as a superuser any."""
    token = locked(token)
    actor = _authorize_revoking(token, by)
    if token.revoked_at is not None:
        raise ValidationError("This token is revoked already.")
    return _revoke(token, actor, reason)


def revoke_tokens_of(user: User, actor: Actor, reason: str) -> None:
    """End all tokens of an account that is being closed."""
    for token in Token.objects.filter(user=user, revoked_at=None).order_by("id"):
        _revoke(locked(token), actor, reason)


def _revoke(token: Token, actor: Actor, reason: str) -> Token:
    token.revoked_at = timezone.now()
    token.save()
    record(Event.TOKEN_REVOKED, token, actor, reason=reason, before={"scopes": token.scopes})
    return token


def _authorize_issuing(user: User, by: User, projects: list[models.Model]) -> Actor:
    project = projects[0] if len(projects) == 1 else None
    if by.bounds is not None:
        raise _refused(by, project, "A token issues no tokens: issue it in the admin.")
    if user.pk == by.pk and user.is_active:
        return Actor(user, role_of(user, project) or "" if project else "")
    if user.kind != Kind.SERVICE:
        raise _refused(by, project, "A token for somebody else's account is theirs to issue.")
    actors = [authorize(by, Can.CONNECT_TOOLS, each) for each in projects]
    if project is not None:
        return actors[0]
    if projects or sees_the_site(by):
        return Actor(by)
    raise _refused(by, None, "Only a superuser issues a token that is good for every project.")


def _authorize_revoking(token: Token, by: User) -> Actor:
    if token.user_id == by.pk:
        return Actor(by, role_of(by, token.project) or "" if token.project else "")
    if token.project is not None:
        return authorize(by, Can.CONNECT_TOOLS, token.project)
    if sees_the_site(by):
        return Actor(by)
    raise _refused(by, None, "This token is somebody else's.")


def _must_be_in_use(user: User) -> None:
    if not user.is_active or user.kind == Kind.ATTRIBUTED:
        raise ValidationError({"user": "This account is not in use."})


def _must_hold_a_role(user: User, project: models.Model) -> None:
    if not user.is_superuser and role_of(user, project) is None:
        raise ValidationError({"projects": f"The account holds no role on {project}."})


def _must_be_free(account: User) -> None:
    try:
        account.full_clean(exclude=["password"])
    except ValidationError as error:
        raise ValidationError({"name": [text for texts in error.message_dict.values() for text in texts]}) from error


def _checked(scopes: Iterable[Scope]) -> list[str]:
    """Every token reads; the others in the order of the vocabulary."""
    wanted = {Scope(scope) for scope in scopes} | {Scope.READ}
    return [scope.value for scope in Scope if scope in wanted]


def _ahead(expiry: datetime) -> datetime:
    if not timezone.now() < expiry <= timezone.now() + LONGEST:
        raise ValidationError({"expiry": "A token is good until a moment ahead, at most a year from now."})
    return expiry


def _refused(by: User, project: models.Model | None, sentence: str) -> Refused:
    pk = project.pk if project else None
    return Refused(sentence, user=by, role="", asked="issue_token", project_id=pk)
