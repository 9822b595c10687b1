"""An entry as it leaves the building: a CloudEvents 1.0 event in JSON (structured mode)."""

from __future__ import annotations

import json
from typing import Any

from django.db import models

from audit.models import Entry

from .telling import Pseudonyms, entry_as_dict

CONTENT_TYPE = "application/cloudevents+json; charset=utf-8"


def message_id(entry: Entry) -> str:
    """The same for every try, and found nowhere else: an entry's number alone is another site's as well."""
    return f"{entry.operation}-{entry.pk}"


def envelope(entry: Entry, project: models.Model, pseudonyms: Pseudonyms) -> bytes:
    """What a receiver reads. People are told as role and number; to name them is not for a webhook."""
    slug = project.slug  # type: ignore[attr-defined]
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": message_id(entry),
        "source": f"/projects/{slug}/",
        "type": f"labelop.{entry.event}",
        "time": entry.at.isoformat(),
        "datacontenttype": "application/json",
        "data": {**entry_as_dict(entry, pseudonyms), "operation": str(entry.operation), "project": slug},
    }
    if entry.subject_type and entry.subject_id is not None:
        event["subject"] = f"{entry.subject_type}/{entry.subject_id}"
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
