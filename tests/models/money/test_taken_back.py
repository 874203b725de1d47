"""What is taken back, or ended by a renewal from now, takes its money along: the books balance."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from sqlalchemy import select

from models import Subscription, Usage
from models.money import charges
from models.money.purchases import taken_back
from models.money.purchases.renewal import renew, top_up
from tests.support.money_world import NOON, MoneyWorld

DAY = timedelta(days=1)


def spans(world: MoneyWorld) -> list[tuple[object, object]]:
    rows = charges.in_force(world.session, world.isp.id, world.customer.id, NOON - 100 * DAY)
    return sorted(charges.bounds(row) for row in rows)


def newest(world: MoneyWorld) -> Subscription:
    own = (Subscription.isp_id == world.isp.id, Subscription.customer_id == world.customer.id)
    query = select(Subscription).where(*own).order_by(Subscription.period_start.desc()).limit(1)
    return world.session.scalars(query.execution_options(populate_existing=True)).one()


def test_a_renewal_from_now_moves_what_was_paid_ahead_and_costs_its_own_price(world: MoneyWorld) -> None:
    world.subscribe(world.plan(1000), 3)
    world.now = NOON + 3 * DAY
    renew(world.session, world.isp, world.customer, world.now, 1, from_now=True)
    assert (world.credit, world.verify()) == (-4000, [])
    charged = spans(world)
    assert len(charged) == 4 and all(before[1] == after[0] for before, after in pairwise(charged))
    assert charged[0][1] == charged[1][0] == world.now
    assert charged[-1][1] == world.customer.expires_at


def test_a_renewal_from_now_that_is_undone_gives_time_and_money_back(world: MoneyWorld) -> None:
    world.subscribe(world.plan(1000), 1)
    end = world.customer.expires_at
    world.now = NOON + 3 * DAY
    renew(world.session, world.isp, world.customer, world.now, 1, from_now=True)
    taken_back.undo_period(world.session, world.isp, world.customer, newest(world), world.now)
    assert (world.credit, world.verify(), world.customer.expires_at) == (-1000, [], end)
    assert [span[1] for span in spans(world)] == [end]


def test_an_undone_period_that_was_used_is_paid_back_and_not_charged_again(world: MoneyWorld) -> None:
    world.subscribe(world.plan(1000), 2)
    last = newest(world)
    world.session.add(Usage(isp_id=world.isp.id, customer_id=world.customer.id, period_start=last.period_start,
                            bytes_in=1, bytes_out=0))  # fmt: skip
    world.session.flush()
    world.now = last.period_start + DAY
    taken_back.undo_period(world.session, world.isp, world.customer, last, world.now)
    assert (world.credit, world.verify()) == (-1000, [])
    renew(world.session, world.isp, world.customer, world.now, 1)
    assert (world.credit, world.verify()) == (-2000, [])


def test_undone_data_is_paid_back(world: MoneyWorld) -> None:
    world.subscribe(world.plan(1000), 1)
    topup, _ = top_up(world.session, world.isp, world.customer, world.now, 10**9, 250)
    assert world.credit == -1250
    taken_back.undo_topup(world.session, world.isp, world.customer, topup, world.now)
    assert (world.credit, world.verify()) == (-1000, [])
