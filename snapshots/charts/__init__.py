"""Charts as coordinates: pure functions from figures to what a template draws as SVG, with a table behind it."""

from .bars import ClassBar, ClassBars, class_bars
from .control import ControlChart, Limits, Point, Week, control_chart
from .days import Bar, Cut, DayChart, Lane, day_chart
from .heat import Cell, HeatTable, heat_table

__all__ = [
    "Bar",
    "Cell",
    "ClassBar",
    "ClassBars",
    "ControlChart",
    "Cut",
    "DayChart",
    "HeatTable",
    "Lane",
    "Limits",
    "Point",
    "Week",
    "class_bars",
    "control_chart",
    "day_chart",
    "heat_table",
]
