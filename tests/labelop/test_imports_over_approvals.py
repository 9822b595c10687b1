"""What an import does to marks that stood approved is told as that, and each mark is counted once."""

from __future__ import annotations

from pathlib import Path

import pytest

from audit.models import Entry
from labelop.connectors.labelhist import Batch, read_history
from labelop.models import Annotation, Item, Project, Verdict
from labelop.services.imports import BULK_FROM, import_batch
from labelop.services.projects import create_project
from labelop.services.reviews import decide_review
from roles.matrix import Role
from roles.models import User
from roles.services import grant_role, service_account
from tests.cast import person, what_is_left
from tests.labelhist.stories import sentence, written
from tests.labelhist.stream import COLUMNS, CONLLU_FIELDS, Stream

pytestmark = pytest.mark.django_db


@pytest.fixture
def importer() -> User:
    return service_account("importer")


@pytest.fixture
def project(importer: User) -> Project:
    return create_project("treebank", "Treebank", by=importer)


@pytest.fixture
def ravi(project: Project, importer: User) -> User:
    ravi = person("ravi")
    grant_role(project, ravi, Role.REVIEWER, by=importer, reason="Knows grammar")
    return ravi


def history(first: tuple[str, ...], then: tuple[str, ...], stays: tuple[str, ...] = ("X",)) -> Stream:
    """Two sentences are brought in; later both are changed by one act, and a third comes."""
    stream = Stream({"corpus": "c", "releases": [], "fields": CONLLU_FIELDS, "columns": COLUMNS, "actors": []})
    stream.begin("a" * 12, "ana", "import", baseline=True)
    stream.change("add", "read", sentence(*first), [])
    stream.change("add", "unread", sentence(*first), [])
    stream.begin("b" * 12, "bob", "another reading")
    for item in ("read", "unread"):
        after = sentence(*then)
        stream.change("update", item, after, ["tokenization"], tokens=after["tokens"])
    stream.change("add", "new", sentence(*stays), [])
    return stream


def told(stream: Stream, path: Path, project: Project, importer: User, ravi: User) -> dict[str, int]:
    """Bring in the first act, let Ravi approve one sentence, and tell what the second act leaves."""
    parts = read_history(written(path / "h", stream.lines))
    first, second = (part for part in parts if isinstance(part, Batch))
    import_batch(project, first, parts.header, by=importer)
    decide_review(Item.objects.get(key="read"), Verdict.APPROVED, by=ravi)
    with what_is_left() as left:
        import_batch(project, second, parts.header, by=importer)
    assert len(left.versions_of(Annotation)) == sum(
        entry.records for entry in left.entries if entry.event.startswith("annotation")
    )
    return {entry.event: entry.records for entry in left.entries}


def test_each_mark_is_counted_once(tmp_path: Path, project: Project, importer: User, ravi: User) -> None:
    stream = history(("NOUN", "VERB", "X"), ("AUX", "VERB"))
    assert told(stream, tmp_path, project, importer, ravi) == {
        "account.created": 1,
        "class.added": 1,
        "items.added": 1,
        # One relabelled and one withdrawn where Ravi had approved; the same where he had not, and a new sentence.
        "annotation.changed_after_approval": 2,
        "annotation.saved": 2,
        "annotation.withdrawn": 1,
    }


def test_what_was_approved_weighs_high_and_names_whose_act_it_was(
    tmp_path: Path, project: Project, importer: User, ravi: User
) -> None:
    told(history(("NOUN",), ("AUX",)), tmp_path, project, importer, ravi)
    entry = Entry.objects.get(event="annotation.changed_after_approval")
    assert (entry.impact, entry.records, str(entry.attributed_to)) == (3, 1, "treebank/bob")


def test_an_act_in_bulk_says_so_although_a_part_of_it_stood_approved(
    tmp_path: Path, project: Project, importer: User, ravi: User
) -> None:
    half = BULK_FROM // 2
    stream = history(("NOUN",) * half, ("AUX",) * half)
    events = told(stream, tmp_path, project, importer, ravi)
    assert events["annotation.changed_after_approval"] == half
    assert events["annotations.bulk_changed"] == half + 1
