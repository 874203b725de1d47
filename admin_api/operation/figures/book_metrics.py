"""The daily proof of the books in `/metrics`: how long ago it was, and how many rules were broken."""

from __future__ import annotations

import math
from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from admin_api.web.parts import parts

_FIGURES = text("select age_seconds, broken_rules, took_seconds from infora_book_figures()")


class BookFigures(Collector):
    """Asked of the database; left out while it is away."""

    def collect(self) -> Iterable[Metric]:
        try:
            with parts().engine.connect() as connection:
                latest = connection.execute(_FIGURES).one_or_none()
        except SQLAlchemyError:
            return
        # Never proved is no age of 0: an alarm on the age has to ring.
        age = math.inf if latest is None else latest.age_seconds
        yield GaugeMetricFamily("infora_books_proved_seconds", "Since the books were last proved.", age)
        if latest is None:
            return
        yield GaugeMetricFamily("infora_books_broken_rules", "Rules that the last proof found broken.",
                                latest.broken_rules)  # fmt: skip
        yield GaugeMetricFamily("infora_books_proof_took_seconds", "How long the last proof took.", latest.took_seconds)
