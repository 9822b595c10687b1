"""Acts: a form of the admin as an endpoint. What it asks is the body, and what it made or changed is the answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, get_type_hints

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpResponse
from rest_framework import serializers
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from audit.acting import locked, operation

from ..forms import ActForm, project_of
from ..services import authorize
from .answers import Answers, answers_to, bind, takes_files
from .collections import Collection, CollectionView, RowsView, etag_of
from .described import Described
from .idempotency import Claim, claimed
from .parsing import UploadParser, sent_with
from .problems import Problem
from .rows import address_of

Collections = Mapping[type[Model], Collection]


class ActsView(CollectionView):
    """What all acts have in common: done once, in one operation, and told with its number."""

    form_class: type[ActForm]
    collections: Collections = {}

    def post(self, request: Request, **kwargs: Any) -> HttpResponse:
        row = self.subject()
        answers = self.answers(request)
        claim = claimed(request, self.viewer)
        if isinstance(claim, HttpResponse):
            return claim
        try:
            return self._act(row, answers, claim)
        except BaseException:
            if claim is not None:
                claim.give_up()
            raise

    def subject(self) -> Any:
        """The row to act on, for somebody who may; None where something is begun."""
        raise NotImplementedError

    def get_parsers(self) -> list[BaseParser]:
        return [UploadParser()] if takes_files(self.form_class) else super().get_parsers()

    def answers(self, request: Request) -> dict[str, Any]:
        checked: Answers = answers_to(self.form_class)(data=sent_with(request))
        return checked.checked()

    def _act(self, row: Any, answers: dict[str, Any], claim: Claim | None) -> HttpResponse:
        form = self.form_class(subject=row, viewer=self.viewer)
        if form.alone:
            made = self._done(form, answers)
            return self._answer(form, made, form.operation_of(made), claim)
        if form.several:
            with transaction.atomic():
                if claim is not None:
                    claim.hold()
                self._must_match(row)
                made = self._done(form, answers)
                return self._answer(form, made, form.operation_of(made), claim)
        with operation(by=self.viewer) as act:
            self._must_match(row)
            return self._answer(form, self._done(form, answers), act.operation, claim)

    def _done(self, form: ActForm, answers: dict[str, Any]) -> Model:
        """What the act made or changed."""
        bind(form, answers)
        if not form.is_valid():
            raise ValidationError(form.errors.as_data())
        return form.act(**form.cleaned_data)

    def _must_match(self, row: Any) -> None:
        """Refuse when the row is not any more what its `ETag` was made of."""
        wanted = self.request.headers.get("If-Match")
        if wanted is None or row is None:
            return
        project = project_of(row)
        locked(project if project is not None else row)
        now = etag_of(self.collection.told(self.row(), self.request))
        if wanted.strip() != "*" and now not in [tag.strip() for tag in wanted.split(",")]:
            raise Problem(HTTPStatus.PRECONDITION_FAILED, "The row has changed since it was read.")

    def _answer(self, form: ActForm, made: Model, operation_id: uuid.UUID | None, claim: Claim | None) -> HttpResponse:
        collection = self.collections[type(made)]
        # What one has just given away one may not see any more.
        row = collection.visible_to(self.viewer).filter(pk=made.pk).first()
        told = {
            "operation": str(operation_id) if operation_id else None,
            "url": address_of(row) if row is not None else None,
            "row": collection.told(row, self.request) if row is not None else None,
            **(form.told or {}),
        }
        secret = {} if form.secret is None else {"secret": form.secret}
        status = HTTPStatus.CREATED if self.makes else HTTPStatus.OK
        location = str(told["url"] or "") if self.makes else ""
        if claim is not None:
            # SECURITY: a secret is told once, and kept nowhere.
            claim.keep(status, JSONRenderer().render({**told, **dict.fromkeys(secret)}), location)
        answer = HttpResponse(JSONRenderer().render({**told, **secret}), status=status, content_type="application/json")
        if secret:
            answer["Cache-Control"] = "no-store"
        if location:
            answer["Location"] = location
        return answer

    def described(self, method: str) -> Described:
        form, noun = self.form_class, self.collection.noun
        name = f"{noun}_{form.name}".replace("-", "_")
        headers = {"Idempotency-Key": "The same request with the same key is done once, and answered again for a day."}
        if isinstance(self, ActView):
            headers["If-Match"] = "The `ETag` of the row as it was read: 412 is answered where it has changed."
        status = HTTPStatus.CREATED if self.makes else HTTPStatus.OK
        made = self.collections[self.made_model]
        about = " ".join((form.__doc__ or "").split()) or form.done
        done = done_of(made, form.secret is not None)
        also = (HTTPStatus.REQUEST_ENTITY_TOO_LARGE,) if takes_files(form) else ()
        return Described(name, form.label, about, done, status, answers_to(form), headers, form.tells, also)

    @property
    def made_model(self) -> type[Model]:
        """The model of what the act gives back, as its form says."""
        said = get_type_hints(self.form_class.act)["return"]
        # A floor that does not know the model of the row gives the row itself back.
        return self.collection.model if said is Any else said

    @property
    def makes(self) -> bool:
        """Whether something new comes of it."""
        return self.made_model is not self.collection.model and not self.form_class.ending


class ActView(ActsView):
    """One act on one row."""

    def subject(self) -> Any:
        row = self.row()
        project = project_of(row)
        # What belongs to the site only superusers see; its services ask again.
        if project is not None:
            authorize(self.viewer, self.form_class.can, project)
        return row


class BeginView(ActsView):
    """An act that begins something."""

    @property
    def makes(self) -> bool:
        return True

    def subject(self) -> None:
        if not self.form_class.offered(None, self.viewer):
            raise Http404


class RowsOrCreateView(RowsView, BeginView):
    """The rows of a collection, and the act that makes one."""

    def described(self, method: str) -> Described:
        return RowsView.described(self, method) if method == "GET" else BeginView.described(self, method)


@cache
def done_of(collection: Collection, secret: bool) -> type[serializers.Serializer]:
    """What an act answers: the number of its operation, the row as it is now, and of some acts a secret."""
    fields = {
        "operation": serializers.UUIDField(allow_null=True, help_text="The number of the act on the trail."),
        "url": serializers.CharField(allow_null=True, help_text="Where the row is found."),
        "row": collection.serializer(allow_null=True),
    }
    if secret:
        fields["secret"] = serializers.CharField(allow_null=True, help_text="Told once; null where it was told before.")
    name = f"{collection.model.__name__}{'AndSecret' if secret else ''}Done"
    return type(name, (serializers.Serializer,), fields)
