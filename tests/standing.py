"""A stage left standing: set once, in a transaction around the tests that begin with it, each of which is undone.

A module says with `pytest.mark.stage(set_by=…)` what sets its stage; the fixture `standing` hands it to a test, in a
copy of its own. It stays as long as the next test begins with the same stage; else it is taken down first.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction


class Standing:
    """The stage that stands, if one does."""

    def __init__(self) -> None:
        self.set_by: Callable[[], Any] | None = None
        self._stage: Any = None
        self._around: transaction.Atomic | None = None

    @property
    def stage(self) -> Any:
        """What was set, for one test to change as it likes."""
        return copy.deepcopy(self._stage)

    def have(self, setting: Callable[[], Any] | None) -> None:
        """Let the stage stand that this sets, or none."""
        if setting is self.set_by:
            return
        self.take_down()
        if setting is None:
            return
        self._around = transaction.atomic()
        # As inside a test: an act in it is whole, though its transaction never ends.
        self._around._from_testcase = True  # type: ignore[attr-defined]
        self._around.__enter__()
        try:
            self._stage = setting()
            # What waits for the end of a transaction is looked at once, not again with every test.
            connection.check_constraints()
        except BaseException:
            self.take_down()
            raise
        self.set_by = setting

    def take_down(self) -> None:
        if self._around is not None:
            transaction.set_rollback(True)
            self._around.__exit__(None, None, None)
        self.set_by = self._stage = self._around = None
