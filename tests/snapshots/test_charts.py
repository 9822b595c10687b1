"""Charts are coordinates: what is drawn stands in proportion to the figures, and every figure stands in the table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from snapshots.charts import Cut, Limits, Week, class_bars, control_chart, day_chart, heat_table

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 8)
LANES = [("schema", "Schema"), ("role", "Roles")]


def test_days_stand_in_order_and_in_proportion() -> None:
    days = {LAST: {"act": 2}, FIRST: {"act": 4, "high": 1, "role": 1}, FIRST - timedelta(days=1): {"act": 99}}
    chart = day_chart(days, LANES, [], FIRST, LAST)
    assert [(bar.day, bar.acts, bar.high) for bar in chart.bars] == [(FIRST, 4, 1), (LAST, 2, 0)]
    assert chart.bars[0].height == 2 * chart.bars[1].height
    assert {bar.y + bar.height for bar in chart.bars} == {chart.baseline}
    assert chart.bars[0].x < chart.bars[1].x
    assert (chart.most, chart.acts) == (4, 6)


def test_a_day_is_told_in_words_and_in_the_cells_of_its_row() -> None:
    days = {FIRST: {"act": 1, "role": 1}, LAST: {"act": 1200, "high": 1}}
    first, last = day_chart(days, LANES, [], FIRST, LAST).bars
    assert (first.iso, first.called, first.told) == (
        "2026-03-02", "Mon 2 Mar 2026", "2 Mar 2026: 1 act, 0 of high impact",
    )  # fmt: skip
    assert last.told.endswith(": 1,200 acts, 1 of high impact")
    assert [first.cells, last.cells] == [["1", "0", "1"], ["1,200", "1", "0"]]


def test_only_kinds_that_happened_have_a_lane() -> None:
    chart = day_chart({FIRST: {"act": 1, "role": 2}, LAST: {"act": 1}}, LANES, [], FIRST, LAST)
    assert chart.kinds == ["Roles"]
    assert [bar.others for bar in chart.bars] == [[2], [0]]
    [lane] = chart.lanes
    [(path, words)] = lane.marks
    assert path.startswith(f"M{chart.bars[0].middle} {lane.y}")
    assert words == "2026-03-02: Roles, 2"


def test_lanes_tell_themselves_apart_without_colour() -> None:
    chart = day_chart({FIRST: {"act": 1, "role": 1, "schema": 1}}, LANES, [], FIRST, LAST)
    shapes = {path.partition("m")[2] for lane in chart.lanes for path, _ in lane.marks}
    assert len(shapes) == 2


def test_a_snapshot_is_a_line_at_the_end_of_its_day() -> None:
    cuts = [Cut(LAST, "v1", here=True), Cut(LAST + timedelta(days=1), "v2")]
    chart = day_chart({FIRST: {"act": 1}}, LANES, cuts, FIRST, LAST)
    assert [(cut.name, cut.x) for cut in chart.cuts] == [("v1", chart.width - 2)], "whole lines only"


def test_a_control_chart_draws_shares_limits_and_signals() -> None:
    weeks = [
        Week("2026-W01", 1, 10),
        Week("2026-W02", 0, 0),
        Week("2026-W03", 3, 10, Limits(0.1, 0.0, 0.2), signalled=True),
    ]
    chart = control_chart("Rejection rate", weeks)
    assert [point.week.name for point in chart.points] == ["2026-W01", "2026-W03"]
    assert chart.points[0].y > chart.points[1].y, "more lies higher"
    assert chart.has_limits
    assert chart.band.count("z") == 1
    assert chart.ticks[-1][1] == "40 %", "the next of the round shares above the highest"
    assert chart.weeks == weeks, "the table tells the weeks without a point as well"


@pytest.mark.parametrize("share", [0.0, 0.013, 0.5, 1.0])
def test_every_share_lies_within_the_chart(share: float) -> None:
    [point] = control_chart("Churn", [Week("2026-W01", round(share * 1000), 1000)]).points
    assert 0 < point.y < 190


def test_a_heat_table_adds_up_by_row_and_by_column() -> None:
    heat = heat_table({("Car", "Van"): 10, ("Van", "Car"): 1, ("Car", "Truck"): 5})
    assert heat is not None
    assert (heat.left, heat.joined) == (["Car", "Van"], ["Car", "Truck", "Van"])
    assert [(name, [cell.number for cell in cells], number) for name, cells, number in heat.rows] == [
        ("Car", [0, 5, 10], 15),
        ("Van", [1, 0, 0], 1),
    ]
    assert [cell.shade for cell in heat.rows[0][1]] == [0, 3, 5]
    assert [cell.shade for cell in heat.rows[1][1]] == [1, 0, 0], "few is still not none"
    assert (heat.arrived, heat.moved, heat.moved_elsewhere) == ([1, 5, 10], 16, 0)


def test_a_heat_table_of_very_many_classes_says_what_it_leaves_out() -> None:
    heat = heat_table({(f"class {number:02}", "all"): number for number in range(1, 31)})
    assert heat is not None
    assert len(heat.left) == 15
    assert heat.moved + heat.moved_elsewhere == sum(range(1, 31))


def test_nothing_moved_is_no_table() -> None:
    assert heat_table({}) is None


def test_bars_of_classes_share_one_scale() -> None:
    bars = class_bars([("Car", 10, 20), ("Van", 0, 5), ("Tram", 0, 0)])
    assert bars is not None
    assert [(bar.name, bar.change) for bar in bars.bars] == [("Car", "+10"), ("Van", "+5")]
    assert bars.bars[0].closing_width == 2 * bars.bars[0].opening_width == 4 * bars.bars[1].closing_width
    assert class_bars([("Tram", 0, 0)]) is None


def test_the_smallest_of_very_many_classes_are_left_out_and_counted() -> None:
    bars = class_bars([(f"class {number}", number, number) for number in range(1, 31)])
    assert bars is not None
    assert bars.left_out == 6
    assert bars.bars[0].name == "class 7"
