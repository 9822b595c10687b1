"""Asking for a project's gate until it is had."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from audit.acting import GateBusy, act_under_way

T = TypeVar("T")

# Acts queue behind whoever waits for the gate, so nobody waits longer than this at a time.
GATE_MILLISECONDS = 100
_TRY_FOR_SECONDS = 60.0


def until_the_gate_is_free(act: Callable[[], T]) -> T:
    """Do an act that wants the gate alone, beginning it anew while somebody is at work.

    Joins no act under way, since an act that wrote already would wait for itself at the gate. Raises
    `GateBusy` when writers left no gap for a minute.
    """
    if act_under_way() is not None:
        raise RuntimeError("The gate is taken between acts, not within one.")
    started = time.perf_counter()
    while True:
        try:
            return act()
        except GateBusy:
            if time.perf_counter() - started > _TRY_FOR_SECONDS:
                raise
            time.sleep(random.uniform(0.001, 0.03))  # noqa: S311 - spreads waiters, hides nothing
