"""The page of quality: shares over time with their n and limits, signals, and never a person."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from labelop.models import Metric
from labelop.quality import expected_of, pooled, weekly_of
from labelop.services.quality import signal_quality
from tests.labelop.reviewed import ONE_WEEK, bad_week, review_many, staged, this_monday

from .stage import Stage

pytestmark = pytest.mark.django_db

PAGE = "/projects/birds/quality/"


@pytest.fixture
def stage() -> Stage:
    """Four ordinary weeks with gulls, and a bad one that is over."""
    stage = staged()
    bad_week(stage, this_monday() - ONE_WEEK)
    return stage


@pytest.fixture
def ravi(stage: Stage, client: Client) -> Client:
    client.force_login(stage.ravi)
    return client


def chart(context: Any, metric: Metric) -> Any:
    return {chart.id: chart.drawn for chart in context["charts"]}[metric]


def test_a_week_stands_against_what_its_past_lets_expect(ravi: Client) -> None:
    drawn = chart(ravi.get(PAGE).context, Metric.REJECTION_RATE)
    *_, bad = [point.week for point in drawn.points]
    assert (bad.count, bad.n) == (16, 20)
    assert bad.limits.centre == pytest.approx(4 / 60)
    assert bad.share > bad.limits.high
    assert [point.week.limits for point in drawn.points[:-1]] == [None] * 4, "they have no past of four weeks"


def test_a_class_is_chosen_by_a_link(ravi: Client, stage: Stage) -> None:
    review_many(stage, stage.tern, this_monday() - 2 * ONE_WEEK, rejected=2, of=5)
    page = ravi.get(PAGE)
    assert [chip.label for chip in page.context["chips"]] == ["Whole project", "Gull", "Tern"]
    assert [line.name for line in page.context["lines"]] == ["the whole project", "Gull", "Tern"]
    tern = ravi.get(f"{PAGE}?{page.context['chips'][2].query}").context
    assert [(point.week.count, point.week.n) for point in chart(tern, Metric.REJECTION_RATE).points] == [(2, 5)]
    assert tern["chosen"] == stage.tern


def test_signals_stand_first_and_lead_to_their_inquiry(ravi: Client, stage: Stage) -> None:
    signal_quality(stage.project)
    page = ravi.get(f"{PAGE}?class=gull")
    raised = page.context["signals"]
    assert {str(each.signal.label_class) for each in raised} == {"Gull", "None"}
    assert [point.week.name for point in chart(page.context, Metric.REJECTION_RATE).points if point.week.signalled] == [
        raised[0].week
    ]
    inquiry = ravi.get(f"{PAGE}signals/{raised[0].signal.pk}/")
    assert inquiry.status_code == 200
    assert [point.week.signalled for point in inquiry.context["chart"].points][-1:] == [True]


def test_signals_of_others_have_no_address_here(ravi: Client, stage: Stage) -> None:
    signal, *_ = signal_quality(stage.project)
    assert ravi.get(f"/projects/elsewhere/quality/signals/{signal.pk}/").status_code == 404
    assert ravi.get(f"{PAGE}signals/{signal.pk + 9}/").status_code == 404


def test_every_figure_has_its_n(ravi: Client) -> None:
    page = ravi.get(PAGE)
    text = page.content.decode()
    assert "80.0 % (16 of 20)" in text
    whole = page.context["lines"][0]
    assert whole.figures[0] == "29.2 % (19 of 65)", "the four weeks that are over, as one"
    assert whole.figures[4] == "–, – (n = 0)", "nothing says when this work was completed"


def test_the_page_names_nobody(ravi: Client) -> None:
    body = ravi.get(PAGE).content.decode().split("<main")[1]
    for told in ("olga", ">ravi", "Reviewer 2", "Annotator", "Owner 1"):
        assert told not in body


def test_an_empty_page_says_what_is_needed(client: Client) -> None:
    stage = staged()
    client.force_login(stage.olga)
    text = " ".join(client.get(PAGE).content.decode().split())
    assert "20 decisions on, once 4 of those weeks hold 50 decisions together" in text
    assert "No decision in these weeks" in text


def test_half_a_year_is_shown_and_earlier_weeks_follow(ravi: Client, stage: Stage) -> None:
    review_many(stage, stage.gull, this_monday() - 30 * ONE_WEEK, rejected=1, of=3)
    context = ravi.get(PAGE).context
    assert len(chart(context, Metric.CHURN).weeks) == 26
    earlier = ravi.get(f"{PAGE}?{context['earlier']}").context
    assert [(week.monday, week.tally.decisions) for week in earlier["weeks"]] == [(this_monday() - 30 * ONE_WEEK, 3)]


def test_reading_from_a_week_on_reads_the_same_of_it(stage: Stage) -> None:
    since = this_monday() - 2 * ONE_WEEK
    whole, part = weekly_of(stage.project), weekly_of(stage.project, since)
    for about, weeks in whole.items():
        assert part[about] == {week: tally for week, tally in weeks.items() if week >= since}
    assert len(part[None]) == 2


def test_there_are_no_limits_without_enough_of_a_past(stage: Stage) -> None:
    series = weekly_of(stage.project)[None]
    bad = max(series)
    assert expected_of(series, bad, Metric.REJECTION_RATE) is not None
    assert expected_of(series, bad + ONE_WEEK, Metric.REJECTION_RATE) is None, "a week without a decision"
    del series[bad - ONE_WEEK]
    assert expected_of(series, bad, Metric.REJECTION_RATE) is None, "three weeks are no past"


def test_weeks_pool_by_adding_up(stage: Stage) -> None:
    series = weekly_of(stage.project)[None]
    whole = pooled(series.values())
    assert (whole.decisions, whole.rejected) == (80, 20)


@pytest.mark.parametrize("weeks", [1, 6])
def test_the_page_asks_the_same_number_of_questions_however_much_there_is(
    ravi: Client, stage: Stage, weeks: int, django_assert_num_queries: Any
) -> None:
    for back in range(2, 2 + weeks):
        review_many(stage, stage.tern, this_monday() - back * ONE_WEEK, rejected=1, of=2)
    signal_quality(stage.project)
    with django_assert_num_queries(14):
        ravi.get(PAGE)
