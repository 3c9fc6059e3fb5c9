"""A month by hand: what each part of it takes, what is stored, and what that costs on demand and provisioned."""

from __future__ import annotations

from pathlib import Path

import pytest
from deploy.stack_template import Stack

from calendar_server.capacity.billing import (
    ALARMS,
    ALARMS_OF_PROVISIONED,
    MINIMUM,
    SCALED,
    TARGET_UTILIZATION,
    estimate,
)
from calendar_server.capacity.estimating import Use, logged_gb, month, stored
from calendar_server.capacity.operations import Units, first_list
from calendar_server.capacity.prices import Prices, read_prices

FILE = Path(__file__).parents[2] / "deploy" / "aws" / "prices.json"
DAYS = 365 / 12
SECONDS = DAYS * 24 * 3600
SMALL = Use(departments=10, writes_per_day=1000, viewers=100)


@pytest.fixture(scope="module")
def prices() -> Prices:
    return read_prices(FILE)


def parts(use: Use) -> dict[str, Units]:
    return {line.name: line.load.total for line in month(use)}


def test_a_month_by_hand() -> None:
    found = parts(SMALL)
    assert found["writes"].write == pytest.approx(13 * 1000 * DAYS)
    assert found["writes"].read == pytest.approx(1000 * DAYS)
    assert found["following"].read == pytest.approx(11 * SECONDS)
    assert found["checking"].read == pytest.approx(100 * SECONDS / 60)
    assert found["openings"].read == pytest.approx(100 * 20 * (1 + 2 + 1) * DAYS)
    assert found["starts"].read == pytest.approx(10 * (7 + 0.5 * 52) * DAYS), (
        "500 events of 425 bytes are 52 times 4 KB"
    )
    assert found["upkeep"].read == pytest.approx(1.5 * SECONDS / 60 + 0.5 * SECONDS / 10)
    assert found["refused"] == found["announcing"] == Units()


def test_every_further_process_follows_announces_and_gets_in_the_way() -> None:
    found = parts(Use(departments=10, writes_per_day=1000, viewers=100, processes=4))
    assert found["following"].read == pytest.approx(44 * SECONDS)
    assert found["announcing"].read == pytest.approx(3 * 3 * 1000 * DAYS)
    assert found["refused"].write == pytest.approx(12 * 1000 * DAYS * 3 / 4)


@pytest.mark.parametrize(
    ("viewers", "processes", "seen", "followed"),
    [(0, 4, 1, 0), (1, 4, 1, 2), (3, 4, 1, 6), (3, 1, 20, 11), (1, 2, 3, 4), (5000, 2, 1, 22)],
)
def test_a_process_follows_what_its_own_viewers_watch(viewers: int, processes: int, seen: int, followed: int) -> None:
    use = Use(10, 0, viewers, processes, departments_per_viewer=seen)
    assert use.followed == followed


def test_hours_shorten_the_watching_and_not_the_rate() -> None:
    whole, part = ({line.name: line for line in month(Use(10, 0, 100, hours_per_day=hours))} for hours in (24.0, 6.0))
    for name in ("following", "checking"):
        assert part[name].load.total.read == pytest.approx(whole[name].load.total.read / 4)
        assert part[name].per_second.total.read == pytest.approx(whole[name].per_second.total.read)


def test_storage_by_hand() -> None:
    found = stored(Use(departments=10, writes_per_day=1000, viewers=0, events_per_department=100))
    events = 10 * 100 * (425 + 100)
    assert found.indexes_gb == pytest.approx(events / 1024**3)
    assert found.tables_gb == pytest.approx((events + 1000 * (90 * (690 + 100) + 7 * (1040 + 100))) / 1024**3)


def test_costs_by_hand(prices: Prices) -> None:
    use = Use(departments=1000, writes_per_day=100_000, viewers=2000, events_per_department=50_000)
    found = estimate(use, prices)
    assert found.on_demand.read == pytest.approx(found.units.read * 0.1355 / 1e6)
    assert found.on_demand.write == pytest.approx(found.units.write * 0.68 / 1e6)
    assert found.stored.total_gb > 50
    for cost in (found.on_demand, found.provisioned):
        assert cost.storage == pytest.approx((found.stored.total_gb - 25) * 0.27075)
        assert cost.pitr == pytest.approx(found.stored.tables_gb * 0.2166), "PITR charges tables, not their indexes"
        assert cost.logs == pytest.approx((logged_gb(use) - 5) * 0.76)
    assert found.on_demand.alarms == pytest.approx((23 - 10) * 0.1)
    assert found.provisioned.alarms == pytest.approx((34 + 44 - 10) * 0.1)


def test_little_use_is_provisioned_at_the_minimum_less_what_is_free(prices: Prices) -> None:
    found = estimate(Use(departments=1, writes_per_day=1, viewers=1), prices)
    assert {each.provisioned for each in found.capacities.values()} == {Units(5, 5), Units(10, 10)}
    assert found.provisioned.read == pytest.approx((55 - 25) * 730 * 0.00014098)
    assert found.provisioned.write == pytest.approx((55 - 25) * 730 * 0.0007049)
    assert found.on_demand.storage == 0


def test_provisioned_capacity_leaves_room_and_peaks_are_those_of_what_comes_in_bursts(prices: Prices) -> None:
    found = estimate(Use(100, 86_400, 1000, peak_factor=10), prices).capacities
    changes = found["changes"]
    assert changes.average.write == pytest.approx(4)
    assert changes.peak.write == pytest.approx(40)
    assert changes.provisioned.read == -(-changes.average.read // 0.7)
    steady = 101 + 1000 / 60 + 1.5 / 60 + 0.05
    assert changes.peak.read - steady == pytest.approx(10 * (changes.average.read - steady))


def test_while_nobody_watches_auto_scaling_goes_down(prices: Prices) -> None:
    found = estimate(Use(100, 0, 1000, hours_per_day=6), prices)
    changes = found.capacities["changes"]
    assert changes.resting == Units(10, 10) != changes.provisioned
    others = 45
    charged = [reads + others - 25 for reads in (changes.provisioned.read, changes.resting.read)]
    assert found.provisioned.read == pytest.approx((charged[0] * 730 / 4 + charged[1] * 730 * 3 / 4) * 0.00014098)


def test_a_first_list_takes_half_a_unit_for_each_4_kb() -> None:
    assert first_list(0).total.read == 7.5
    assert first_list(1000).places["department-date-index"].read == 0.5 * 104


class TestTheTemplateSaysTheSame:
    def test_of_alarms_and_what_they_look_at(self) -> None:
        def alarms(**parameters: str) -> int:
            found = Stack(**parameters).of_type("AWS::CloudWatch::Alarm").values()
            assert all("MetricName" in alarm for alarm in found), "others are charged for every metric of their query"
            return len(found)

        assert alarms() == ALARMS
        assert alarms(Billing="PROVISIONED") == ALARMS + ALARMS_OF_PROVISIONED

    def test_of_auto_scaling(self) -> None:
        stack = Stack(Billing="PROVISIONED")
        targets = stack.of_type("AWS::ApplicationAutoScaling::ScalableTarget").values()
        assert len(targets) == SCALED
        assert sorted(int(each["MinCapacity"]) for each in targets) == sorted(
            minimum for place, minimum in MINIMUM.items() for _ in range(1 if place == "name-index" else 2)
        )
        policies = stack.of_type("AWS::ApplicationAutoScaling::ScalingPolicy").values()
        aims = {each["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for each in policies}
        assert aims == {100 * TARGET_UTILIZATION}

    def test_of_point_in_time_recovery(self) -> None:
        tables = Stack().of_type("AWS::DynamoDB::Table").values()
        assert all(each["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] for each in tables)
