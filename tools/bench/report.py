"""What benchmarks take and how they tell what they found."""

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Options:
    """``keep``: leave the database for the next run, and take it up if it is there."""

    people: int
    runs: int
    keep: bool
    #: Rows of the list that is imported.
    rows: int = 20_000
    #: Of these, how many are compared with importing row by row.
    compared: int = 2_000


@dataclass(frozen=True)
class Aim:
    """A line of the last table; an aim that is not met makes the whole command fail."""

    what: str
    aim: str
    found: str
    met: bool


@dataclass(frozen=True)
class Timing:
    """Milliseconds of several runs of the same."""

    runs: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    @property
    def worst(self) -> float:
        return max(self.runs)


def measure(work: Callable[[], Any], runs: int, *, warm_up: int = 1) -> Timing:
    """How long ``work`` takes; the first ``warm_up`` times don't count."""
    taken = []
    for run in range(warm_up + runs):
        began = time.perf_counter()
        work()
        if run >= warm_up:
            taken.append((time.perf_counter() - began) * 1000)
    return Timing(taken)


def say(text: str = "") -> None:
    print(text, flush=True)


def ms(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], *, figures: Sequence[int] = ()) -> None:
    """Columns as wide as they must be; those in ``figures`` right-aligned."""
    lines = [list(headings), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(len(line[column]) for line in lines) for column in range(len(headings))]
    for number, line in enumerate(lines):
        cells = [
            cell.rjust(width) if column in figures else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        say("  ".join(cells).rstrip())
        if number == 0:
            say("  ".join("-" * width for width in widths))
