"""What belongs here: that what trackers of web sites land means what the contract says. Web events
of the sample, written as GA4, Segment and Snowplow hold them with their mess, are scored beside the
same people like the same rows in the contract's shape."""

import duckdb
import numpy as np
import pytest
from dbt_runs import SCORES, build_warehouse, query, write_raw
from source_runs import assert_same_scores, attach_both, generate_people, score_sources

from samples.vendors.web import USER_FIELD, name_users, write_ga4, write_segment, write_snowplow

TRACKERS = {"ga4": write_ga4, "segment": write_segment, "snowplow": write_snowplow}
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """Raw tables: leads, what the site calls them, and what they did there; and what a machine did
    in the name of some visitors."""
    folder = tmp_path_factory.mktemp("web")
    generate_people(folder / "raw")
    rows = {
        name: read_file(folder / f"raw/{name.replace('.', '/')}.parquet", condition)
        for name, condition in (
            ("crm.leads", "lead_id is not null and not ends_with(lead_id, '-time')"),
            ("web.events", "event_id is not null and visitor_id is not null"),
        )
    }
    rows["web.events"] += [
        {**row, "event_id": f"bot-{row['event_id']}", "user_agent": BOT}
        for row in rows["web.events"][::7]
    ]
    users = name_users(rows["web.events"])
    rows["crm.lead_attributes"] = [
        {"lead_id": row["lead_id"], "attribute": USER_FIELD, "value": users[address],
         "updated_at": row["updated_at"], "_loaded_at": row["_loaded_at"]}
        for row in rows["crm.leads"]
        if (address := (row["email"] or "").strip().lower()) in users
    ]  # fmt: skip
    return rows


def read_file(file, condition):
    with duckdb.connect() as connection:
        found = connection.execute(f"from '{file}' where {condition}").df()
    return found.astype(object).replace({np.nan: None}).to_dict("records")


@pytest.fixture(scope="module")
def contract(sample, tmp_path_factory):
    """What leads score by the contract's own rows."""
    own = build_warehouse(tmp_path_factory.mktemp("contract"), sample, models=SCORES)
    assert len(query(own, "select distinct rule_id from lead_score_ledger")) > 30
    return own


@pytest.mark.parametrize("vendor", TRACKERS)
def test_web_events_in_a_trackers_shape_score_as_in_the_contracts(
    vendor, sample, contract, tmp_path
):
    people = {name: rows for name, rows in sample.items() if name != "web.events"}
    raw = write_raw(tmp_path / "raw", people | TRACKERS[vendor](sample["web.events"]))
    (tmp_path / "contract").symlink_to(contract.parent)
    score_sources(
        raw, tmp_path / "vendor", models=SCORES, sources=f"own,{vendor}", web_user_ids=[USER_FIELD]
    )
    with attach_both(tmp_path) as connection:
        assert_same_scores(connection)
