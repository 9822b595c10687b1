"""Streams: acts that let a part of the past out, and answer with it line by line."""

from __future__ import annotations

from typing import Any, cast

from django.core.exceptions import ValidationError
from django.http import StreamingHttpResponse
from rest_framework.request import Request

from audit.acting import operation
from audit.models import Entry
from roles.api.acts import ActView
from roles.api.answers import answers_to, bind
from roles.api.described import Described

from ..forms.streams import StreamForm

NDJSON = "application/x-ndjson"


class StreamView(ActView):
    """NDJSON, one object a line, once the export stands on the trail; memory stays small however much there is."""

    def post(self, request: Request, **kwargs: Any) -> StreamingHttpResponse:  # type: ignore[override]
        row = self.subject()
        form = cast("StreamForm", self.form_class(subject=row, viewer=self.viewer))
        bind(form, self.answers(request))
        with operation(by=self.viewer) as act:
            if not form.is_valid():
                raise ValidationError(form.errors.as_data())
            entry = cast("Entry", form.act(**form.cleaned_data))
        answer = StreamingHttpResponse(form.lines(entry), content_type=NDJSON)
        answer["Operation"] = str(act.operation)
        answer["Cache-Control"] = "no-store"
        return answer

    def described(self, method: str) -> Described:
        form = self.form_class
        name = f"{self.collection.noun}_{form.name}".replace("-", "_")
        about = " ".join((form.__doc__ or "").split())
        return Described(name, form.label, about, NDJSON, request=answers_to(form))
