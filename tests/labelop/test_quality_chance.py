"""What chance alone does to signals: few simulated projects here, thousands in `benchmarks/false_signals.py`."""

from __future__ import annotations

from .simulated import false_signals, found_signals


def test_where_nothing_changes_no_signal_is_raised() -> None:
    assert false_signals(projects=6, weeks=40, spread=0.0, seed=7)["with_a_signal"] == 0


def test_a_class_whose_rejections_jump_is_found_within_two_weeks() -> None:
    found = found_signals(projects=16, seed=7)
    assert found["within_two_weeks"] >= 0.85
    assert found["first_week"] >= 0.35
