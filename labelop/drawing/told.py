"""Numbers as a page says them."""

from __future__ import annotations


def number(value: float) -> str:
    """With two decimals at most, none that say nothing."""
    text = f"{value:,.2f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return "0" if text in ("-0", "") else text


def counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def larger(before: float, after: float) -> str:
    """How much larger or smaller something has become; empty where it has not, by as much as is said."""
    if before <= 0 or after <= 0:
        return ""
    share = round(100 * (after - before) / before)
    if not share:
        return ""
    if share >= 200:
        return f"{number(round(after / before, 1))} times as large"
    return f"{abs(share)} % {'larger' if share > 0 else 'smaller'}"
