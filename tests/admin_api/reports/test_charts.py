"""What people see in a chart: days without traffic, whole numbers on counting axes, columns of a fair width."""

from __future__ import annotations

import itertools
import re
from datetime import date
from xml.etree import ElementTree

import pytest
from apiflask import APIFlask

from admin_api.web.charts.axes import MOST_NAMES, every_day, every_month, fewer, month_name, steps
from admin_api.web.charts.bar_chart import bars, readable
from tests.support.caller import Tenant

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("days", [0, 1, 3, 31, 365])
def test_each_day_has_its_place_and_no_column_is_a_wall(app: APIFlask, days: int) -> None:
    labels = [day.isoformat() for day in every_day(date(2026, 1, 1), date(2026, 12, 31))][:days]
    with app.app_context():
        root = picture(
            bars("Traffic", labels, {"download": [0] * days, "upload": [5] * days}, shown=readable).get_data()
        )
    bodies = [rect for rect in root.iter(SVG + "rect") if "reactive" in rect.get("class", "") and rect.get("rx") == "0"]
    columns = [rect for rect in bodies if float(rect.get("height", "0")) > 0]
    assert len(columns) == days
    assert all(float(column.get("width", "0")) <= 110 for column in columns)
    shown = [text.text for text in root.iter(SVG + "text")]
    assert [label for label in labels if label in shown] == labels[:: max(1, -(-days // 31))]
    assert ("nothing in this time" in shown) is (days == 0)


def picture(svg: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own


@pytest.mark.parametrize("rows", [0, 1, 10_000])
def test_a_count_is_a_whole_number_and_a_crowd_is_cut_with_a_word(app: APIFlask, rows: int) -> None:
    series = {"sessions": [1] * rows}
    with app.app_context():
        root = picture(bars(*fewer("Online now", [f"router {number}" for number in range(rows)], series)).get_data())
    texts = [text.text or "" for text in root.iter(SVG + "text")]
    assert [text for text in texts if re.fullmatch(r"[0-9.]+", text)] == ["0", "1"]
    assert (f"Online now, {MOST_NAMES} of 10000" in texts) is (rows == 10_000)


def test_the_grid_is_drawn_before_the_columns_and_does_not_shine_through(app: APIFlask) -> None:
    with app.app_context():
        svg = bars("Traffic", ["a"], {"download": [1]}).get_data().decode()
    assert svg.index('class="axis y') < svg.index('class="series')
    assert " .reactive{fill-opacity:1;" in svg


@pytest.mark.parametrize(
    ("highest", "lowest", "wanted"),
    [(0, 0, [0, 1]), (1, 0, [0, 1]), (7, 0, list(range(8))), (9, 0, [0, 2, 4, 6, 8, 10]),
     (100, 0, [0, 20, 40, 60, 80, 100]),
     (30, -10, [-10, -5, 0, 5, 10, 15, 20, 25, 30]), (0, -3, [-3, -2, -1, 0])],
)  # fmt: skip
def test_steps_are_round_and_reach_the_ends(highest: int, lowest: int, wanted: list[int]) -> None:
    assert steps(highest, lowest) == wanted


@pytest.mark.parametrize("highest", [10**power + more for power in range(19) for more in (-1, 0, 1)])
def test_steps_are_few(highest: int) -> None:
    levels = steps(highest)
    assert levels[0] == 0 and levels[-1] >= highest and len(levels) <= 10
    assert len({above - below for below, above in itertools.pairwise(levels)}) == 1


def test_months_have_names() -> None:
    months = every_month(date(2026, 11, 30), date(2027, 2, 1))
    assert [month_name(month) for month in months] == ["Nov 2026", "Dec 2026", "Jan 2027", "Feb 2027"]


@pytest.mark.parametrize(
    ("report", "labels"),
    [("usage?since=2026-03-01&until=2026-03-03", ["2026-03-01", "2026-03-02", "2026-03-03"]),
     ("usage?since=2026-03-01&until=2026-04-03&by=month", ["Mar 2026", "Apr 2026"]),
     ("refusals?since=2026-03-01&until=2026-03-02", ["2026-03-01", "2026-03-02"])],
)  # fmt: skip
def test_a_time_without_anything_is_shown_as_such(tenant: Tenant, report: str, labels: list[str]) -> None:
    svg = tenant.viewer.raw("GET", f"/api/billing/reports/{report}&format=svg").get_data()
    texts = [text.text for text in picture(svg).iter(SVG + "text")]
    assert [text for text in texts if text in labels] == labels or "nothing in this time" in texts
