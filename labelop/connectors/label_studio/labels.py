"""The labels that the label config of a project defines."""

from __future__ import annotations

import re
from typing import Any

from ..errors import BadField
from ..fields import mapping, sequence, text
from ..records import ClassRecord

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
# Its choices are paths, of which the config tells the steps alone.
_PATHS = "Taxonomy"


def labels_in(project: dict[str, Any]) -> dict[str, ClassRecord] | None:
    """Each label by name, as the project's parsed config tells them; None where that is not told or not understood."""
    try:
        controls = mapping(project.get("parsed_label_config"), "parsed_label_config")
        found: dict[str, ClassRecord] = {}
        for control in controls.values():
            if mapping(control, None).get("type") != _PATHS:
                attributes = mapping(control.get("labels_attrs") or {}, None)
                for one in sequence(control.get("labels") or [], None):
                    label = text(one, None)
                    found[label] = ClassRecord(label, _colour(attributes.get(label)))
    except BadField:
        return None
    return {label: record for label, record in found.items() if label}


def _colour(attributes: object) -> str:
    told = attributes.get("background") if isinstance(attributes, dict) else None
    return told.lower() if isinstance(told, str) and _COLOUR.fullmatch(told) else ""
