"""What holds for every list that can be narrowed, whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils.datastructures import MultiValueDict

import labelop.filters
import snapshots.filters
from audit.models import Entry
from labelop.models import Annotation, Assignment, Dispute, Item, LabelClass, Project, QualitySignal, Review
from roles.filters import (
    AnomalyFilters,
    ChoicesFilter,
    EntryFilters,
    MembershipFilters,
    ProjectFilter,
    StrictFilterSet,
)
from roles.filters.strict import MOST_VALUES
from roles.models import Anomaly, Membership
from snapshots.models import Adjustment, Disposition, Finding, LogReview, Release, SignOff, Snapshot
from tests.cast import Cast

NARROWED: dict[Any, type[StrictFilterSet]] = {
    Entry: EntryFilters,
    Membership: MembershipFilters,
    Anomaly: AnomalyFilters,
    Project: labelop.filters.ProjectFilters,
    LabelClass: labelop.filters.LabelClassFilters,
    Item: labelop.filters.ItemFilters,
    Annotation: labelop.filters.AnnotationFilters,
    Assignment: labelop.filters.AssignmentFilters,
    Review: labelop.filters.ReviewFilters,
    Dispute: labelop.filters.DisputeFilters,
    QualitySignal: labelop.filters.QualitySignalFilters,
    Snapshot: snapshots.filters.SnapshotFilters,
    Release: snapshots.filters.ReleaseFilters,
    LogReview: snapshots.filters.LogReviewFilters,
    Disposition: snapshots.filters.DispositionFilters,
    Finding: snapshots.filters.FindingFilters,
    SignOff: snapshots.filters.SignOffFilters,
    Adjustment: snapshots.filters.AdjustmentFilters,
}


def wrong(model: Any, cast: Cast, **asked: list[str]) -> dict[str, list[str]]:
    """What is wrong with this question, by parameter."""
    try:
        list(NARROWED[model](asked, model._default_manager.all(), viewer=cast.olga).narrowed())
    except ValidationError as error:
        return error.message_dict
    return {}


def test_no_list_takes_a_parameter_that_it_does_not_know(cast: Cast) -> None:
    for model, filters in NARROWED.items():
        a_person = ("actor_name", "user", "author", "user__username", "people", "contested_by")
        for name in {"id", "pk", "project__slug", "project__id__exact", "state__in", "q", *a_person}:
            said = wrong(model, cast, **{name: ["1"]})
            assert list(said) == [name], (model, name)
            assert said[name] == [f"{filters.of} cannot be narrowed by {name}."]


def test_every_parameter_refuses_nonsense_or_finds_nothing(cast: Cast) -> None:
    for model, filters in NARROWED.items():
        for name, one in filters.base_filters.items():
            assert name in wrong(model, cast, **{name: ["\0"]}), (model, name)
            if isinstance(one, ChoicesFilter):
                assert name in wrong(model, cast, **{name: ["no such value"]}), (model, name)
            for value in ("", " ", "%", "9" * 40, "-1", "²", "💥", "a" * 5000, "')--", "..", ">", "me me"):
                wrong(model, cast, **{name: [value]})


def test_every_parameter_takes_each_value_of_its_vocabulary_and_several_at_once(cast: Cast) -> None:
    for model, filters in NARROWED.items():
        for name, one in filters.base_filters.items():
            if isinstance(one, ChoicesFilter):
                values = list(one.choices)
                for some in (values[:MOST_VALUES], values[-MOST_VALUES:]):
                    assert wrong(model, cast, **{name: some}) == {}, (model, name)
                assert all(one.told(value) for value in one.choices)


def test_a_project_of_somebody_else_is_no_project_at_all(cast: Cast) -> None:
    for model, filters in NARROWED.items():
        for name, one in filters.base_filters.items():
            if isinstance(one, ProjectFilter):
                theirs, nowhere = (wrong(model, cast, **{name: [slug]}) for slug in ("ships", "wrecks"))
                assert theirs == {name: ["There is no project ships here."]}
                assert nowhere == {name: ["There is no project wrecks here."]}
                assert wrong(model, cast, **{name: ["birds"]}) == {}


def test_a_parameter_takes_no_more_values_than_a_database_can_weigh(cast: Cast) -> None:
    many = [f"photo-{n}" for n in range(MOST_VALUES + 1)]
    assert wrong(Item, cast, key=many) == {"key": ["At most 100 values are taken."]}
    assert wrong(Item, cast, key=many[1:] + many[1:]) == {}


@pytest.mark.parametrize("asked", [{"key": ["photo-1"]}, MultiValueDict({"key": ["photo-1"]})])
def test_parameters_are_taken_as_an_address_holds_them(cast: Cast, asked: Any) -> None:
    found = labelop.filters.ItemFilters(asked, Item.objects.all(), viewer=cast.olga).narrowed()
    assert list(found) == [cast.item]


def test_a_single_value_is_not_taken_for_a_list_of_letters(cast: Cast) -> None:
    with pytest.raises(ValidationError, match="A list of values is wanted"):
        labelop.filters.ItemFilters({"key": "photo-1"}, Item.objects.all(), viewer=cast.olga).narrowed()
