"""Annotators of a real Label Studio at work on each other's annotations, and a diary of what each of them did."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError

from .servers import LabelStudio

LABELS = ("PER", "ORG", "LOC")
TEXT = "the quick brown fox jumps over the lazy dog while a gull sits upon the mast of an old ship"


def config(*labels: str) -> str:
    told = "".join(f'<Label value="{label}" background="#2f6f4f"/>' for label in labels)
    moods = '<Choices name="mood" toName="text"><Choice value="calm"/><Choice value="loud"/></Choices>'
    return f'<View><Text name="text" value="$text"/><Labels name="label" toName="text">{told}</Labels>{moods}</View>'


@dataclass
class Deed:
    """What somebody did: `at` is the time that Label Studio gave an annotation for it."""

    who: str
    what: str
    annotation: int | None = None
    at: str = ""
    hooks_on: bool = True


@dataclass
class People:
    """Everybody at work on one project; whatever is chosen by chance comes from one seed."""

    studio: LabelStudio
    project: int
    names: tuple[str, ...]
    chance: random.Random
    labels: list[str] = field(default_factory=lambda: list(LABELS))
    tasks: list[int] = field(default_factory=list)
    # The annotations that there are, each with its task.
    annotations: dict[int, int] = field(default_factory=dict)
    diary: list[Deed] = field(default_factory=list)
    hooks_on: bool = True
    refused: int = 0

    def do_something(self) -> None:
        deeds = [
            (30, self.annotate), (34, self.correct), (8, self.delete), (6, self.skip), (6, self.mark_ground_truth),
            (4, self.save_unchanged), (3, self.turn_into_draft), (3, self.edit_task), (2, self.delete_task),
            (2, self.add_tasks), (1, self.delete_annotations_of_a_task),
        ]  # fmt: skip
        deed = self.chance.choices([do for _, do in deeds], [weight for weight, _ in deeds])[0]
        try:
            deed(self.chance.choice(self.names))
        except HTTPError as error:
            if error.code >= 500:
                raise
            self.refused += 1

    def annotate(self, who: str) -> None:
        task = self.chance.choice(self.tasks)
        path = f"/api/tasks/{task}/annotations/"
        self._saved(who, "annotated", task, self.studio.ask(who, "POST", path, {"result": self._result()}))

    def skip(self, who: str) -> None:
        task = self.chance.choice(self.tasks)
        body = {"result": [], "was_cancelled": True}
        self._saved(who, "skipped", task, self.studio.ask(who, "POST", f"/api/tasks/{task}/annotations/", body))

    def correct(self, who: str) -> None:
        """Anybody's annotation: some of its regions go, others come."""
        if number := self._one():
            kept = self._result_of(who, number)
            self.chance.shuffle(kept)
            self._patch(who, "corrected", number, {"result": kept[: len(kept) // 2] + self._result()})

    def mark_ground_truth(self, who: str) -> None:
        if number := self._one():
            self._patch(who, "marked as ground truth", number, {"ground_truth": True})

    def save_unchanged(self, who: str) -> None:
        if number := self._one():
            self._patch(who, "saved unchanged", number, {"result": self._result_of(who, number)})

    def delete(self, who: str) -> None:
        if number := self._one():
            self.studio.ask(who, "DELETE", f"/api/annotations/{number}/")
            self._gone(who, "deleted an annotation", [number])

    def turn_into_draft(self, who: str) -> None:
        if number := self._one():
            self.studio.ask(who, "POST", f"/api/annotations/{number}/convert-to-draft", {})
            self._gone(who, "turned an annotation into a draft", [number])

    def edit_task(self, who: str) -> None:
        task = self.chance.choice(self.tasks)
        self.studio.ask(who, "PATCH", f"/api/tasks/{task}/", {"data": {"text": self._text()}})
        self._note(who, "edited a task")

    def delete_task(self, who: str) -> None:
        if len(self.tasks) < 10:
            return
        task = self.tasks.pop(self.chance.randrange(len(self.tasks)))
        self.studio.ask(who, "DELETE", f"/api/tasks/{task}/")
        self._gone(who, "deleted a task", [number for number, of in self.annotations.items() if of == task])

    def delete_annotations_of_a_task(self, who: str) -> None:
        task = self.chance.choice(self.tasks)
        body = {"selectedItems": {"all": False, "included": [task]}}
        path = f"/api/dm/actions?id=delete_tasks_annotations&project={self.project}"
        self.studio.ask(who, "POST", path, body)
        self._gone(who, "deleted annotations of a task", [one for one, of in self.annotations.items() if of == task])

    def add_tasks(self, who: str, many: int = 2, annotated: int = 1) -> None:
        tasks: list[dict[str, Any]] = [{"data": {"text": self._text()}} for _ in range(many)]
        for task in tasks[:annotated]:
            task["annotations"] = [{"result": self._result()}]
        self.studio.ask(who, "POST", f"/api/projects/{self.project}/import", tasks)
        self._note(who, f"imported {many} tasks")
        self.look_around()

    def change_schema(self, who: str, *labels: str) -> None:
        self.labels = list(labels)
        self.studio.ask(who, "PATCH", f"/api/projects/{self.project}/", {"label_config": config(*labels)})
        self._note(who, "changed the label config")

    def look_around(self) -> None:
        """See which tasks and annotations there are."""
        exported = self.export()
        self.tasks = [task["id"] for task in exported]
        self.annotations = {one["id"]: task["id"] for task in exported for one in task["annotations"]}

    def export(self) -> list[dict[str, Any]]:
        path = f"/api/projects/{self.project}/export?exportType=JSON&download_all_tasks=true"
        exported: list[dict[str, Any]] = self.studio.ask("owner", "GET", path)
        return exported

    def _one(self) -> int | None:
        return self.chance.choice(sorted(self.annotations)) if self.annotations else None

    def _patch(self, who: str, what: str, number: int, body: dict[str, Any]) -> None:
        answer = self.studio.ask(who, "PATCH", f"/api/annotations/{number}/", body)
        self._saved(who, what, self.annotations[number], answer)

    def _result_of(self, who: str, number: int) -> list[Any]:
        result: list[Any] = self.studio.ask(who, "GET", f"/api/annotations/{number}/")["result"]
        return result

    def _saved(self, who: str, what: str, task: int, answer: dict[str, Any]) -> None:
        self.annotations[answer["id"]] = task
        self.diary.append(Deed(who, what, answer["id"], answer["updated_at"], self.hooks_on))

    def _gone(self, who: str, what: str, numbers: list[int]) -> None:
        for number in numbers:
            del self.annotations[number]
        self._note(who, what)

    def _note(self, who: str, what: str) -> None:
        self.diary.append(Deed(who, what, hooks_on=self.hooks_on))

    def _text(self) -> str:
        return " ".join(self.chance.choices(TEXT.split(), k=12))

    def _result(self) -> list[dict[str, Any]]:
        """Two spans, and now and then a choice."""
        result = []
        for start in sorted(self.chance.sample(range(30), 2)):
            value = {"start": start, "end": start + 5, "labels": [self.chance.choice(self.labels)]}
            names = {"id": f"{self.chance.getrandbits(40):010x}", "from_name": "label", "to_name": "text"}
            result.append({**names, "type": "labels", "value": value})
        if self.chance.random() < 0.3:
            names = {"id": f"{self.chance.getrandbits(40):010x}", "from_name": "mood", "to_name": "text"}
            chosen = {"choices": [self.chance.choice(["calm", "loud"])]}
            result.append({**names, "type": "choices", "value": chosen})
        return result
