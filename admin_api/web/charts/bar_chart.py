"""Charts of reports, as SVG: the one importer of pygal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from xml.etree.ElementTree import Element

import pygal
from flask import Response, current_app
from pygal.style import CleanStyle

from admin_api.web.charts.axes import steps

# The library looks for its map packages by an import hook of a kind that Python warns about, and that we do not need.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

#: SI, as the whole API counts.
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
#: Columns a chart has room for at least, labels that stand level beside each other, labels in all, letters of one.
_FEWEST_COLUMNS, _MOST_LEVEL, _MOST_LABELS, _LONGEST_LABEL = 7, 8, 31, 24


def _whole(value: float) -> str:
    return f"{value:.0f}"


def bars(
    title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]], *, shown: Callable[[float], str] = _whole
) -> Response:
    """One column a label, the series on top of each other; values are whole numbers."""
    chart = pygal.StackedBar(
        title=title,
        # Solid columns: the grid is drawn before them, and must not shine through.
        style=CleanStyle(font_family="sans-serif", opacity="1", opacity_hover="1", no_data_font_size=20),
        x_label_rotation=45 if len(labels) > _MOST_LEVEL else 0,
        show_minor_x_labels=False,
        x_labels_major_every=max(1, -(-len(labels) // _MOST_LABELS)),
        truncate_legend=-1,
        truncate_label=_LONGEST_LABEL,
        no_data_text="nothing in this time",
        value_formatter=shown,
    )
    chart.add_xml_filter(_without_scripts)
    # A few columns keep the width that a week of them has.
    margin = max(0, _FEWEST_COLUMNS - len(labels)) if labels else 0
    before, behind = [""] * (margin // 2), [""] * (margin - margin // 2)
    chart.x_labels = [*before, *labels, *behind]
    if series:
        chart.y_labels = _steps(series)
    for name, values in series.items():
        chart.add(name, [*(None for _ in before), *values, *(None for _ in behind)])
    response = current_app.response_class(chart.render(), mimetype="image/svg+xml")
    # Names of customers are drawn as text; nothing in the picture may run all the same.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return response


def _steps(series: Mapping[str, Sequence[int]]) -> list[int]:
    columns = list(zip(*series.values(), strict=True))
    above = [sum(value for value in column if value > 0) for column in columns]
    below = [sum(value for value in column if value < 0) for column in columns]
    return steps(max(above, default=0), min(below, default=0))


def _without_scripts(root: Element) -> Element:
    """The library's scripts are for tooltips, and one of them would be fetched from elsewhere."""
    for parent in list(root.iter()):
        for script in [child for child in parent if str(child.tag).endswith("script")]:
            parent.remove(script)
    return root


def readable(octets: float) -> str:
    """12.3 GB."""
    size = float(octets)
    for unit in _UNITS[:-1]:
        if abs(size) < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} {_UNITS[-1]}"
