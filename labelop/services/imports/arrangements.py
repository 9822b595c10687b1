"""How the marks of an item lay at each time before, so that what is set back gets its old keys back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from audit.canonical import canonical_json
from audit.history import versions_of

from ...connectors.records import Mark
from ...models import Annotation

_IDS_AT_ONCE = 500

# The marks of an item as sorted canonical texts, and {key: text} of how they lay; the latest comes last.
Arrangements = dict[tuple[str, ...], dict[str, str]]


def all_as_they_are(marks: Sequence[Mark], existing: Mapping[str, Annotation], classes: Mapping[int, str]) -> bool:
    """Whether marks without keys are those that their item has, so that there is nothing to match.

    Those with keys are matched as fast as they would be looked at here.
    """
    live = [row for row in existing.values() if not row.withdrawn]
    if len(live) != len(marks) or any(mark.cancelled or mark.key is not None for mark in marks):
        return False
    wanted = Counter(canonical_json([mark.label, mark.value]) for mark in marks)
    return wanted == Counter(canonical_json([classes[row.label_class_id], row.value]) for row in live)


def earlier_arrangements(item_ids: Sequence[int], classes: Mapping[int, str]) -> dict[int, Arrangements]:
    """For each item every set of marks it had after an act, and which key each of them had then."""
    found: dict[int, Arrangements] = {}
    for start in range(0, len(item_ids), _IDS_AT_ONCE):
        versions = versions_of(Annotation)._default_manager.filter(item_id__in=item_ids[start : start + _IDS_AT_ONCE])
        columns = ("item_id", "operation", "key", "label_class_id", "value", "withdrawn")
        in_order = versions.order_by("item_id", "history_id").values_list(*columns)
        for (item_id, _), act in groupby(in_order, key=lambda version: version[:2]):
            arrangements = found.setdefault(item_id, {})
            live = dict(next(reversed(arrangements.values()), {}))
            for _, _, key, class_id, value, withdrawn in act:
                live.pop(key, None)
                if not withdrawn:
                    live[key] = canonical_json([classes[class_id], value])
            content = tuple(sorted(live.values()))
            arrangements.pop(content, None)
            arrangements[content] = live
    return found


def keyed_as_before(marks: list[Mark], earlier: Arrangements) -> list[Mark]:
    """The same marks; when the item had just these before, each keeps the key that it had then.

    So an item that is edited and set back is as it was, also where the source gives its marks no keys.
    """
    contents = [canonical_json([mark.label, mark.value]) for mark in marks] if earlier else []
    arrangement = earlier.get(tuple(sorted(contents)))
    if arrangement is None or any(mark.key is not None for mark in marks):
        return marks
    keys: dict[str, list[str]] = {}
    for key, content in arrangement.items():
        keys.setdefault(content, []).append(key)
    return [replace(mark, key=keys[content].pop(0)) for mark, content in zip(marks, contents, strict=True)]
