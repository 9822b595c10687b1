"""What an export of the trail asks."""

from __future__ import annotations

from django import forms

from roles.forms import ReasonForm


class ExportForm(ReasonForm):
    """In which form, and why."""

    field_order = ("form", "reason")
    form = forms.ChoiceField(
        label="Format",
        choices=[("csv", "CSV, for spreadsheets"), ("ndjson", "NDJSON, one JSON object a line, for programs")],
    )
