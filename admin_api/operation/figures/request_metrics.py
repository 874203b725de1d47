"""Requests to devices in `/metrics`: what waits, what became of the latest, and what devices answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from admin_api.web.parts import parts

_KINDS = {"coa": 0.0, "disconnect": 0.0}
_FIGURES = text("select figure, label, value from infora_request_figures()")


class RequestFigures(Collector):
    """Asked of the database; left out while it is away."""

    def collect(self) -> Iterable[Metric]:
        try:
            with parts().engine.connect() as connection:
                rows = connection.execute(_FIGURES).all()
        except SQLAlchemyError:
            return
        figures: dict[str, dict[str, float]] = defaultdict(dict)
        for figure, label, value in rows:
            figures[figure][label] = value
        yield _by(GaugeMetricFamily("infora_requests_waiting", "Requests that no device has answered yet, by kind.",
                                    labels=("kind",)), _KINDS | figures["waiting"])  # fmt: skip
        yield _by(GaugeMetricFamily("infora_requests_acknowledged", "Acknowledged, and not yet seen in accounting.",
                                    labels=("kind",)), _KINDS | figures["acknowledged"])  # fmt: skip
        yield GaugeMetricFamily("infora_requests_oldest_seconds", "Since when the oldest of those that wait does.",
                                figures["oldest"].get("", 0.0))  # fmt: skip
        yield _by(GaugeMetricFamily("infora_requests_ended_recently", "Ended in the last five minutes: done, or the "
                                    "error.", labels=("result",)), {"done": 0.0} | figures["ended"])  # fmt: skip
        yield _by(CounterMetricFamily("infora_request_answers", "What devices said to requests, silence included.",
                                      labels=("answer",)), figures["answers"])  # fmt: skip


def _by(family: GaugeMetricFamily | CounterMetricFamily, values: dict[str, float]) -> Metric:
    for label, value in values.items():
        family.add_metric((label,), value)
    return family
