"""What a `labelhist/1` stream says, worked out from its lines alone and without any code of ours.

The shape is that of the real histories' `*.truth.json`, with complete lists, and with the labels themselves.
"""

import json
from collections import Counter
from typing import Any

Label = dict[str, Any]
Labels = dict[str, Label]


def truth_of(lines: list[str]) -> dict[str, Any]:
    """Each release against the one before (NET), each batch, and totals."""
    header, *events = [json.loads(line) for line in lines]
    columns = header.get("columns", [])
    now: Labels = {}
    before: Labels = {}
    since: list[dict[str, Any]] = []
    walked: dict[str, list[Label | None]] = {}
    releases = []
    for event in events:
        if event["type"] == "change":
            since.append(event)
            walked.setdefault(event["item"], [before.get(event["item"])])
            play(event, now, columns)
            walked[event["item"]].append(now.get(event["item"]))
        else:
            release = {key: event[key] for key in ("name", "rev", "ts", "items", "state_hash")}
            release |= net(before, now) | counted(since)
            release |= of_tokens(before, now, columns) if columns else of_objects(before, now, walked)
            releases.append(release | {"labels": dict(now)})
            before, since, walked = dict(now), [], {}
    changes = [event for event in events if event["type"] == "change"]
    totals = {
        "change_events": len(changes),
        "by_op": dict(Counter(event["op"] for event in changes)),
        "change_events_by_actor": dict(Counter(event["actor"] for event in changes)),
        "releases": len(releases),
        "items": len(now),
    }
    return {"corpus": header["corpus"], "releases": releases, "batches": batches(events), "totals": totals}


def play(event: dict[str, Any], now: Labels, columns: list[str]) -> None:
    if event["op"] == "remove":
        del now[event["item"]]
    elif "label" in event:
        now[event["item"]] = event["label"]
    else:
        label = json.loads(json.dumps(now[event["item"]]))
        for field in ("text", "meta", "split"):
            if field in event:
                label[field] = event[field][1]
        label["tokens"] = event.get("tokens", label["tokens"])
        for row, column, _, new in event.get("cells", []):
            label["tokens"][row][columns.index(column)] = new
        now[event["item"]] = label


def net(before: Labels, now: Labels) -> dict[str, Any]:
    added, removed = sorted(now.keys() - before.keys()), sorted(before.keys() - now.keys())
    changed = sorted(item for item in now.keys() & before.keys() if now[item] != before[item])
    return {
        "added": len(added),
        "removed": len(removed),
        "changed": len(changed),
        "unchanged": len(now) - len(added) - len(changed),
        "added_ids": added,
        "removed_ids": removed,
        "changed_ids": changed,
    }


def counted(events: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "events_since_previous": dict(Counter(event["op"] for event in events)),
        "events_since_previous_by_actor": dict(Counter(event["actor"] for event in events)),
    }


def of_tokens(before: Labels, now: Labels, columns: list[str]) -> dict[str, Any]:
    """As the real truth counts: cells and moves only in items that are cut into the same tokens as before.

    `moves_by_key` looks at all tokens whose key is in both, also in items that were cut anew.
    """
    items: Counter[str] = Counter()
    cells: Counter[str] = Counter()
    moves: Counter[str] = Counter()
    by_key: Counter[str] = Counter()
    for item in now.keys() & before.keys():
        old, new = before[item], now[item]
        items.update(field for field in ("split", "text", "meta") if old[field] != new[field])
        old_classes, new_classes = classes_by_key(old), classes_by_key(new)
        for key in old_classes.keys() & new_classes.keys():
            if old_classes[key] != new_classes[key]:
                by_key[f"{old_classes[key]}>{new_classes[key]}"] += 1
        if [row[0] for row in old["tokens"]] != [row[0] for row in new["tokens"]]:
            items["tokenization"] += 1
            continue
        touched = set()
        for old_row, new_row in zip(old["tokens"], new["tokens"], strict=True):
            for column, was, becomes in zip(columns, old_row, new_row, strict=True):
                if was != becomes:
                    touched.add(column)
                    cells[column] += 1
                    if column in ("upos", "deprel"):
                        moves[f"{column}:{was}>{becomes}"] += 1
        items.update(touched)
    counts = Counter(row[3] for label in now.values() for row in label["tokens"])
    return {
        "items_changed_by_field": dict(items),
        "cells_changed_by_field": dict(cells),
        "label_moves": dict(moves),
        "moves_by_key": dict(by_key),
        "label_counts": dict(counts),
    }


def classes_by_key(label: Label) -> dict[str, str]:
    """Token id to upos; the second token of one id stands under `id#2`."""
    classes: dict[str, str] = {}
    for row in label["tokens"]:
        turn = 1
        while (row[0] if turn == 1 else f"{row[0]}#{turn}") in classes:
            turn += 1
        classes[row[0] if turn == 1 else f"{row[0]}#{turn}"] = row[3]
    return classes


def of_objects(before: Labels, now: Labels, walked: dict[str, list[Label | None]]) -> dict[str, Any]:
    """Which object became which is open where none has an id, so `certain_moves` are not all moves.

    Certain is an object whose polygon was there exactly once, all the way from one release to the next.
    """
    items: Counter[str] = Counter()
    moves: Counter[str] = Counter()
    for item in now.keys() & before.keys():
        old, new = before[item], now[item]
        items.update(field for field in {*old, *new} if old.get(field) != new.get(field))
        for was in old["objects"]:
            path = [alone(was["seg"], label) for label in walked.get(item, [])]
            if path and path[-1] and all(path) and path[-1]["category"] != was["category"]:
                moves[f"category:{was['category']}>{path[-1]['category']}"] += 1
    counts = Counter(one["category"] for label in now.values() for one in label["objects"])
    return {
        "items_changed_by_field": dict(items),
        "certain_moves": dict(moves),
        "label_counts": dict(counts),
    }


def alone(seg: str | None, label: Label | None) -> Label | None:
    found = [one for one in (label or {"objects": []})["objects"] if one["seg"] == seg]
    return found[0] if seg and len(found) == 1 else None


def batches(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Equal revisions in a row, cut by releases."""
    found: list[dict[str, Any]] = []
    last = None
    for event in events:
        if event["type"] == "release":
            last = None
        elif event["rev"] == last:
            found[-1]["last_seq"] = event["seq"]
            found[-1]["items"].append(event["item"])
        else:
            last = event["rev"]
            kept = {key: event[key] for key in ("rev", "actor", "ts")}
            flags = {key: event.get(key, False) for key in ("merge", "baseline")}
            span = {
                "message": event.get("message") or "",
                "first_seq": event["seq"],
                "last_seq": event["seq"],
            }
            found.append(kept | flags | span | {"items": [event["item"]]})
    return found
