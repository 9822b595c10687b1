"""What PostgreSQL does for a query; SQLite does not tell how many rows it read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import connection

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite does not tell how many rows it read."
)


def planned_anew(table: str) -> None:
    """Let the planner see a table as it is: what earlier tests took back still lies in its indexes, and looks dear."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET CONSTRAINTS ALL IMMEDIATE; REINDEX TABLE {table}; ANALYZE {table}")


def rows_read(sql: str, table: str) -> int:
    """How many rows of a table are looked at for a query."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")
        told = cursor.fetchone()[0]
    (explained,) = json.loads(told) if isinstance(told, str) else told
    return _rows_of(explained["Plan"], table)


def _rows_of(plan: dict[str, Any], table: str) -> int:
    below = sum(_rows_of(part, table) for part in plan.get("Plans", ()))
    if plan.get("Relation Name") != table:
        return below
    return below + int(plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)))
