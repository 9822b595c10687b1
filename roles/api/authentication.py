"""Who asks: a token in the header `Authorization: Bearer …`, or the session of the admin."""

from __future__ import annotations

from hmac import compare_digest

from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxAuthentication
from knox.crypto import hash_token
from rest_framework.authentication import SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed

from audit.acting import name_token

from ..models import Token, User

# By so many first characters a token is looked up; the rest only its hash tells.
FOUND_BY = 15
LONGEST = 200


class TokenAuthentication(KnoxAuthentication):
    """Knox reads the header; it would delete what has expired, and here nothing is deleted."""

    def authenticate_credentials(self, token: bytes) -> tuple[User, Token]:
        found = _token_in_force(token.decode("ascii", "replace"))
        if found is None:
            # SECURITY: one text for what never was a token, was revoked, has expired, or is of a closed account.
            raise AuthenticationFailed("This token is not valid.")
        _note_its_use(found)
        user: User = found.user
        user.bounds = found.bounds
        name_token(found.name)
        return user, found


class MemberSession(SessionAuthentication):
    """The session of the admin; what is sent with it needs Django's CSRF token."""


def _token_in_force(secret: str) -> Token | None:
    if len(secret) > LONGEST:
        return None
    digest = hash_token(secret)
    candidates = Token.objects.in_force().filter(token_key=secret[:FOUND_BY]).select_related("user")
    return next((token for token in candidates if compare_digest(digest, token.digest)), None)


def _note_its_use(token: Token) -> None:
    today = timezone.now().date()
    if token.last_used_on != today:
        Token.objects.filter(pk=token.pk).update(last_used_on=today)
