"""What belongs here: days as Dagster's partitions. Which there are, and which a run is about."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import dagster as dg
from dagster._core.storage.tags import (
    ASSET_PARTITION_RANGE_END_TAG,
    ASSET_PARTITION_RANGE_START_TAG,
    PARTITION_NAME_TAG,
)

from orchestration.lib.basics.settings import (
    PROJECT_ROOT,
    Settings,
    load_settings,
    read_days,
    read_sample_last_day,
)
from orchestration.lib.basics.variables import read_given
from orchestration.lib.checked.own_tables import demand_own_tables

# Days before it are there only where LEADS_AS_OF names them.
FIRST_DAY = date(2020, 1, 1)

# A backfill scores as many days in one pass: more take more memory and disk at once, fewer read
# the facts more often.
DAYS_PER_RUN = 7


def make_days(*, today: date) -> dg.DailyPartitionsDefinition:
    """A partition per day that can be scored: to `today` (UTC) and on as time goes by, and those
    that LEADS_AS_OF names. The sample's last day is there on a clock that is behind it as well."""
    named = read_days(read_given().get("LEADS_AS_OF", ""))
    last = max([today, read_sample_last_day(PROJECT_ROOT), *named])
    return dg.DailyPartitionsDefinition(
        start_date=min([FIRST_DAY, *named]).isoformat(),
        # Without it the last partition is yesterday's.
        end_offset=(last - today).days + 1,
    )


DAYS = make_days(today=datetime.now(UTC).date())

# What every asset shares: a day is scored whole, and a backfill takes several in one run.
BY_DAY = {
    "partitions_def": DAYS,
    "backfill_policy": dg.BackfillPolicy.multi_run(max_partitions_per_run=DAYS_PER_RUN),
}


def make_tags(first: date, last: date) -> dict[str, str]:
    """The tags of a run that scores the days from `first` to `last`."""
    if first == last:
        return {PARTITION_NAME_TAG: first.isoformat()}
    return {
        ASSET_PARTITION_RANGE_START_TAG: first.isoformat(),
        ASSET_PARTITION_RANGE_END_TAG: last.isoformat(),
    }


def list_days(tags: Mapping[str, str]) -> list[date]:
    """The days that a run with these `tags` scores; none where it is about no day, as when a check
    runs alone."""
    first = tags.get(ASSET_PARTITION_RANGE_START_TAG) or tags.get(PARTITION_NAME_TAG)
    if not first:
        return []
    start = date.fromisoformat(first)
    end = date.fromisoformat(tags.get(ASSET_PARTITION_RANGE_END_TAG, first))
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def load_settings_of_run(run: dg.DagsterRun) -> Settings:
    """The settings, with the days of the run as the as-of dates."""
    return load_settings(as_of_dates=list_days(run.tags))


def load_settings_and_demand_tables(run: dg.DagsterRun, *marts: str) -> Settings:
    """The settings of a run that goes on with what is in the warehouse. Raises ValueError where
    that, or one of `marts`, speaks for other days or was made by another rule book."""
    settings = load_settings_of_run(run)
    if list_days(run.tags):
        demand_own_tables(settings, marts=marts)
    return settings
