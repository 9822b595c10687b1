"""Streams: acts that let a part of the past out, and answer with it line by line."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django.core.exceptions import ValidationError
from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from audit.acting import operation
from audit.models import Entry
from roles.api.acts import ActView
from roles.api.answers import answers_to, bind
from roles.api.described import Described

from ..archive import Archive
from ..forms.streams import ExportSnapshot, LetOutForm, StreamForm
from ..pages.outside import as_file
from ..pages.review import reviewed
from ..pages.snapshot_export import ZIP, as_zip

NDJSON, HTML = "application/x-ndjson", "text/html"


class LetOutView(ActView):
    """What is let out is answered once the export stands on the trail."""

    media_type: ClassVar[str]

    def post(self, request: Request, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        row = self.subject()
        form = cast("LetOutForm", self.form_class(subject=row, viewer=self.viewer))
        bind(form, self.answers(request))
        with operation(by=self.viewer) as act:
            if not form.is_valid():
                raise ValidationError(form.errors.as_data())
            allowed = form.act(**form.cleaned_data)
        answer = self.let_out(form, allowed)
        answer["Operation"] = str(act.operation)
        answer["Cache-Control"] = "no-store"
        return answer

    def let_out(self, form: Any, allowed: Any) -> HttpResponseBase:
        """The answer, from what the form's act gave."""
        raise NotImplementedError

    def described(self, method: str) -> Described:
        form = self.form_class
        name = f"{self.collection.noun}_{form.name}".replace("-", "_")
        about = " ".join((form.__doc__ or "").split())
        return Described(name, form.label, about, self.media_type, request=answers_to(form))


class StreamView(LetOutView):
    """NDJSON, one object a line; memory stays small however much there is."""

    media_type = NDJSON

    def let_out(self, form: StreamForm, entry: Entry) -> StreamingHttpResponse:
        return StreamingHttpResponse(form.lines(entry), content_type=NDJSON)


class ArchiveView(LetOutView):
    """A snapshot as one zip, sent as it is packed."""

    media_type = ZIP

    def let_out(self, form: ExportSnapshot, archive: Archive) -> StreamingHttpResponse:
        return as_zip(archive, form)


class ReviewFileView(LetOutView):
    """The review of a snapshot, as the file of its page."""

    media_type = HTML

    def let_out(self, form: LetOutForm, entry: Entry) -> HttpResponse:
        request = self.request._request
        return as_file(request, reviewed(request, form.subject.project.slug, form.subject.number), entry)
