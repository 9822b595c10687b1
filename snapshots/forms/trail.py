"""What an export of the trail asks, and how a question to it is asked in a form."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.query import LONGEST, Query, Wrong, parse
from roles.forms import ReasonForm


class QueryField(forms.CharField):
    """A question to the trail, in its own language."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "As the trail is asked: impact:high theme:access -event:annotation.saved")
        super().__init__(max_length=LONGEST, **options)

    def clean(self, value: Any) -> Query:
        try:
            return parse(super().clean(value))
        except Wrong as wrong:
            raise ValidationError(f"{wrong.sentence} At character {wrong.at + 1}.", "query") from None


class ExportForm(ReasonForm):
    """In which form, and why."""

    field_order = ("form", "reason")
    form = forms.ChoiceField(
        label="Format",
        choices=[("csv", "CSV, for spreadsheets"), ("ndjson", "NDJSON, one JSON object a line, for programs")],
    )
