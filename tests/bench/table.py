"""The result as people read it, and as JSON for whoever compares runs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line. `met` is None where the issue sets no target or a side is missing."""

    scenario: str
    number: str
    project: float | None
    stock: float | None
    unit: str
    target: str = ""
    met: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Project over stock."""
        return self.project / self.stock if self.project is not None and self.stock else None


def compared(scenario: str, number: str, values: tuple[float | None, float | None], unit: str,
             *, at_least: float | None = None, at_most: float | None = None) -> Row:  # fmt: skip
    """A line whose target is a ratio to stock."""
    row = Row(scenario, number, *values, unit)
    ratio = row.ratio
    if at_least is not None:
        met = None if ratio is None else ratio >= at_least
        return Row(scenario, number, *values, unit, f">= {at_least:g} x", met)
    if at_most is not None:
        met = None if ratio is None else ratio <= at_most
        return Row(scenario, number, *values, unit, f"<= {at_most:g} x", met)
    return row


def bounded(scenario: str, number: str, value: float | None, unit: str, *, at_least: float | None = None,
            at_most: float | None = None, stock: float | None = None) -> Row:  # fmt: skip
    """A line whose target is a number of the project alone."""
    if at_least is not None:
        return Row(
            scenario, number, value, stock, unit, f">= {at_least:g}", None if value is None else value >= at_least
        )
    met = None if value is None or at_most is None else value <= at_most
    return Row(scenario, number, value, stock, unit, "" if at_most is None else f"<= {at_most:g}", met)


def as_text(rows: Sequence[Row], notes: Sequence[str]) -> str:
    """The table with its footnotes."""
    head = ("scenario", "number", "project", "stock", "unit", "ratio", "target", "met")
    lines = [head, *(_cells(row) for row in rows)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    text = []
    for line in lines:
        cells = (cell.ljust(width) if at in (0, 1, 4, 6, 7) else cell.rjust(width)
                 for at, (cell, width) in enumerate(zip(line, widths, strict=True)))  # fmt: skip
        text.append("  ".join(cells).rstrip())
    rule = "-" * max(len(line) for line in text)
    return "\n".join([text[0], rule, *text[1:], rule, *notes])


def as_data(rows: Sequence[Row], notes: Sequence[str], samples: dict[str, Any]) -> dict[str, Any]:
    """The same for JSON, with every single measurement behind the medians."""
    return {"rows": [asdict(row) | {"ratio": row.ratio} for row in rows], "notes": list(notes), "samples": samples}


def _cells(row: Row) -> tuple[str, ...]:
    met = {True: "yes", False: "NO", None: ""}[row.met]
    ratio = "" if row.ratio is None else f"{row.ratio:.2f} x"
    return (row.scenario, row.number, _number(row.project), _number(row.stock), row.unit, ratio, row.target, met)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"
