"""A request with an `Idempotency-Key` is done once: the same again is answered as it was, for a day.

The key is claimed before the act, and the answer kept in the act's own transaction: what was acknowledged is never
lost, and what was not is never done twice. A claim left behind by a request that died is taken over after a while; what
takes longer than that holds on to its claim.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from http import HTTPStatus
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from audit.canonical import sha256_hex

from ..models import KeptAnswer, User
from .parsing import sent_with
from .problems import Malformed, Problem

KEPT_FOR = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(minutes=2)
LONGEST = 255
TAKEN_OVER = "Another request with this Idempotency-Key took over."


@dataclass(frozen=True)
class Claim:
    """The right to do what a key stands for."""

    kept: int
    claim: uuid.UUID

    def hold(self) -> None:
        """Let nobody take it over before the transaction of the act has ended."""
        if self._mine().select_for_update(no_key=True).first() is None:
            raise Problem(HTTPStatus.CONFLICT, TAKEN_OVER)

    def keep(self, status: HTTPStatus, body: bytes, location: str) -> None:
        """Keep the answer, within the transaction of the act."""
        if not self._mine().update(status=status.value, body=body.decode(), location=location):
            raise Problem(HTTPStatus.CONFLICT, TAKEN_OVER)

    def give_up(self) -> None:
        """Leave the key free: nothing was done."""
        self._mine().delete()

    def _mine(self) -> Any:
        return KeptAnswer.objects.filter(pk=self.kept, claim=self.claim, status=None)


def claimed(request: Request, user: User) -> Claim | HttpResponse | None:
    """The claim of this request's key, the answer that was kept for it, or None where it has no key."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (1 <= len(key) <= LONGEST and key.isascii() and key.isprintable()):
        raise Malformed(f"An Idempotency-Key is 1 to {LONGEST} printable ASCII characters.")
    fingerprint = _fingerprint_of(request)
    now, claim = timezone.now(), uuid.uuid4()
    KeptAnswer.objects.filter(user=user, claimed_at__lt=now - KEPT_FOR).delete()
    try:
        with transaction.atomic():
            made = KeptAnswer.objects.create(user=user, key=key, fingerprint=fingerprint, claim=claim, claimed_at=now)
    except IntegrityError:
        return _known(KeptAnswer.objects.filter(user=user, key=key).first(), fingerprint, claim)
    return Claim(made.pk, claim)


def _known(kept: KeptAnswer | None, fingerprint: str, claim: uuid.UUID) -> Claim | HttpResponse:
    if kept is None:
        raise Problem(HTTPStatus.CONFLICT, "A request with this Idempotency-Key has only just come to nothing.")
    if kept.fingerprint != fingerprint:
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "This Idempotency-Key was used for another request.")
    if kept.status is not None:
        return _again(kept)
    now = timezone.now()
    abandoned = KeptAnswer.objects.filter(
        pk=kept.pk, claim=kept.claim, status=None, claimed_at__lt=now - GIVEN_UP_AFTER
    )
    with transaction.atomic():
        # Who holds on to a claim is at work, and not waited for.
        free = list(abandoned.select_for_update(skip_locked=True, no_key=True).values_list("pk", flat=True))
        if free and abandoned.update(claim=claim, claimed_at=now):
            return Claim(kept.pk, claim)
    raise Problem(HTTPStatus.CONFLICT, "A request with this Idempotency-Key is being done.")


def _again(kept: KeptAnswer) -> HttpResponse:
    answer = HttpResponse(kept.body, status=kept.status, content_type="application/json")
    answer["Idempotency-Replayed"] = "true"
    if kept.location:
        answer["Location"] = kept.location
    return answer


def _fingerprint_of(request: Request) -> str:
    asked = [request.method, request.get_full_path(), sent_with(request)]
    return sha256_hex(json.dumps(asked, sort_keys=True, default=_file_told))


def _file_told(file: UploadedFile) -> list[str]:
    """A file in the place of which its name and its digest stand."""
    digest = sha256()
    for piece in file.chunks():
        digest.update(piece)
    return [str(file.name), digest.hexdigest()]
