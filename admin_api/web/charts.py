"""Charts of reports, as SVG: the one importer of pygal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from xml.etree.ElementTree import Element

import pygal
from flask import Response, current_app
from pygal.style import CleanStyle

# The library looks for its map packages by an import hook of a kind that Python warns about, and that we do not need.
sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, pygal.PluginImportFixer)]

#: SI, as the whole API counts.
_UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")


def bars(
    title: str, labels: Sequence[str], series: Mapping[str, Sequence[int]], *, shown: Callable[[float], str] = str
) -> Response:
    """One column a label, the series on top of each other."""
    chart = pygal.StackedBar(
        title=title,
        style=CleanStyle(font_family="sans-serif"),
        x_label_rotation=45 if len(labels) > 8 else 0,
        show_minor_x_labels=False,
        x_labels_major_every=max(1, len(labels) // 31),
        truncate_legend=-1,
        truncate_label=24,
        no_data_text="nothing in this time",
        value_formatter=shown,
    )
    chart.add_xml_filter(_without_scripts)
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name, list(values))
    response = current_app.response_class(chart.render(), mimetype="image/svg+xml")
    # Names of customers are drawn as text; nothing in the picture may run all the same.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    return response


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
