"""What a format would hold of a snapshot, told before it is written, from one mark of each of its classes."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from labelop.drawing.shapes import shape_of
from labelop.models import Annotation, LabelClass

from ..content import State
from ..models import Snapshot
from . import OBSTACLES, Format

MOST_NAMED = 8


@dataclass(frozen=True)
class Outlook:
    """A format, and in words what it would hold."""

    form: Format
    sentence: str


def outlooks_of(snapshot: Snapshot) -> list[Outlook]:
    """What each format would hold of the marks of a sealed snapshot; the cost grows with its classes alone."""
    counted: dict[str, int] = snapshot.sealed("counts")["annotations"]
    examples = _examples(snapshot, counted)
    return [Outlook(form, _sentence(form, counted, examples)) for form in Format]


def _examples(snapshot: Snapshot, counted: dict[str, int]) -> dict[str, Annotation]:
    """By the key that a class had in the snapshot, some mark that has it today."""
    keys = {pk: version.key for pk, version in State(snapshot.project_id, snapshot.cut).classes.items()}
    some = Annotation.objects.filter(label_class=OuterRef("pk")).order_by().values("pk")[:1]
    marked = LabelClass.objects.filter(pk__in=[pk for pk, key in keys.items() if key in counted])
    chosen = marked.annotate(mark=Subquery(some)).values_list("mark", flat=True)
    found = Annotation.objects.filter(pk__in=[pk for pk in chosen if pk]).select_related("item")
    return {keys[mark.label_class_id]: mark for mark in found}


def _sentence(form: Format, counted: dict[str, int], examples: dict[str, Annotation]) -> str:
    if not counted:
        return "its items; there are no marks."
    left_out: defaultdict[str, list[str]] = defaultdict(list)
    for key in sorted(counted):
        mark = examples.get(key)
        why = OBSTACLES[form](mark.value, shape_of(mark.value), mark.item.data) if mark else ""
        if why:
            left_out[why].append(key)
    without = sum(map(len, left_out.values()))
    if not without:
        return "the marks of all its classes."
    held = "no mark at all" if without == len(counted) else f"the marks of {len(counted) - without} of its classes"
    return ". ".join([held, *(_left_out(why, keys, counted) for why, keys in left_out.items())]) + "."


def _left_out(why: str, keys: list[str], counted: dict[str, int]) -> str:
    named = ", ".join(keys[:MOST_NAMED]) + (f" and {len(keys) - MOST_NAMED} more" if len(keys) > MOST_NAMED else "")
    marks = sum(counted[key] for key in keys)
    return f"Left out of {named} ({marks:,} mark{'s' * (marks != 1)}): {why}"
