"""Hold LabelOp against a real Label Studio, by hand: `python -m tests.live.label_studio --report report.json`.

Label Studio gets an environment of its own, unless `--label-studio` names an executable. Annotators edit and delete
each other's work through its API, while its webhooks go to a LabelOp beside it, which pulls now and then. For a fifth
of the time the webhooks are switched off. Afterwards all it holds must be what LabelOp holds, every difference between
two snapshots explained, and nobody named for what somebody else did.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from .people import LABELS, People, config
from .servers import VERSION, LabelOp, LabelStudio, label_studio_made_in, running

SLUG = "texts"
NAMES = ("anna", "ben", "rita")
PULLS = 5


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--label-studio", type=Path, help=f"its executable; else {VERSION} is installed")
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, required=True, help="a JSON file; a page beside it says the same")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), options.label_studio, options.seconds, options.seed)
    options.report.write_text(json.dumps(report, indent=1))
    options.report.with_suffix(".md").write_text(page := as_page(report))
    sys.stdout.write(page)
    return 0 if report["holds"] else 1


def run(folder: Path, executable: Path | None, seconds: float, seed: int) -> dict[str, Any]:
    studio = LabelStudio(folder)
    command = studio.command(executable or label_studio_made_in(folder))
    with running(command, studio.environment(), folder / "label-studio.log", f"{studio.address}/health"):
        labelop = LabelOp(folder, studio)
        labelop.manage("migrate", "--verbosity", "0")
        with running(labelop.command(), labelop.environment, folder / "labelop.log", labelop.address):
            people = settle_in(studio, seed)
            return story(people, labelop, seconds)


def settle_in(studio: LabelStudio, seed: int) -> People:
    for who in NAMES:
        studio.join(who)
    studio.learn_numbers()
    made = studio.ask("owner", "POST", "/api/projects/", {"title": "Texts", "label_config": config(*LABELS)})
    return People(studio, made["id"], NAMES, random.Random(seed))


def story(people: People, labelop: LabelOp, seconds: float) -> dict[str, Any]:
    studio = people.studio
    page = f"{studio.address}/projects/{people.project}"
    connected = labelop.manage("connect_label_studio", page, "--project", SLUG, "--reason", "Its work", "--json")
    hook = {
        "project": people.project,
        "url": labelop.address + connected["receiver"],
        "headers": {connected["header"]: connected["secret"]},
        "send_payload": True,
        "send_for_all_actions": True,
    }
    webhook = studio.ask("owner", "POST", "/api/webhooks/", hook)["id"]
    people.add_tasks("owner", 30, 5)
    pulls = [pulled(labelop, page)]
    labelop.manage("take_snapshot", SLUG, "before", "--purpose", "routine", "--json")
    begun = time.monotonic()
    for part in range(PULLS):
        # Nothing is told of what happens in the last part but one.
        people.hooks_on = part != PULLS - 2
        studio.ask("owner", "PATCH", f"/api/webhooks/{webhook}/", {**hook, "is_active": people.hooks_on})
        if part == 1:
            people.change_schema("owner", *LABELS, "DATE")
        if part == PULLS - 1:
            people.change_schema("owner", *LABELS[:2], "DATE")
        while time.monotonic() < begun + seconds * (part + 1) / PULLS:
            people.do_something()
        pulls.append(pulled(labelop, page))
    again = pulled(labelop, page)
    labelop.manage("take_snapshot", SLUG, "after", "--purpose", "routine", "--json")
    reconciled = labelop.manage("reconcile", SLUG, "before", "after", "--full", "--json")
    differences = labelop.manage("differences", SLUG, "before", "after", "--json")
    return told(people, labelop, pulls, again, reconciled, differences, time.monotonic() - begun)


def pulled(labelop: LabelOp, page: str) -> dict[str, Any]:
    report: dict[str, Any] = labelop.manage("pull_label_studio", page, "--project", SLUG, "--json")
    return report


def told(
    people: People,
    labelop: LabelOp,
    pulls: list[dict[str, Any]],
    again: dict[str, Any],
    reconciled: dict[str, Any],
    differences: dict[str, Any],
    seconds: float,
) -> dict[str, Any]:
    os.environ.update(labelop.environment)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "labelop.settings")
    import django

    django.setup()
    unequal = unequal_objects(people.export(), people)
    names = attributions(people)
    nothing = not any(again[key] for key in ("added", "changed", "removed", "only_told", "left_out"))
    sums = {key: sum(one[key] for one in pulls) for key in ("added", "changed", "removed", "only_told")}
    return {
        "label_studio": VERSION,
        "seconds": round(seconds),
        "deeds": dict(Counter(deed.what for deed in people.diary).most_common()),
        "deeds_refused": people.refused,
        "pulls": pulls,
        "sums": sums,
        "a_last_pull_changes_nothing": nothing,
        "objects": unequal,
        "named": names,
        "entries_by_source": entries_by_source(),
        "reconciled": {key: value for key, value in reconciled.items() if not isinstance(value, list)},
        "findings": len(reconciled.get("findings", [])),
        "differences": {key: len(differences[key]) for key in ("added", "removed", "changed")},
        "tokens_in_the_database": tokens_found(people, labelop),
        "holds": bool(
            nothing
            and not any(unequal["unequal"].values())
            and not names["wrong"]
            and not names["missing_although_told"]
            and not reconciled["unexplained"]
            and not reconciled["out_of_step"]
            and not tokens_found(people, labelop)
        ),
        "diary": [asdict(deed) for deed in people.diary],
    }


def unequal_objects(exported: list[dict[str, Any]], people: People) -> dict[str, Any]:
    """Every task, annotation, region and label of Label Studio's own export held against what stands here."""
    from labelop.models import Annotation, Item, LabelClass

    here: dict[str, Any] = {"tasks": {}, "annotations": {}, "regions": {}}
    for item in Item.objects.filter(excluded=False):
        here["tasks"][item.key] = item.data
        for one in item.metadata["label_studio"]["annotations"]:
            here["annotations"][str(one["id"])] = [item.key, *_of_an_annotation(one)]
    for row in Annotation.objects.in_the_dataset().select_related("label_class"):
        here["regions"][row.key] = [row.label_class.key, row.value.get("start"), row.value.get("end")]
    there: dict[str, Any] = {"tasks": {}, "annotations": {}, "regions": {}}
    for task in exported:
        there["tasks"][str(task["id"])] = task["data"]
        for one in task["annotations"]:
            there["annotations"][str(one["id"])] = [str(task["id"]), *_of_an_annotation(one)]
            if not one["was_cancelled"]:
                there["regions"].update(_regions_of(one))
    here["labels"] = dict.fromkeys(LabelClass.objects.filter(deprecated=False).values_list("key", flat=True), True)
    there["labels"] = dict.fromkeys((*people.labels, "calm", "loud"), True)
    unequal = {
        kind: len(
            [key for key in here[kind].keys() | there[kind].keys() if here[kind].get(key) != there[kind].get(key)]
        )
        for kind in there
    }
    return {"compared": {kind: len(there[kind]) for kind in there}, "unequal": unequal}


def _of_an_annotation(one: dict[str, Any]) -> list[Any]:
    plain = ("completed_by", "updated_by", "was_cancelled", "ground_truth", "created_at", "updated_at", "lead_time")
    return [one[key] for key in plain]


def _regions_of(annotation: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for region in annotation["result"]:
        value = region["value"]
        (label,) = value.get("labels") or value["choices"]
        found[f"{annotation['id']}/{region['id']}"] = [label, value.get("start"), value.get("end")]
    return found


def attributions(people: People) -> dict[str, int]:
    """Whom the trail names for each saving in the diary, held against who it was."""
    from audit.models import Entry

    found: Counter[str] = Counter(right=0, wrong=0, missing_although_told=0, missing_while_nothing_was_told=0)
    for deed in people.diary:
        if deed.annotation is None:
            continue
        entries = Entry.objects.filter(at=datetime.fromisoformat(deed.at)).exclude(attributed_to=None)
        names = {str(entry.attributed_to) for entry in entries.select_related("attributed_to")}
        if names:
            found["right" if names == {f"{SLUG}/user-{people.studio.numbers[deed.who]}"} else "wrong"] += 1
        else:
            found["missing_although_told" if deed.hooks_on else "missing_while_nothing_was_told"] += 1
    return dict(found)


def entries_by_source() -> dict[str, int]:
    from audit.models import Entry

    sources = Entry.objects.exclude(source="").values_list("source", flat=True)
    return dict(Counter(source.split(" ", 2)[2] for source in sources).most_common())


def tokens_found(people: People, labelop: LabelOp) -> int:
    """How many secrets of Label Studio stand anywhere in the file of the database."""
    path = Path(labelop.environment["DATABASE_URL"].removeprefix("sqlite:///"))
    stored = b"".join(one.read_bytes() for one in path.parent.glob(path.name + "*"))
    project = people.studio.ask("owner", "GET", f"/api/projects/{people.project}/").get("token") or ""
    secrets = [*people.studio.tokens.values(), project, "@example.test"]
    return sum(secret.encode() in stored for secret in secrets if secret)


def as_page(report: dict[str, Any]) -> str:
    came_out = "all holds" if report["holds"] else "FAILED"
    rows = [
        f"# Label Studio {report['label_studio']}, {report['seconds']} s: {came_out}\n",
        "| | |\n| --- | --- |",
        *(f"| {what} | {many} |" for what, many in report["deeds"].items()),
        *(f"| objects compared: {kind} | {many} |" for kind, many in report["objects"]["compared"].items()),
        *(f"| unequal: {kind} | {many} |" for kind, many in report["objects"]["unequal"].items()),
        *(f"| savings named: {how.replace('_', ' ')} | {many} |" for how, many in report["named"].items()),
        *(f"| entries: {source} | {many} |" for source, many in report["entries_by_source"].items()),
        *(f"| reconciled: {what} | {many} |" for what, many in report["reconciled"].items()),
        *(f"| tasks {what} | {many} |" for what, many in report["differences"].items()),
        f"| secrets found in the database | {report['tokens_in_the_database']} |",
        "\n| pull | added | changed | removed | told by webhook | without |\n| --- | --- | --- | --- | --- | --- |",
    ]
    for number, pull in enumerate(report["pulls"], 1):
        counts = [pull[key] for key in ("added", "changed", "removed", "explained_by_hook", "unexplained_by_hook")]
        rows.append(f"| {number} | {' | '.join(map(str, counts))} |")
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
