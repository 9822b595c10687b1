"""The exact test and Holm's correction, held against SciPy and against their definitions."""

from __future__ import annotations

from itertools import combinations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact, hypergeom

from labelop.quality.exact import holm, more_of
from labelop.quality.signals import ALPHA, part_of_alpha

SMALL = [
    (count, n, past_count, past_n)
    for n, past_n in product((1, 2, 7, 20, 41), (1, 3, 20, 55))
    for count, past_count in product(
        sorted({0, 1, n // 3, n // 2, n - 1, n}), sorted({0, 1, past_n // 4, past_n - 1, past_n})
    )
]
LARGE = [
    (3_520, 40_000, 40_200, 480_000),
    (14_000, 40_000, 38_400, 480_000),
    (80_000, 1_000_000, 80_000, 1_000_000),
    (80_600, 1_000_000, 80_000, 1_000_000),
    (79_400, 1_000_000, 80_000, 1_000_000),
    (500_700, 1_000_000, 499_300, 1_000_000),
    (999_990, 1_000_000, 999_960, 1_000_000),
    (12, 1_000_000, 3, 1_000_000),
    (0, 1_000_000, 3, 1_000_000),
    (1_000_000, 1_000_000, 0, 1_000_000),
    (9, 20, 100_000, 1_000_000),
    (100_300, 1_000_000, 2, 20),
]


@pytest.mark.parametrize("counts", SMALL, ids=str)
def test_fishers_test_agrees_with_scipy(counts: tuple[int, int, int, int]) -> None:
    count, n, past_count, past_n = counts
    table = [[count, n - count], [past_count, past_n - past_count]]
    assert more_of(*counts) == pytest.approx(fisher_exact(table, alternative="greater").pvalue, abs=1e-9)


@pytest.mark.parametrize("counts", LARGE, ids=str)
def test_it_agrees_where_counts_are_large(counts: tuple[int, int, int, int]) -> None:
    count, n, past_count, past_n = counts
    second_opinion = hypergeom.sf(count - 1, n + past_n, count + past_count, n)
    assert more_of(*counts) == pytest.approx(second_opinion, abs=1e-9, rel=0)


@pytest.mark.parametrize("counts", [(14, 40, 38, 480), (33, 40, 38, 480), (40, 40, 0, 600), (190, 200, 100, 2_400)])
def test_small_probabilities_are_right_in_proportion(counts: tuple[int, int, int, int]) -> None:
    count, n, past_count, past_n = counts
    second_opinion = hypergeom.sf(count - 1, n + past_n, count + past_count, n)
    assert second_opinion < 1e-4
    assert more_of(*counts) == pytest.approx(second_opinion, rel=1e-9, abs=0)


@given(st.integers(1, 60), st.integers(1, 60), st.data())
def test_as_much_or_more_and_less_make_one(n: int, past_n: int, data: st.DataObject) -> None:
    count, past_count = data.draw(st.integers(1, n)), data.draw(st.integers(0, past_n))
    marked = count + past_count
    as_much_or_more = more_of(count, n, past_count, past_n)
    # Less than `count` marked here is more than that many unmarked.
    if marked - count + 1 <= past_n:
        less = more_of(n - count + 1, n, past_n - (marked - count + 1), past_n)
        assert as_much_or_more + less == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("counts", [(1, 0, 1, 2), (3, 2, 1, 2), (-1, 2, 1, 2), (1, 2, 3, 2), (0, 1, 0, 0)])
def test_counts_that_cannot_be_are_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="A share is of something"):
        more_of(*counts)


@given(st.lists(st.floats(0, 1), max_size=6), st.integers(0, 3))
def test_holms_correction_is_the_closed_test_of_bonferroni(probabilities: list[float], untested: int) -> None:
    """By definition a hypothesis falls only when every set that holds it falls by Bonferroni's test."""
    everything = [*probabilities, *[1.0] * untested]
    sets = [held for size in range(1, len(everything) + 1) for held in combinations(range(len(everything)), size)]
    expected = [
        max(min(1.0, len(held) * min(everything[each] for each in held)) for held in sets if place in held)
        for place in range(len(probabilities))
    ]
    assert holm(probabilities, len(everything)) == pytest.approx(expected)


def test_all_weeks_together_spend_one_percent() -> None:
    parts = [part_of_alpha(week) for week in range(1, 52 * 40)]
    assert sum(parts) <= 1
    assert sum(parts) == pytest.approx(1)
    assert sum(parts[:52]) == pytest.approx(0.5)
    assert ALPHA == 0.01
