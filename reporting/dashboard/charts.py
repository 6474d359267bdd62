"""Options of ECharts' simple build: lines and bars, without legend or tooltip. Every chart stands above a table of the
same numbers; lines differ in dash and symbol, bars carry their number: never colour alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from batosocial.lib.money import format_number

INK, GRID = "#4a5868", "#d5dde6"


@dataclass(frozen=True, slots=True)
class Line:
    """A series of rates; ``key`` names its entry in the chart's key (static/css/reporting.css)."""

    name: str
    key: str
    color: str
    symbol: str
    dash: str
    values: Sequence[Decimal | None]


#: How each line is drawn: (color, symbol, dash).
STYLES = {
    "ncc": ("#0f5ca8", "circle", "solid"),
    "btxh": ("#b25e00", "triangle", "solid"),
    "both": ("#16202c", "diamond", "solid"),
    "district": ("#6b3fa0", "rect", "dotted"),
}


def line(name: str, key: str, values: Sequence[Decimal | None]) -> Line:
    return Line(name, key, *STYLES[key], values)


def rates_over_time(labels: Sequence[str], lines: Sequence[Line], target: Decimal | None) -> dict[str, Any]:
    """Percents by month with the target as a dashed line. A month without figures is a gap."""
    series: list[dict[str, Any]] = [
        {
            "type": "line",
            "name": one.name,
            "symbol": one.symbol,
            "symbolSize": 9,
            "showAllSymbol": True,
            "color": one.color,
            "lineStyle": {"width": 2.5, "type": one.dash},
            "data": [float(value) if value is not None else None for value in one.values],
        }
        for one in lines
    ]
    if target is not None:
        series.append(
            {
                "type": "line",
                "name": "Chỉ tiêu",
                "symbol": "none",
                "color": INK,
                "lineStyle": {"width": 1.5, "type": "dashed"},
                "data": [float(target)] * len(labels),
            }
        )
    return {
        "grid": {"left": 8, "right": 24, "top": 16, "bottom": 8},
        "xAxis": {
            "type": "category",
            "boundaryGap": len(labels) < 2,
            "data": list(labels),
            "axisLabel": {"color": INK, "fontSize": 12},
        },
        "yAxis": {
            "type": "value",
            "min": 0,
            "max": _top(lines, target),
            "axisLabel": {"formatter": "{value}%", "color": INK, "fontSize": 12},
            "splitLine": {"lineStyle": {"color": GRID}},
        },
        "series": series,
    }


def _top(lines: Sequence[Line], target: Decimal | None) -> int:
    """The next ten above every rate and above the target, so that its line is not the edge of the picture."""
    shown = [value or Decimal(0) for one in lines for value in one.values]
    return min(100, int(max([*shown, target or Decimal(0)])) // 10 * 10 + 10)


def counts_by_name(rows: Sequence[tuple[str, int]]) -> dict[str, Any]:
    """Bars lying below each other, the first on top: (name, count)."""
    return {
        "grid": {"left": 4, "right": 48, "top": 4, "bottom": 4},
        "xAxis": {"type": "value", "show": False},
        "yAxis": {
            "type": "category",
            "inverse": True,
            "data": [name for name, _ in rows],
            "axisLine": {"show": False},
            "axisTick": {"show": False},
            "axisLabel": {"color": "#16202c", "fontSize": 13, "width": 132, "overflow": "break", "lineHeight": 16},
        },
        "series": [
            {
                "type": "bar",
                "barWidth": 18,
                "color": "#0f5ca8",
                "data": [
                    {
                        "value": count,
                        "label": {"show": True, "position": "right", "formatter": format_number(count)},
                    }
                    for _, count in rows
                ],
            }
        ],
    }
