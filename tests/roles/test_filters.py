"""What the trail can be asked, held against what stands on it; and what it must not answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from audit.models import Entry
from audit.query import KEYS, WORDS, Wrong, parse
from labelop.models import Project
from labelop.services.schema import add_class
from labelop.services.work import exclude_item
from roles.filters import EntryFilters, entries_asked_for, without_names
from roles.models import User
from roles.selectors import entries_visible_to
from roles.services import reveal_identities, reveal_identity
from tests.cast import Cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(cast: Cast) -> Cast:
    add_class(cast.project, "tern", "Tern 50%_off", by=cast.olga, reason="Seen at last, olga says")
    exclude_item(cast.item, by=cast.olga, reason="Blurred")
    add_class(cast.elsewhere, "ferry", "Ferry", by=cast.uma, reason="Blurred")
    return cast


def found(viewer: User, text: str) -> set[Entry]:
    projects = dict(Project.objects.filter(entries__in=entries_visible_to(viewer)).values_list("slug", "pk"))
    return set(entries_asked_for(parse(text), entries_visible_to(viewer), viewer=viewer, projects=projects))


Fits = Callable[[Entry], bool]
QUESTIONS: dict[str, Fits] = {
    "": lambda entry: True,
    "event:class.added": lambda entry: entry.event == "class.added",
    "event:class.added event:role.granted": lambda entry: entry.event in ("class.added", "role.granted"),
    "-event:class.added -event:role.granted": lambda entry: entry.event not in ("class.added", "role.granted"),
    "impact:HIGH": lambda entry: entry.impact == 3,
    "impact:high -theme:access": lambda entry: entry.impact == 3 and not entry.event.startswith(("role.", "access.")),
    "role:owner": lambda entry: entry.role == "owner",
    "-role:owner": lambda entry: entry.role != "owner",
    "channel:shell project:birds": lambda entry: True,
    "-project:birds": lambda entry: False,
    "object:PHOTO-1": lambda entry: entry.subject_name == "photo-1",
    "object:photo*": lambda entry: entry.subject_name.startswith("photo"),
    'object:"Tern 50%_off"': lambda entry: entry.subject_name == "Tern 50%_off",
    "object:%": lambda entry: False,
    "object:Tern_50*": lambda entry: False,
    "blurr": lambda entry: "Blurr" in entry.reason,
    "seen last": lambda entry: entry.reason.startswith("Seen at last"),
    "-blurred -seen": lambda entry: not entry.reason.startswith(("Blurred", "Seen")),
    "gull": lambda entry: "ull" in entry.subject_name,
    "actor:me": lambda entry: entry.actor_name == "olga",
    'actor:"Owner 1"': lambda entry: entry.actor_name == "olga",
    'actor:"owner  1" actor:"annotator 3"': lambda entry: entry.actor_name in ("olga", "ana"),
    'actor:"Member 3"': lambda entry: entry.actor_name == "ana",
    'actor:"Owner 3"': lambda entry: False,
    '-actor:"Owner 1"': lambda entry: entry.actor_name != "olga",
    "actor:LabelOp": lambda entry: entry.actor_id is None,
    'actor:"person 7"': lambda entry: entry.attributed_to_id == 7,
    "created:>=2020-01-01 created:<2020-01-02": lambda entry: False,
    "created:>=2020-01-01": lambda entry: True,
    "-created:>=2020-01-01": lambda entry: False,
}


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_question_finds_what_fits_and_nothing_else(cast: Cast, text: str) -> None:
    every = Entry.objects.filter(project=cast.project)
    assert found(cast.olga, text) == {entry for entry in every if QUESTIONS[text](entry)}


def test_one_act_is_found_by_its_number(cast: Cast) -> None:
    entry = Entry.objects.filter(project=cast.project, event="class.added")[0]
    assert found(cast.olga, f"operation:{entry.operation}") == {entry}
    elsewhere = Entry.objects.filter(project=cast.elsewhere, event="class.added")[0]
    assert found(cast.olga, f"operation:{elsewhere.operation}") == set()


WRONG = {
    "event:class.aded": (0, "event:class.aded", "There is no event"),
    "impact:high -theme:x": (12, "-theme:x", "There is no theme"),
    "role:boss impact:big": (0, "role:boss", "There is no role"),
    "event:%": (0, "event:%", "There is no event %."),
    "project:ships": (0, "project:ships", "There is no project"),
    "project:nowhere": (0, "project:nowhere", "There is no project"),
    "operation:7": (0, "operation:7", "number of an act"),
    "created:soon": (0, "created:soon", "no day and no time"),
    'gull actor:"Owner 99"': (5, 'actor:"Owner 99"', "Nobody is told here"),
}


@pytest.mark.parametrize("text", WRONG)
def test_what_cannot_be_answered_is_said_at_its_place(cast: Cast, text: str) -> None:
    with pytest.raises(Wrong) as caught:
        found(cast.olga, text)
    at, word, said = WRONG[text]
    assert (caught.value.at, caught.value.word) == (at, word)
    assert said in caught.value.sentence


def test_a_name_is_no_answer_until_it_is_revealed(cast: Cast) -> None:
    def said_about(name: str) -> str:
        with pytest.raises(Wrong) as caught:
            found(cast.olga, f"actor:{name}")
        return caught.value.sentence.replace(name, "…")

    assert said_about("ana") == said_about("ravi") == said_about("uma") == said_about("nobody")
    reveal_identity(cast.membership_of(cast.ana), by=cast.olga, reason="She asked")
    assert {entry.actor_name for entry in found(cast.olga, "actor:Ana")} == {"ana"}
    assert said_about("ravi") == said_about("nobody")
    with pytest.raises(Wrong):
        found(cast.ravi, "actor:ana")


def test_where_everybody_is_revealed_any_name_can_be_asked_for(cast: Cast) -> None:
    reveal_identities(cast.project, by=cast.olga, reason="An audit")
    assert {entry.actor_name for entry in found(cast.olga, "actor:ana")} == {"ana"}
    assert found(cast.olga, "actor:uma") == found(cast.olga, "actor:nobody") == set()


@pytest.mark.parametrize("text", ["ana", "object:ana*", "object:ravi:*", '"ravi: Reviewer"', '-"ravi: Reviewer" ana'])
def test_the_names_of_members_are_found_by_no_words(cast: Cast, text: str) -> None:
    """A membership is called after its member; on the trail it is told by role and number."""
    assert Entry.objects.filter(project=cast.project, subject_name="ravi: Reviewer").exists()
    assert found(cast.ravi, text) == set()


def test_leaving_out_a_name_leaves_nothing_out(cast: Cast) -> None:
    assert found(cast.ravi, '-"ravi: Reviewer" -object:ana*') == found(cast.ravi, "")


def test_nothing_of_another_project_is_found(cast: Cast) -> None:
    uma = found(cast.uma, "blurred")
    assert {entry.project_id for entry in uma} == {cast.elsewhere.pk}
    assert not uma & found(cast.olga, "blurred")
    assert found(cast.uma, 'actor:"Reviewer 1"') == set()
    with pytest.raises(Wrong):
        found(cast.uma, 'actor:"Reviewer 2"')


def test_each_key_of_the_language_has_a_filter_and_its_twin() -> None:
    names = {*KEYS, WORDS}
    assert set(EntryFilters.base_filters) == names | {f"not_{name}" for name in names}


def test_an_unknown_parameter_is_refused_by_name(db: None) -> None:
    for name in ("actor_name", "event__in", "project__slug", "id"):
        with pytest.raises(ValidationError) as caught:
            EntryFilters({name: ["x"]}, Entry.objects.all()).narrowed()
        assert name in caught.value.message_dict


def test_a_name_in_a_query_is_not_written_down() -> None:
    query = without_names(parse('actor:ana -actor:"ravi" actor:"Reviewer 2" actor:me gull'))
    assert str(query) == 'actor:"a revealed name" -actor:"a revealed name" actor:"Reviewer 2" actor:me gull'
