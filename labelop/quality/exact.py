"""The exact test of one week against its past, and Holm's correction.

A probability is a sum of weights over a sum of weights. Each weight follows from its neighbour by a ratio, beginning
with 1 at the peak, so that no factorial and no logarithm is ever large: exact to some 1e-12 for counts up to a million.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

# A weight below this part of its sum no longer changes the sum.
NEGLIGIBLE = 1e-20


def more_of(count: int, n: int, past_count: int, past_n: int) -> float:
    """Fisher's exact test, one-sided: how likely `count` or more of `n` are, were both shares the same."""
    _must_fit(count, n, past_count, past_n)
    marked, of_all = count + past_count, n + past_n
    return _upper_tail(
        count,
        low=max(0, n - (of_all - marked)),
        high=min(n, marked),
        peak=(n + 1) * (marked + 1) // (of_all + 2),
        ratio=lambda k: (marked - k) * (n - k) / ((k + 1) * (of_all - marked - n + k + 1)),
    )


def holm(probabilities: Sequence[float], family: int) -> list[float]:
    """Holm's adjusted probabilities (1979), in the order given.

    `family` may exceed their number: what could not be tested counts as tested with probability 1.
    """
    adjusted, so_far = [0.0] * len(probabilities), 0.0
    for rank, place in enumerate(sorted(range(len(probabilities)), key=lambda place: probabilities[place])):
        so_far = max(so_far, min(1.0, (family - rank) * probabilities[place]))
        adjusted[place] = so_far
    return adjusted


def _upper_tail(count: int, *, low: int, high: int, peak: int, ratio: Callable[[int], float]) -> float:
    """P(X ≥ count) on low … high, where `ratio(k)` is P(k + 1) / P(k)."""
    if count <= low:
        return 1.0
    peak = min(max(peak, low), high)
    total = tail = 0.0
    weight, k = 1.0, peak
    while weight > NEGLIGIBLE * (tail if k >= count else 0.0):
        total += weight
        tail += weight if k >= count else 0.0
        if k == high:
            break
        weight *= ratio(k)
        k += 1
    weight, k = 1.0, peak
    while k > low:
        k -= 1
        weight /= ratio(k)
        if weight < NEGLIGIBLE * (tail if k >= count else total):
            break
        total += weight
        tail += weight if k >= count else 0.0
    return tail / total


def _must_fit(count: int, n: int, past_count: int, past_n: int) -> None:
    if not (0 <= count <= n and 0 <= past_count <= past_n and n > 0 and past_n > 0):
        raise ValueError("A share is of something, and not of less than itself.")
